// The rate of a segment's next encode, by what those before it took. Pure.

/** One step changes the rate by so much at most. */
const MOST_STEP = 4;

/** One encode of a segment: the mean rate it was asked for, in bit/s, and the bits that it took. */
export interface Try {
  readonly bitrate: number;
  readonly bits: number;
}

/**
 * The rate to try next: between the nearest rates above and below the target, in the proportion of what they missed
 * (whole quantizers make sizes jump, so the last miss alone swings to and fro). Until there is one on each side, by the
 * last miss.
 */
export function nextBitrate(tries: readonly Try[], targetBits: number): number {
  const last = tries.at(-1);
  if (last === undefined) throw new Error("nothing was tried");
  const above = tries.filter(({ bits }) => bits > targetBits).sort((a, b) => a.bitrate - b.bitrate)[0];
  const below = tries.filter(({ bits }) => bits <= targetBits).sort((a, b) => b.bitrate - a.bitrate)[0];
  if (above === undefined || below === undefined || above.bitrate <= below.bitrate) {
    return last.bitrate * Math.min(MOST_STEP, Math.max(1 / MOST_STEP, targetBits / last.bits));
  }
  const part = (targetBits - below.bits) / (above.bits - below.bits);
  return below.bitrate + Math.min(0.9, Math.max(0.1, part)) * (above.bitrate - below.bitrate);
}
