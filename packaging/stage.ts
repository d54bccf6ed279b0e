// Lays out what an archive holds, in a folder.
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { programNames } from "../src/ffmpeg-install/platform.ts";
import { FFMPEG_LICENCE, OWN_LICENCE, thirdPartyNotices } from "./licences.ts";
import { isWindows, programName, type Target, UNIVERSAL } from "./platforms.ts";
import { placePowershellFile, placeShellFiles } from "./shell-files.ts";
import { COMPONENTS, type Component, firstSteps, startScript } from "./start-scripts.ts";

export interface StageRequest {
  readonly target: Target;
  readonly version: string;
  /** The compiled program. */
  readonly executable: string;
  /** The folder with this platform's ffmpeg and ffprobe; null: none goes in. */
  readonly ffmpegFolder: string | null;
  /** Null: both have a start script. */
  readonly component: Component | null;
  /** When the commit was made. */
  readonly time: Date;
}

async function copyProgram(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o755);
}

async function placeFfmpeg(target: Target, from: string, folder: string): Promise<void> {
  await mkdir(folder);
  const platform = target === UNIVERSAL ? "darwin-arm64" : target; // both halves have the same names
  for (const name of programNames(platform)) await copyProgram(join(from, name), join(folder, name));
  await copyFile(FFMPEG_LICENCE, join(folder, "LICENSE.txt"));
}

/** Fills `folder`, which must not exist. */
export async function stage(request: StageRequest, folder: string): Promise<void> {
  const { target, version, executable, ffmpegFolder, component, time } = request;
  await mkdir(folder, { recursive: true });
  await copyProgram(executable, join(folder, programName(target)));
  if (ffmpegFolder !== null) await placeFfmpeg(target, ffmpegFolder, join(folder, "tools"));
  for (const each of component === null ? COMPONENTS : [component]) {
    const { name, text, isProgram } = await startScript(target, each);
    await writeFile(join(folder, name), text, { mode: isProgram ? 0o755 : 0o644 });
  }
  if (isWindows(target)) await placePowershellFile(folder);
  else await placeShellFiles(folder, version, time);
  await writeFile(join(folder, "README.txt"), firstSteps(target, version, ffmpegFolder !== null));
  await copyFile(OWN_LICENCE, join(folder, "LICENSE.txt"));
  await writeFile(join(folder, "THIRD-PARTY.txt"), await thirdPartyNotices());
}
