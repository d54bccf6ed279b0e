import { expect, test } from "bun:test";
import fc from "fast-check";
import { rational, rescale } from "../../base/rational.ts";
import { frameRateOf } from "./frame-rate.ts";

const grid = (count: number, num: number, den: number, ticks: number, first = 0) =>
  Array.from({ length: count }, (_, k) => first + rescale(k, { num: den, den: num }, { num: 1, den: ticks }));

test("an exact clock is taken at its word", () => {
  expect(frameRateOf(grid(50, 30_000, 1001, 30_000), rational(1, 30_000), [])).toEqual({
    kind: "constant",
    rate: rational(30_000, 1001),
  });
  expect(frameRateOf(grid(9, 25, 1, 1000, 7), rational(1, 1000), [])).toEqual({
    kind: "constant",
    rate: rational(25, 1),
  });
});

test("milliseconds hide 23.976, and it is found", () => {
  fc.assert(
    fc.property(fc.constantFrom(24, 30, 60), fc.integer({ min: 0, max: 5000 }), (base, first) => {
      const pts = grid(base * 60, base * 1000, 1001, 1000, first);
      expect(frameRateOf(pts, rational(1, 1000), [])).toEqual({ kind: "constant", rate: rational(base * 1000, 1001) });
    }),
  );
});

test("an odd rate that the container declares", () => {
  const rate = rational(1399, 100);
  expect(frameRateOf(grid(100, 1399, 100, 1000), rational(1, 1000), [rate])).toEqual({ kind: "constant", rate });
});

test("one late frame makes it variable, with the range", () => {
  const pts = [...grid(10, 25, 1, 1000), 480];
  expect(frameRateOf(pts, rational(1, 1000), [rational(25, 1)])).toEqual({
    kind: "variable",
    mean: rational(10_000, 480),
    shortest: 40,
    longest: 120,
  });
});

test("nothing to go by", () => {
  expect(frameRateOf([], rational(1, 1000), [rational(25, 1)]).kind).toBe("unknown");
});
