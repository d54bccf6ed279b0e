// Compares the times of an output's frames with the plan, in the output's own clock. Pure.
import { type Pts, type Rational, rescale } from "../../../base/rational.ts";

export interface TimesComparison {
  readonly equal: boolean;
  /** Largest distance from the plan, in ticks of the output's video stream; 0 unless its clock is coarser than the plan's. */
  readonly maxErrorTicks: number;
  /** Why they are not equal; null when they are. */
  readonly problem: string | null;
}

/** True when every planned tick is a whole number of the output's ticks: then nothing may be rounded. */
export function isExactClock(planned: Rational, output: Rational): boolean {
  const numerator = BigInt(planned.num) * BigInt(output.den);
  return numerator % (BigInt(planned.den) * BigInt(output.num)) === 0n;
}

/** All but one constant shift must agree; a coarser clock (Matroska's millisecond) may round by one tick. */
export function compareTimes(
  got: readonly Pts[],
  outputTimeBase: Rational,
  planned: readonly Pts[],
  plannedTimeBase: Rational,
): TimesComparison {
  if (got.length !== planned.length) {
    return {
      equal: false,
      maxErrorTicks: 0,
      problem: `${got.length} frames in the output where ${planned.length} are planned`,
    };
  }
  const allowed = isExactClock(plannedTimeBase, outputTimeBase) ? 0 : 1;
  const shift = (got[0] ?? 0) - rescale(planned[0] ?? 0, plannedTimeBase, outputTimeBase);
  let maxErrorTicks = 0;
  let worst = 0;
  for (let position = 0; position < got.length; position += 1) {
    const wanted = rescale(planned[position] ?? 0, plannedTimeBase, outputTimeBase) + shift;
    const error = Math.abs((got[position] ?? 0) - wanted);
    if (error > maxErrorTicks) {
      maxErrorTicks = error;
      worst = position;
    }
  }
  const equal = maxErrorTicks <= allowed;
  return {
    equal,
    maxErrorTicks,
    problem: equal ? null : `frame ${worst} is ${maxErrorTicks} ticks of 1/${outputTimeBase.den} s from its time`,
  };
}
