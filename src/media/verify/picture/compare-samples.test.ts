import { expect, test } from "bun:test";
import { samplesInRun } from "./compare-samples.ts";

const SMALL = { width: 640, height: 360 };
const LARGE = { width: 1920, height: 1080 };

test("few samples of small pictures are one run of ffmpeg, those of large ones are shared by the cores", () => {
  expect(samplesInRun(6, 2, SMALL)).toBe(12);
  expect(samplesInRun(6, 2, LARGE)).toBe(3);
  expect(samplesInRun(2, 2, LARGE)).toBe(3);
});

test("however many samples there are, all runs together have no more than 24 inputs", () => {
  for (const form of [SMALL, LARGE])
    for (const runs of [1, 2, 3, 4]) expect(runs * samplesInRun(400, runs, form)).toBeLessThanOrEqual(24);
});
