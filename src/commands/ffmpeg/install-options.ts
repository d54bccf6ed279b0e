// What `ffmpeg install` and `ffmpeg update` share: their options, and how they say what happened.
import { resolve } from "node:path";
import type { OptionValues } from "../../base/config/option.ts";
import { optionalText } from "../../base/config/option.ts";
import { type CommandContext, printDocument } from "../cli/command.ts";
import { jsonOption } from "../cli/common-options.ts";
import { createProgressDisplay } from "../output/progress-display.ts";

export const installOptions = {
  source: optionalText({
    description: "Which build (environment: FFCLUSTER_FFMPEG_SOURCE)",
    valueName: "NAME",
    defaultText: "the first that the lock file names",
    variable: "FFCLUSTER_FFMPEG_SOURCE",
  }),
  mirror: optionalText({
    description: "A folder on another host that holds the archives by their names (FFCLUSTER_FFMPEG_MIRROR)",
    valueName: "URL",
    defaultText: "the hosts of the lock file",
    variable: "FFCLUSTER_FFMPEG_MIRROR",
  }),
  lock: optionalText({
    description: "A lock file of your own; its digests count (FFCLUSTER_FFMPEG_LOCK)",
    valueName: "FILE",
    defaultText: "that of this ffcluster",
    variable: "FFCLUSTER_FFMPEG_LOCK",
  }),
  ...jsonOption,
};

const HIDES = {
  FFCLUSTER_FFMPEG_DIR: "FFCLUSTER_FFMPEG_DIR names another one, which is used before it",
  tools: "tools/ next to the executable holds another one, which is used before it",
  PATH: "one of PATH is used before it",
} as const;

/** Returns the exit code. Errors: those of the installer. */
export async function runInstall(
  options: OptionValues<typeof installOptions>,
  context: CommandContext,
  isUpdate: boolean,
): Promise<number> {
  const { installBuild } = await import("../wiring/ffmpeg-builds.ts");
  const display = createProgressDisplay(context);
  try {
    const answer = await installBuild({
      env: context.env,
      lockPath: options.lock === null ? null : resolve(context.cwd, options.lock),
      source: options.source,
      mirror: options.mirror,
      isUpdate,
      signal: context.signal,
      onBytes: (_file, have, total) => {
        if (total !== null) display.bytes("Downloading", have, total);
      },
      onNote: (line) => display.note(line),
    });
    display.end();
    if (options.json) {
      printDocument(context, answer);
      return 0;
    }
    const { folder, version, licence, source_code: code, newer, hidden_by: hiddenBy, unused } = answer;
    context.stdout.write(
      `ffmpeg ${version} ${answer.was_there ? "is installed already" : "is installed"}: ${folder}\n`,
    );
    const notes = [
      ...(answer.was_there ? [] : [`Its licence is ${licence}; its source code is at ${code}`]),
      ...(newer === null ? [] : [`\`ffcluster ffmpeg update\` brings ${newer}`]),
      ...(hiddenBy === null || hiddenBy === "installed" ? [] : [HIDES[hiddenBy]]),
      ...unused.map((path) => `No longer used, once what runs now has ended: ${path}`),
    ];
    for (const note of notes) context.stderr.write(`${note}\n`);
    return 0;
  } finally {
    display.end();
  }
}
