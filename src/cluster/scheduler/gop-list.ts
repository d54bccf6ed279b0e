// The list of groups that a job knows, each with the frames up to its end, so that no question about a long source walks
// through all of it.
import type { IndexedGop, KnownGop } from "./types.ts";

export function withGops(known: readonly KnownGop[], fresh: readonly IndexedGop[]): readonly KnownGop[] {
  let framesUpTo = known.at(-1)?.framesUpTo ?? 0;
  const added = fresh.map((gop): KnownGop => {
    framesUpTo += gop.frames;
    return { ...gop, framesUpTo };
  });
  return known.concat(added);
}

/** Frames in the groups at positions from `from` to before `to`. */
export function framesBetween(gops: readonly KnownGop[], from: number, to = gops.length): number {
  if (to <= from) return 0;
  return (gops[to - 1]?.framesUpTo ?? 0) - (gops[from - 1]?.framesUpTo ?? 0);
}
