// What runs programs of Windows here: FFCLUSTER_WINE (`room.sh wine` makes it), else `wine`; 10 or newer, since older ones
// can't start Bun.
import { builtFor, ffmpegFor, LONGEST_MS, starts } from "./main-job.ts";

/** A Windows path of one of this machine's: wine shows the root as drive Z. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}

export const WINE = process.env.FFCLUSTER_WINE || "wine";
/** A program starts in a fifth of a second, but the first one also starts a Windows. */
export const STARTED_WITHIN_MS = LONGEST_MS / 3;

/** Empty: there is none. */
export const WINDOWS_FFMPEG = ffmpegFor("8.1-windows") ?? "";
/** Variables that name the ffmpeg of each side. */
export const WINDOWS = { FFCLUSTER_FFMPEG_DIR: WINDOWS_FFMPEG === "" ? "" : windowsPath(WINDOWS_FFMPEG) };
export const LINUX = { FFCLUSTER_FFMPEG_DIR: ffmpegFor("8.1") ?? "" };

/** Starts ffcluster.exe; empty where it can't be tried. */
export let windowsCommand: readonly string[] = [];

async function whyNot(): Promise<string | null> {
  if (process.platform !== "linux") return "this is no Linux";
  if (WINDOWS.FFCLUSTER_FFMPEG_DIR === "" || LINUX.FFCLUSTER_FFMPEG_DIR === "")
    return "FFCLUSTER_FFMPEGS names no folder with 8.1 and 8.1-windows";
  if (!starts([WINE, "--version"]))
    return "there is no wine: sh test/platforms/room.sh wine DIR, then FFCLUSTER_WINE=DIR/run";
  const command = [WINE, await builtFor("windows-x64")];
  if (!starts([...command, "--version"])) return "this wine can't start the program; it takes wine 10 or newer";
  windowsCommand = command;
  return null;
}

/** Why nothing of Windows can be tried here; null: it can. */
export const missing = await whyNot();
