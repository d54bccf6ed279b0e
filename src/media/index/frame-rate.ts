// Decides from timestamps alone whether frames are on a grid of one exact rate. Pure.
import { equals, invert, multiply, type Pts, type Rational, rational } from "../../base/rational.ts";

export type FrameRate =
  /** Every frame's time is a grid time of this rate, rounded to ticks; no slot of the grid is empty. */
  | { readonly kind: "constant"; readonly rate: Rational }
  /** Ticks between neighbouring frames, and the mean rate. */
  | { readonly kind: "variable"; readonly mean: Rational; readonly shortest: number; readonly longest: number }
  | { readonly kind: "unknown"; readonly reason: string };

/** Rates of cameras, films and screens; a container that rounds times hides which one it was. */
const USUAL: readonly Rational[] = [
  ...[24, 30, 48, 60, 120].flatMap((rate) => [rational(rate, 1), rational(rate * 1000, 1001)]),
  ...[25, 50, 100, 10, 12, 15, 20].map((rate) => rational(rate, 1)),
  ...[rational(25, 2), rational(15_000, 1001)],
];
/** On clocks finer than this, even steps of a usual rate are exact enough to be trusted. */
const FINE_TICKS_PER_SECOND = 10_000;

/**
 * How far, in ticks, the frames stray from a grid of this rate, wherever it begins: up to 1 when each time is the
 * grid's own time, rounded to ticks in any direction.
 */
function strayFromGrid(pts: readonly Pts[], timeBase: Rational, rate: Rational): number {
  const first = pts[0] ?? 0;
  const step = multiply(invert(rate), invert(timeBase));
  let early = 0;
  let late = 0;
  for (const [k, each] of pts.entries()) {
    const distance = each - first - (k * step.num) / step.den;
    early = Math.min(early, distance);
    late = Math.max(late, distance);
  }
  return late - early;
}

/** `pts`: sorted, one for each frame. `declared`: rates that the container or the codec states. */
export function frameRateOf(pts: readonly Pts[], timeBase: Rational, declared: readonly Rational[]): FrameRate {
  const first = pts[0];
  const last = pts.at(-1);
  if (first === undefined || last === undefined || pts.length < 2) {
    const [rate] = declared;
    if (rate !== undefined && pts.length === 1) return { kind: "constant", rate };
    return { kind: "unknown", reason: "fewer than two frames have a time" };
  }
  let shortest = Number.POSITIVE_INFINITY;
  let longest = 0;
  for (let k = 1; k < pts.length; k += 1) {
    const step = (pts[k] ?? 0) - (pts[k - 1] ?? 0);
    shortest = Math.min(shortest, step);
    longest = Math.max(longest, step);
  }
  const even = shortest === longest ? invert(multiply(rational(shortest, 1), timeBase)) : null;
  const isUsual = even !== null && USUAL.some((rate) => equals(rate, even));
  if (even !== null && (isUsual || timeBase.den / timeBase.num > FINE_TICKS_PER_SECOND)) {
    return { kind: "constant", rate: even };
  }
  let best: { rate: Rational; stray: number } | null = null;
  for (const rate of [...declared, ...USUAL]) {
    const stray = strayFromGrid(pts, timeBase, rate);
    if (stray <= 1 + 1e-6 && stray < (best?.stray ?? Number.POSITIVE_INFINITY) - 1e-6) best = { rate, stray };
  }
  if (best !== null) return { kind: "constant", rate: best.rate };
  if (even !== null) return { kind: "constant", rate: even };
  const mean = invert(multiply(rational(last - first, pts.length - 1), timeBase));
  return { kind: "variable", mean, shortest, longest };
}
