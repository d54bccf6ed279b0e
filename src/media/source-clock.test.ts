import { expect, test } from "bun:test";
import { clockOffsetUs, clockShift, sourceMicroseconds } from "./source-clock.ts";
import type { SourceInfo } from "./types.ts";

function source(startMicroseconds: number, den: number): Pick<SourceInfo, "startMicroseconds" | "video"> {
  const video = { timeBase: { num: 1, den } } as SourceInfo["video"];
  return { startMicroseconds, video };
}

test("a source that starts at zero is left alone", () => {
  expect(clockOffsetUs(source(0, 90_000))).toBe(0);
});

test("the offset is a microsecond beside minus the start, and the same whole tick", () => {
  for (const [start, den, ticks] of [
    [1_400_000, 90_000, -126_000],
    [1_433_333, 90_000, -129_000],
    [23_000, 1000, -23],
    [-7000, 1000, 7],
    [-21_333, 24_000, 512],
    [3_600_033_333, 90_000, -324_003_000],
  ] as const) {
    const offset = clockOffsetUs(source(start, den));
    expect(offset).not.toBe(-start);
    expect(clockShift(offset, { num: 1, den })).toBe(ticks);
  }
});

test("a clock as fine as a microsecond keeps the exact start", () => {
  expect(clockOffsetUs(source(1_400_000, 1_000_000))).toBe(-1_400_000);
});

test("back on the source's clock nothing is lost", () => {
  expect(sourceMicroseconds(0, { num: 1, den: 25 }, source(1_400_000, 90_000))).toBe(1_400_000);
  expect(sourceMicroseconds(3, { num: 1, den: 25 }, source(1_433_333, 90_000))).toBe(1_553_333);
});
