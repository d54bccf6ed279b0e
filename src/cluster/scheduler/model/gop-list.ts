// The groups that a job knows, each with the number of frames up to its end: counting frames never walks through all
// groups of a long source.
import type { Pts } from "../../../base/rational.ts";
import type { IndexedGop, KnownGop } from "./job.ts";

export function withGops(known: readonly KnownGop[], fresh: readonly IndexedGop[]): readonly KnownGop[] {
  let framesUpTo = known.at(-1)?.framesUpTo ?? 0;
  const added = fresh.map((gop): KnownGop => {
    framesUpTo += gop.frames;
    return { ...gop, framesUpTo };
  });
  return known.concat(added);
}

/** Frames in the groups at indexes `[from, to)`. */
export function framesBetween(gops: readonly KnownGop[], from: number, to = gops.length): number {
  if (to <= from) return 0;
  return (gops[to - 1]?.framesUpTo ?? 0) - (gops[from - 1]?.framesUpTo ?? 0);
}

/** Frames between the key frame and a segment's beginning; 0 at a key frame, or if the group is not in the list. */
export function leadFramesAt(gops: readonly KnownGop[], startPts: Pts): number {
  let low = 0;
  let high = gops.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((gops[middle]?.startPts ?? startPts) < startPts) low = middle + 1;
    else high = middle;
  }
  const gop = gops[low];
  return gop?.startPts === startPts ? (gop.leadFrames ?? 0) : 0;
}
