// The bit rate for a segment's next encode, from the results of the earlier ones. Pure.

/** The largest factor of one step. */
const MOST_STEP = 4;
/** Encoders hold a rate in 32 bits. */
const MOST_BITRATE = 2_000_000_000;

/** One encode of a segment: its requested mean rate in bit/s, and the bits that it took. */
export interface Try {
  readonly bitrate: number;
  readonly bits: number;
}

/**
 * The bit rate to try next: interpolated between the nearest rates above and below the target (whole quantizers make
 * sizes jump, so following the last miss alone would oscillate). With results on one side only, it follows the last
 * miss.
 */
export function nextBitrate(tries: readonly Try[], targetBits: number): number {
  const last = tries.at(-1);
  if (last === undefined) throw new Error("nothing was tried");
  const above = tries.filter(({ bits }) => bits > targetBits).sort((a, b) => a.bitrate - b.bitrate)[0];
  const below = tries.filter(({ bits }) => bits <= targetBits).sort((a, b) => b.bitrate - a.bitrate)[0];
  if (above === undefined || below === undefined || above.bitrate <= below.bitrate) {
    const step = Math.min(MOST_STEP, Math.max(1 / MOST_STEP, targetBits / last.bits));
    return Math.min(MOST_BITRATE, last.bitrate * step);
  }
  const part = (targetBits - below.bits) / (above.bits - below.bits);
  return below.bitrate + Math.min(0.9, Math.max(0.1, part)) * (above.bitrate - below.bitrate);
}
