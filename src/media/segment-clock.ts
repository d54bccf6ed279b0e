// The clock inside a segment file: the source's, moved by one constant. A muxer moves a file by itself when its first
// decoding times would be negative (pictures that are coded ahead at a source's start), and by how much can't be read
// back; so far from zero it never does, and every time in the file is known to the tick.
import { MICROSECONDS, type Pts, type Rational, rescale } from "../base/rational.ts";

/** Whole seconds, more than a transport stream's 33-bit clock can lie below zero (95,444 s). */
const OFFSET_SECONDS = 100_000;

export const SEGMENT_OFFSET_US = OFFSET_SECONDS * 1_000_000;

/** For the muxer of a segment. */
export const SEGMENT_CLOCK_ARGS: readonly string[] = ["-output_ts_offset", String(OFFSET_SECONDS)];

/** What the muxer added, in ticks of the file's own time base. */
export function segmentOffsetTicks(timeBase: Rational): Pts {
  return rescale(SEGMENT_OFFSET_US, MICROSECONDS, timeBase);
}
