// A cadence: which frame of the source a video of constant rate shows when, as `-r` makes it. Held as a few shifts of
// the source's times, behind which the filter fps=rate gives exactly that, wherever in the source it begins. Pure.
import { z } from "zod";
import { type Pts, type Rational, rescale } from "../../base/rational.ts";

export interface Cadence {
  /** Seconds in a tick of the shifts, a whole part of the source's tick. */
  readonly tick: Rational;
  /** From this time on, sorted, on the job's clock, in ticks of the cadence: so much is taken off a frame's time. */
  readonly shifts: readonly (readonly [from: Pts, shift: number])[];
  /** Number of the frame of the output after the last one. */
  readonly end: number;
}

const ticks = z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

/** As it arrives from elsewhere. */
export const cadenceSchema = z.strictObject({
  tick: z.strictObject({ num: z.number().int().positive(), den: z.number().int().positive() }),
  shifts: z
    .array(z.tuple([ticks, ticks]))
    .min(1)
    .max(20_000),
  end: ticks,
}) satisfies z.ZodType<Cadence>;

/** Position of the shift that holds at a time: the last that begins at or before it, or the first. */
function shiftAt({ shifts }: Cadence, at: Pts): number {
  let low = 0;
  let high = shifts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((shifts[middle]?.[0] ?? Number.POSITIVE_INFINITY) <= at) low = middle + 1;
    else high = middle;
  }
  return shifts[Math.max(0, low - 1)]?.[1] ?? 0;
}

/** The frame of the output at which a frame of the source begins to be shown. `pts`: on the job's clock. */
export function shownFrom(cadence: Cadence, pts: Pts, timeBase: Rational, rate: Rational): number {
  const at = rescale(pts, timeBase, cadence.tick);
  return rescale(at - shiftAt(cadence, at), cadence.tick, { num: rate.den, den: rate.num });
}
