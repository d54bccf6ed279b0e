// Builds a cadence from the frames of a source and the output frames that show them, with as few shifts of the source's
// times as possible. Pure.
import type { Pts, Rational } from "../../base/rational.ts";
import type { Cadence } from "../model/cadence.ts";
import type { SyncedOutput } from "./output-sync.ts";

/** Least number of ticks in an output frame, to leave space for a shift. */
const LEAST_TICKS = 64;

/** A tick fine enough for shifts. */
function fineTick(timeBase: Rational, rate: Rational): Rational {
  const ticksPerFrame = (timeBase.den * rate.den) / (timeBase.num * rate.num);
  return { num: timeBase.num, den: timeBase.den * Math.max(1, Math.ceil(LEAST_TICKS / ticksPerFrame)) };
}

/**
 * Whole ticks a, b such that every shift with a ≤ shift ≤ b puts a frame at `at` on the output's frame `number`, never
 * on a half. The last frame must lie after its output frame's time: with eof_action=pass the filter fps then puts it
 * out wherever the stream ends.
 */
function shiftBounds(at: Pts, number: number, perFrame: Rational, isLast: boolean) {
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
    const { least, most } = shiftBounds(at, shown.begins[position] ?? 0, perFrame, position === pts.length - 1);
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
