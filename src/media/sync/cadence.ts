// A cadence: which frame of the source a video of constant rate shows when, as `-r` makes it. Held as a few shifts of
// the source's times, behind which the filter fps=rate gives exactly that, wherever in the source it begins. Pure.
import { z } from "zod";
import { type Pts, type Rational, rescale } from "../../base/rational.ts";
import type { SyncedOutput } from "./output-sync.ts";

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

/** Ticks in a frame of the output, at least: room between frames for a shift. */
const LEAST_TICKS = 64;

/** A tick fine enough for shifts. */
function fineTick(timeBase: Rational, rate: Rational): Rational {
  const ticksPerFrame = (timeBase.den * rate.den) / (timeBase.num * rate.num);
  return { num: timeBase.num, den: timeBase.den * Math.max(1, Math.ceil(LEAST_TICKS / ticksPerFrame)) };
}

/**
 * Whole ticks a, b such that a ≤ shift ≤ b puts a frame at `at` on the output's frame `number`, with no half among them.
 * The last frame must lie behind its place: with eof_action=pass the filter fps then gives it wherever the stream ends.
 */
function room(at: Pts, number: number, perFrame: Rational, isLast: boolean) {
  // at - shift must lie strictly between number - ½ and number + ½ frames.
  const { num, den } = perFrame;
  const edge = (halves: number) => BigInt(2 * at) * BigInt(den) - BigInt(halves) * BigInt(num);
  const whole = 2n * BigInt(den);
  const floor = (value: bigint) => (value >= 0n ? value / whole : -((-value + whole - 1n) / whole));
  return {
    least: Number(floor(edge(2 * number + 1))) + 1,
    most: Number(-floor(-edge(isLast ? 2 * number : 2 * number - 1))) - 1,
  };
}

/** `pts`: of the source's frames, sorted, on the job's clock, ticks of `timeBase`. */
export function cadenceOf(pts: readonly Pts[], shown: SyncedOutput, timeBase: Rational, rate: Rational): Cadence {
  const tick = fineTick(timeBase, rate);
  const parts = tick.den / timeBase.den;
  // Ticks in a frame: rate.den/rate.num seconds by tick.num/tick.den.
  const perFrame = { num: rate.den * tick.den, den: rate.num * tick.num };
  const shifts: [Pts, number][] = [];
  let open: { from: Pts; least: number; most: number } | null = null;
  const close = () => {
    if (open !== null) shifts.push([open.from, Math.floor((open.least + open.most) / 2)]);
  };
  for (const [position, each] of pts.entries()) {
    const at = each * parts;
    const { least, most } = room(at, shown.begins[position] ?? 0, perFrame, position === pts.length - 1);
    if (open !== null && Math.max(open.least, least) <= Math.min(open.most, most)) {
      open.least = Math.max(open.least, least);
      open.most = Math.min(open.most, most);
    } else {
      close();
      open = { from: at, least, most };
    }
  }
  close();
  return { tick, shifts, end: shown.first + shown.frames };
}

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
