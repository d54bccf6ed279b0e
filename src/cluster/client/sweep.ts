// What a previous run of this identity may have left: encoders that outlived it, and segment folders nobody wants.
// The identity's lock is held by us, so nothing alive may be using its folder.
import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { errnoOf } from "../../base/errors.ts";
import { removeTree } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";

/**
 * Ends ffmpeg processes that write below `folder`. Linux only: there /proc tells what each process runs. Elsewhere
 * the guard of base/process.ts stands alone.
 */
export async function endLeftoverEncoders(folder: string, ffmpegPath: string, log: Log): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const ended: number[] = [];
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const command = await commandOf(pid);
    if (!isEncoderIn(command, folder, ffmpegPath)) continue;
    log.warn("ending an encoder that a previous run left behind", { pid });
    if (kill(pid)) ended.push(pid);
  }
  return ended;
}

/** True for an ffmpeg, alone or under `nice` or `__exec`, with an argument below `folder`. */
export function isEncoderIn(command: readonly string[], folder: string, ffmpegPath: string): boolean {
  const isFfmpeg = command.slice(0, 8).some((word) => word === ffmpegPath || basename(word) === basename(ffmpegPath));
  const below = `${resolve(folder)}/segment_`;
  return isFfmpeg && command.some((word) => word.replace(/^file:/, "").startsWith(below));
}

/** Removes the segment folders of this identity but those named. */
export async function removeOldSegments(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.startsWith("segment_") && !keep.has(path)) await removeTree(path);
  }
}

async function commandOf(pid: number): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno !== "ENOENT" && errno !== "ESRCH" && errno !== "EACCES") throw thrown;
    return []; // ended meanwhile, or somebody else's
  }
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) !== "ESRCH" && errnoOf(thrown) !== "EPERM") throw thrown;
    return false; // ended meanwhile, or not ours
  }
}
