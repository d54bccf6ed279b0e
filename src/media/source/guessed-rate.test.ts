import { expect, test } from "bun:test";
import type { Rational } from "../../base/rational.ts";
import { guessedFrameRate, seemOfOneRate } from "./guessed-rate.ts";

function rates(real: Rational | null, mean: Rational | null) {
  return { realFrameRate: real, averageFrameRate: mean };
}

const [TICKS, PAL, ABOUT, HALF] = [90_000, 25, 24.92, 12].map((num) => ({ num, den: 1 })) as [
  Rational,
  Rational,
  Rational,
  Rational,
];

test("the rate that the times show, unless it is that of a clock", () => {
  expect(guessedFrameRate(rates(PAL, ABOUT))).toBe(PAL);
  expect(guessedFrameRate(rates(TICKS, PAL))).toBe(PAL);
  expect(guessedFrameRate(rates(PAL, HALF))).toBeNull();
});

test("without a mean rate the other one stands", () => {
  expect(guessedFrameRate(rates(PAL, null))).toBe(PAL);
  expect(guessedFrameRate(rates(null, null))).toBeNull();
});

test("two files seem of one rate where ffmpeg takes them for that", () => {
  expect(seemOfOneRate(rates(PAL, PAL), rates(PAL, ABOUT))).toBe(true);
  expect(seemOfOneRate(rates(PAL, null), rates(TICKS, null))).toBe(false);
  expect(seemOfOneRate(rates(PAL, PAL), rates(PAL, HALF))).toBe(false);
});
