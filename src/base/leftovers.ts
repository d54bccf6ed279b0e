// Ends processes that an earlier run left behind although a guard should have ended them (process/guard.ts). Finds them by
// their command lines and knows nothing of what they do.
import { readdir, readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { errnoOf } from "./errors.ts";
import type { Log } from "./log.ts";

/**
 * Ends every process with one of our command lines; returns their ids. Linux only, where /proc shows command lines;
 * elsewhere the guard has to be enough.
 */
export async function endLeftovers(isOurs: (command: readonly string[]) => boolean, log: Log): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const ended: number[] = [];
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!isOurs(await commandOf(pid))) continue;
    log.warn("ending a process that a previous run left behind", { pid });
    if (kill(pid)) ended.push(pid);
  }
  return ended;
}

/**
 * True for this program, alone or under `nice` or `__exec`, with an argument whose path begins with `prefix`. Files that it
 * only reads (`-i`) do not count, since any process may read there.
 */
export function writesBelow(command: readonly string[], program: string, prefix: string): boolean {
  const isProgram = command.slice(0, 8).some((word) => word === program || basename(word) === basename(program));
  const below = resolve(prefix) + (prefix.endsWith("/") ? "/" : "");
  return (
    isProgram && command.some((word, at) => command[at - 1] !== "-i" && word.replace(/^file:/, "").startsWith(below))
  );
}

async function commandOf(pid: number): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno !== "ENOENT" && errno !== "ESRCH" && errno !== "EACCES") throw thrown;
    return []; // ended meanwhile, or another user's
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
