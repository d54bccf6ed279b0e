// Divides the bits of a whole video among its segments: in proportion to what each took at the same quality, within
// bounds, and with an exact sum. Pure arithmetic; knows no job.

export interface ShareClaim {
  /** Bits that the segment took when it was measured, > 0: equal quality takes bits in this proportion. */
  readonly weight: number;
  readonly leastBits: number;
  /** What `-maxrate` allows over the segment's time; Infinity: no bound. */
  readonly mostBits: number;
}

/**
 * Whole bits for each claim. They add up to `budget`, or to the nearest sum that the bounds allow. Bounds are resolved
 * as in CSS flexbox (css-flexbox-1 §9.7): the claims on the side that is violated more are fixed at their bounds, and
 * the rest is divided again.
 */
export function shareBits(claims: readonly ShareClaim[], budget: number): number[] {
  const shares = claims.map(() => 0);
  const open = new Set(claims.keys());
  let left = budget;
  while (open.size > 0) {
    const scale = left / sumOver(open, (index) => claims[index]?.weight ?? 0);
    let above = 0;
    let below = 0;
    for (const index of open) {
      const claim = claims[index];
      if (claim === undefined) continue;
      const share = claim.weight * scale;
      shares[index] = share;
      above += Math.max(0, share - claim.mostBits);
      below += Math.max(0, claim.leastBits - share);
    }
    if (above === 0 && below === 0) break;
    for (const index of [...open]) {
      const claim = claims[index];
      const share = shares[index];
      if (claim === undefined || share === undefined) continue;
      const bound = above >= below ? claim.mostBits : claim.leastBits;
      if (above >= below ? share <= bound : share >= bound) continue;
      shares[index] = bound;
      left -= bound;
      open.delete(index);
    }
  }
  return wholeBits(shares);
}

function sumOver(indexes: Iterable<number>, value: (index: number) => number): number {
  let sum = 0;
  for (const index of indexes) sum += value(index);
  return sum;
}

/** Carries rounding errors over to the next share, so that the sum is off by less than one bit. */
function wholeBits(shares: readonly number[]): number[] {
  let exact = 0;
  let given = 0;
  return shares.map((share) => {
    exact += share;
    const whole = Math.round(exact) - given;
    given += whole;
    return whole;
  });
}
