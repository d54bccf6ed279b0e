// Simulates the decoder's buffer: it fills at the given rate up to its size, and each picture is removed at its
// decoding time (ITU-T H.264 annex C.1, variable rate). Pure.
import type { Buffer } from "./segment-buffer.ts";

export interface TimedPacket {
  /** Decoding time. */
  readonly seconds: number;
  readonly bits: number;
}

export interface BucketResult {
  /** Pictures that did not arrive in time. */
  readonly underflows: number;
  /** Bits that were missing for the worst picture; 0 when none were. */
  readonly worstMissingBits: number;
  /** Decoding time of the first picture that was late; null: none was. */
  readonly firstAt: number | null;
  /** The lowest level after a picture was removed, as a share of the buffer. */
  readonly lowest: number;
}

/** x264 and x265 assume that a decoder starts when its buffer is 0.9 full (vbv-init). */
const INITIAL_FILL = 0.9;

/** `packets` in decoding order. A late picture is removed as if it had arrived, so that one failure counts once. */
export function playBucket(packets: readonly TimedPacket[], { maxrate, bufsize }: Buffer): BucketResult {
  let fill = INITIAL_FILL * bufsize;
  let underflows = 0;
  let worstMissingBits = 0;
  let firstAt: number | null = null;
  let lowest = 1;
  let before: number | null = null;
  for (const { seconds, bits } of packets) {
    if (before !== null) fill = Math.min(bufsize, fill + Math.max(0, seconds - before) * maxrate);
    before = seconds;
    fill -= bits;
    if (fill < 0) {
      underflows += 1;
      worstMissingBits = Math.max(worstMissingBits, Math.ceil(-fill));
      firstAt ??= seconds;
      fill = 0;
    }
    lowest = Math.min(lowest, fill / bufsize);
  }
  return { underflows, worstMissingBits, firstAt, lowest };
}
