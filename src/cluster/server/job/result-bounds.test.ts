import { expect, test } from "bun:test";
import { mostFrames } from "./result-bounds.ts";

const MILLISECONDS = { num: 1, den: 1000 };
const WHOLE = { split: { mode: "whole", reason: "of a test" }, timeBase: MILLISECONDS, frameRate: 30 } as const;

/** One picture that comes ten seconds after the file's start. */
const LATE = { startPts: 10_000, endPts: 10_033, frames: 1 };

test("one run's rate shows a late first picture from the file's start on", () => {
  const job = { ...WHOLE, settings: {} } as unknown as Parameters<typeof mostFrames>[0];
  expect(mostFrames(job, LATE)).toBeLessThan(301);
  expect(mostFrames(job, LATE, 0)).toBeGreaterThan(301);
  expect(mostFrames(job, LATE, 10_000_000)).toBe(mostFrames(job, LATE));
  // An edit list shows pictures before the start.
  expect(mostFrames(job, LATE, 11_000_000)).toBe(mostFrames(job, LATE));
});
