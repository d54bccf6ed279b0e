// Where the ffmpeg comes from that goes into an archive.
import { access } from "node:fs/promises";
import { join } from "node:path";
import { isWindows, type Target } from "./platforms.ts";

/**
 * The folder with `target`'s ffmpeg and ffprobe; null when none is wanted. `named`: a folder with a folder for each
 * platform, or `none`. Errors: a plain one when a program is not there.
 */
export async function ffmpegFor(target: Target, named: string | null): Promise<string | null> {
  if (named === "none") return null;
  if (named === null) throw new Error("name the folder with ffmpeg in --ffmpeg, or --ffmpeg none");
  const folder = join(named, target);
  const suffix = isWindows(target) ? ".exe" : "";
  for (const program of [`ffmpeg${suffix}`, `ffprobe${suffix}`]) {
    await access(join(folder, program)).catch((cause: unknown) => {
      throw new Error(`${join(folder, program)} is not there`, { cause });
    });
  }
  return folder;
}
