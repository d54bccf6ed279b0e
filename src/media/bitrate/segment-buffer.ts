// The buffer for each segment, so that the joined file keeps the requested one. Pure. docs/adr/0008 has the reasoning;
// a property test over random segments checks it.

export interface Buffer {
  /** Bits per second that fill it. */
  readonly maxrate: number;
  /** Bits it holds. */
  readonly bufsize: number;
}

/**
 * In two passes: half of it. Two neighbours can each spend at most half a buffer beyond the rate on their two sides of a
 * join, and what lies whole between two joins spends no more than the rate, because no share is larger than that.
 */
export function sharedBuffer(asked: Buffer): Buffer {
  return { maxrate: asked.maxrate, bufsize: Math.floor(asked.bufsize / 2) };
}

/** In one pass a segment shorter than this many times its buffer would lose more than an eighth of the rate. */
const LEAST_FILLS = 8;

/**
 * In one pass nothing bounds a segment's size but its buffer: it gets a little less rate, so that a full buffer and that
 * rate together are no more than the asked rate over the segment's time.
 */
export function onePassBuffer(asked: Buffer, seconds: number): Buffer {
  const bufsize = Math.floor(Math.min(asked.bufsize / 2, (asked.maxrate * seconds) / LEAST_FILLS));
  return { maxrate: Math.floor(asked.maxrate - bufsize / seconds), bufsize };
}
