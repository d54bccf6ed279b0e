// The clock inside a segment file: the job's clock plus one constant. A muxer shifts a file by an unknown amount when
// its first decoding times would be negative (reordered pictures at a source's start). With an offset so far from zero
// it never does, and every time in the file is exact.
import { formatMicroseconds, MICROSECONDS, type Pts, type Rational, rescale } from "../../base/rational.ts";

/** Whole seconds, more than a transport stream's 33-bit clock can lie below zero (95,444 s). */
const OFFSET_SECONDS = 100_000;

/** Ticks of film and television rates are parts of 1001 seconds. */
const NTSC = 1001;

/**
 * A whole number of seconds and of the encoder's ticks, also for segments on a clock of one tick per frame (1001/30000
 * s), so that nothing is rounded.
 */
function offsetSeconds({ num }: Rational): number {
  return OFFSET_SECONDS * (num % NTSC === 0 ? num : num * NTSC);
}

export function segmentOffsetUs(encoderTimeBase: Rational): number {
  return offsetSeconds(encoderTimeBase) * 1_000_000;
}

/**
 * Arguments for a segment's muxer. `counted`: what an encoder with its own clock subtracted. Microseconds are exact
 * enough: the muxer rounds to its tick, which is ten times as long.
 */
export function segmentClockArgs(encoderTimeBase: Rational, counted?: { tick: Rational; from: Pts }): string[] {
  const leftOutUs = counted === undefined ? 0 : rescale(counted.from, counted.tick, MICROSECONDS);
  const offset = segmentOffsetUs(encoderTimeBase) + leftOutUs;
  return ["-output_ts_offset", leftOutUs === 0 ? String(offsetSeconds(encoderTimeBase)) : formatMicroseconds(offset)];
}

/** What the muxer added, in ticks of the file's own time base. */
export function segmentOffsetTicks(encoderTimeBase: Rational, fileTimeBase: Rational): Pts {
  return rescale(segmentOffsetUs(encoderTimeBase), MICROSECONDS, fileTimeBase);
}
