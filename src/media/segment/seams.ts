// Reads the framehash file that a segment's run writes: the decoded picture at the segment's first frame and at the
// first frame after its end. Neighbours must agree on the picture at their common boundary.
import type { Pts } from "../../base/rational.ts";
import { pictureText } from "../ffmpeg/framehash.ts";

export interface Seams {
  /** "md5" hex of the first decoded frame of the range; null when there was none. */
  readonly start: string | null;
  readonly afterEnd: string | null;
  /** Size, shape and bytes of the first decoded picture of the range, "320x180 1/1 86400"; null when there was none. */
  readonly decoded: string | null;
}

/** Lines are `stream, dts, pts, duration, size, hash` (ffmpeg's framehash muxer); pts and `endPts` in source ticks on the job's clock. */
export function parseSeams(text: string, endPts: Pts | null): Seams {
  let start: string | null = null;
  let afterEnd: string | null = null;
  let decoded: string | null = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("#") || line.trim() === "") continue;
    const fields = line.split(",").map((field) => field.trim());
    const pts = Number(fields[2]);
    const hash = fields[5];
    if (hash === undefined || Number.isNaN(pts)) continue;
    if (endPts !== null && pts >= endPts) afterEnd ??= hash;
    else if (start === null) {
      start = hash;
      decoded = pictureText(text, fields[4]);
    }
  }
  return { start, afterEnd, decoded };
}

/**
 * Whether two neighbours agree on the first picture of the later one. "unknown": one of them decoded none there; frame
 * counts decide then, not hashes.
 */
export function compareSeam(earlierAfterEnd: string | null, laterStart: string | null): "agree" | "differ" | "unknown" {
  if (earlierAfterEnd === null || laterStart === null) return "unknown";
  return earlierAfterEnd === laterStart ? "agree" : "differ";
}
