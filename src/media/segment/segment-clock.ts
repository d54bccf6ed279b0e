// The clock inside a segment file: the source's, moved by one constant. A muxer moves a file by itself when its first
// decoding times would be negative (pictures that are coded ahead at a source's start), and by how much can't be read
// back; so far from zero it never does, and every time in the file is known to the tick.
import { formatMicroseconds, MICROSECONDS, type Pts, type Rational, rescale } from "../../base/rational.ts";

/** Whole seconds, more than a transport stream's 33-bit clock can lie below zero (95,444 s). */
const OFFSET_SECONDS = 100_000;

/** Ticks of film and television rates are parts of 1001 seconds. */
const NTSC = 1001;

/**
 * A whole number of seconds and of the encoder's ticks, also where segments of the job are encoded on a clock of one tick
 * a frame (1001/30000 s), so that nothing is rounded.
 */
function offsetSeconds({ num }: Rational): number {
  return OFFSET_SECONDS * (num % NTSC === 0 ? num : num * NTSC);
}

export function segmentOffsetUs(encoderTimeBase: Rational): number {
  return offsetSeconds(encoderTimeBase) * 1_000_000;
}

/**
 * For the muxer of a segment; `counted`: what an encoder with a clock of its own left out. Microseconds are enough: the
 * muxer rounds to its tick, which is ten times as long and holds that time exactly.
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
