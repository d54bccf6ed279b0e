// The scripts in an archive that somebody can double-click, and the text that says what to do first.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isWindows, programName, type Target } from "./platforms.ts";

export const COMPONENTS = ["server", "client"] as const;
export type Component = (typeof COMPONENTS)[number];

const COMMANDS: Readonly<Record<Component, string>> = { server: "serve", client: "join" };

export interface TextFile {
  readonly name: string;
  readonly text: string;
  readonly isProgram: boolean;
}

export async function startScript(target: Target, component: Component): Promise<TextFile> {
  const extension = isWindows(target) ? "cmd" : "sh";
  const template = await readFile(join(import.meta.dir, `start/start.${extension}`), "utf8");
  const text = template.replaceAll("@COMMAND@", COMMANDS[component]);
  return {
    name: `start-${component}.${extension}`,
    text: isWindows(target) ? text.replaceAll("\n", "\r\n") : text,
    isProgram: !isWindows(target),
  };
}

const NOTES: Readonly<Partial<Record<Target, string>>> = {
  "linux-x64-musl": "This build needs libstdc++ and libgcc: on Alpine, `apk add libstdc++`.",
  "linux-arm64-musl": "This build needs libstdc++ and libgcc: on Alpine, `apk add libstdc++`.",
  "linux-arm64":
    "A kernel with pages of 16 KiB (Raspberry Pi 5 as delivered) is untested: boot the one with 4 KiB pages.",
  "darwin-x64":
    "This build has not been run on a Mac yet. If macOS holds it back: xattr -d com.apple.quarantine ffcluster",
  "darwin-arm64":
    "This build has not been run on a Mac yet. If macOS holds it back: xattr -d com.apple.quarantine ffcluster",
  "darwin-universal":
    "This build has not been run on a Mac yet. If macOS holds it back: xattr -d com.apple.quarantine ffcluster",
};

/** README.txt of an archive. */
export function firstSteps(target: Target, version: string, hasFfmpeg: boolean): string {
  const program = isWindows(target) ? programName(target) : `./${programName(target)}`;
  const lines = [
    `ffcluster ${version} for ${target}`,
    "",
    "One video, many machines, one exact file back.",
    "",
    `1. On the machine that coordinates:   ${program} serve`,
    "   It prints the line for the others.",
    `2. On each machine that helps:        ${program} join …   (that line)`,
    `3. Hand in a video:                   ${program} submit input.mp4 --participate`,
    "",
    hasFfmpeg
      ? "ffmpeg and ffprobe lie in tools/, under the GPL version 3 (tools/LICENSE.txt). They are programs of their own."
      : `No ffmpeg is inside. Have 5.1 or newer on the PATH, or run: ${program} ffmpeg install`,
    `Is this machine fit?   ${program} doctor`,
    ...(NOTES[target] === undefined ? [] : ["", NOTES[target]]),
  ];
  const end = isWindows(target) ? "\r\n" : "\n";
  return lines.join(end) + end;
}
