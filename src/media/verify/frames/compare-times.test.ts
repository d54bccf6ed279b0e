import { describe, expect, test } from "bun:test";
import { compareTimes, isExactClock } from "./compare-times.ts";

const NTSC = { num: 1, den: 24_000 };
const MILLIS = { num: 1, den: 1000 };

test("a clock is exact when it holds every tick of the other", () => {
  expect(isExactClock(NTSC, { num: 1, den: 48_000 })).toBe(true);
  expect(isExactClock({ num: 1001, den: 24_000 }, NTSC)).toBe(true);
  expect(isExactClock(NTSC, MILLIS)).toBe(false);
});

describe("times of an output", () => {
  const planned = [1001, 2002, 3003, 4004];
  test("a constant shift is no error", () => {
    expect(compareTimes([0, 2002, 4004, 6006], { num: 1, den: 48_000 }, planned, NTSC)).toEqual({
      equal: true,
      maxErrorTicks: 0,
      problem: null,
    });
  });
  test("one tick is an error on an exact clock", () => {
    expect(compareTimes([1001, 2003, 3003, 4004], NTSC, planned, NTSC)).toMatchObject({
      equal: false,
      maxErrorTicks: 1,
    });
  });
  test("a millisecond is Matroska's own rounding, two are not", () => {
    expect(compareTimes([42, 84, 125, 167], MILLIS, planned, NTSC).equal).toBe(true);
    expect(compareTimes([42, 85, 125, 167], MILLIS, planned, NTSC).equal).toBe(false);
  });
  test("a missing frame is named", () => {
    expect(compareTimes([1001], NTSC, planned, NTSC).problem).toBe("1 frames in the output where 4 are planned");
  });
});
