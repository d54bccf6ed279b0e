import { expect, test } from "bun:test";
import { FrameGrid } from "../index/frame-grid.ts";
import type { SourceInfo } from "../model/source.ts";
import { firstFrameTime } from "./first-frame-time.ts";

const STEP = { num: 1001, den: 24_000 };
const info = { startMicroseconds: 0, video: { timeBase: { num: 1, den: 1000 } } } as SourceInfo;

test("without a grid the first frame is at its own time, in the source and in the output", () => {
  const index = { firstPts: 42 };
  const input = { info, index, grid: null, encoderTimeBase: { num: 1, den: 1000 }, firstPts: 42 };
  expect(firstFrameTime(input)).toEqual({ sourceUs: 42_000, outputUs: 42_000 });
  const later = { ...info, startMicroseconds: 1_000_000 };
  expect(firstFrameTime({ ...input, info: later })).toEqual({ sourceUs: 1_042_000, outputUs: 1_042_000 });
});

test("on a grid the output has the exact time that the source has rounded", () => {
  const grid = new FrameGrid(STEP, info);
  grid.see(42, []);
  const index = { firstPts: 42 };
  expect(firstFrameTime({ info, index, grid, encoderTimeBase: grid.tick, firstPts: 1 })).toEqual({
    sourceUs: 42_000,
    outputUs: Math.round((1001 / 24_000) * 1e6),
  });
});
