// Brings the times of pictures from the order of the file into the order in which they are shown, without holding up
// everything else for it.
import { setImmediate } from "node:timers/promises";

/** How many places a picture may stand from its own: encoders look ahead by less (x264 by 250, AV1 by 64). */
const FARTHEST = 1024;
const WINDOWS_A_TURN = 32;
/** A list of this length is sorted in milliseconds, whatever stands in it. */
const SHORT = 50_000;

/** Sorts `times` in place. False: it is long, and pictures stand farther from their place than any encoder puts them. */
export async function sortShown(times: number[]): Promise<boolean> {
  if (times.length <= SHORT) {
    times.sort((a, b) => a - b);
    return true;
  }
  // Each window ends in order but for those that the next one may still move before its second half.
  for (let start = 0, windows = 1; start < times.length; start += FARTHEST, windows += 1) {
    const sorted = times.slice(start, start + 2 * FARTHEST).sort((a, b) => a - b);
    for (const [at, time] of sorted.entries()) times[start + at] = time;
    if (windows % WINDOWS_A_TURN === 0) await setImmediate();
  }
  return times.every((time, at) => at === 0 || (times[at - 1] ?? time) <= time || Number.isNaN(time));
}
