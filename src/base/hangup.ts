// Tells whether this process was started to outlive its terminal (nohup). SIGHUP is then ignored from the start, and a
// handler of ours would silently undo that, so ask before setting one.
import { readFileSync } from "node:fs";

/** A hexadecimal mask of ignored signals, the lowest bit for SIGHUP, number 1 (proc(5)). */
function isInMask(status: string): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/im.exec(status)?.[1];
  return mask !== undefined && (BigInt(`0x${mask}`) & 1n) === 1n;
}

/** Null: there is no /proc here (another system, or a root without it). */
function readStatus(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null; // the terminal tells then
  }
}

/** Where no /proc tells, a guess: nohup leaves neither stdout nor stderr on a terminal. */
export function isHangupIgnored(statusPath = "/proc/self/status"): boolean {
  if (process.platform === "win32") return false; // nothing outlives its console there
  const status = readStatus(statusPath);
  if (status !== null) return isInMask(status);
  return process.stdout.isTTY !== true && process.stderr.isTTY !== true;
}

/** Windows ends a program five seconds after its console was closed, whatever it still does. */
const CLOSED_CONSOLE_MS = 3000;

/** How long the end of a program may take; `reason`: of the signal that asked for it, with the system's name as its cause. */
export function mostTimeToEndMs(reason: unknown, platform: NodeJS.Platform = process.platform): number {
  const isClosed = reason instanceof Error && reason.cause === "SIGHUP";
  return platform === "win32" && isClosed ? CLOSED_CONSOLE_MS : Number.POSITIVE_INFINITY;
}
