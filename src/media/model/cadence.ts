// A cadence says which frame of the source a constant-rate video shows when, as ffmpeg's `-r` does it. It is stored as
// a few shifts of the source's times; the filter fps=rate after them gives exactly the same frames, wherever in the
// source it starts. Pure.
import { z } from "zod";
import { type Pts, type Rational, rescale } from "../../base/rational.ts";

export interface Cadence {
  /** Seconds in a tick of the shifts; the source's tick is a multiple of it. */
  readonly tick: Rational;
  /**
   * From each time on, this much is subtracted from a frame's time. Sorted, on the job's clock, in ticks of the
   * cadence.
   */
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

/** The shift that applies at a time: the last that begins at or before it, or the first. */
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

/** The number of the output frame from which a source frame is shown. `pts`: on the job's clock. */
export function shownFrom(cadence: Cadence, pts: Pts, timeBase: Rational, rate: Rational): number {
  const at = rescale(pts, timeBase, cadence.tick);
  return rescale(at - shiftAt(cadence, at), cadence.tick, { num: rate.den, den: rate.num });
}
