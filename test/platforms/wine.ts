// What runs programs of Windows here: FFCLUSTER_WINE (`room.sh wine` makes it), else `wine`; 10 or newer, since older ones
// can't start Bun.
import { join } from "node:path";
import { forEachLine } from "../../src/base/process/output.ts";
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

const SCRIPT = windowsPath(join(import.meta.dir, "on-windows.ts"));
const startScript = (args: readonly string[]) =>
  Bun.spawn([...windowsCommand, SCRIPT, ...args], {
    env: { ...process.env, BUN_BE_BUN: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });

/** Runs on-windows.ts there; what it printed. */
export async function onWindows(args: readonly string[]): Promise<string> {
  const child = startScript(args);
  const said = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  const [printed = "", complaints = ""] = await Promise.all(said);
  const exitCode = await child.exited;
  if (exitCode !== 0) throw new Error(`${args.join(" ")}: exit ${exitCode}\n${complaints}`);
  return printed.trim();
}

/** Another program has the file open, as a player has, until `letGo`. */
export async function holdOpen(path: string): Promise<{ letGo(): Promise<void> }> {
  const child = startScript(["hold", path]);
  const held = Promise.withResolvers<void>();
  const read = forEachLine(child.stdout, () => held.resolve());
  void read.then(async () => held.reject(new Error(`it ended: ${await new Response(child.stderr).text()}`)));
  await held.promise;
  return {
    async letGo() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
