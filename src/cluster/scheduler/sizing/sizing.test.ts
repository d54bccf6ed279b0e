import { expect, test } from "bun:test";
import fc from "fast-check";
import { gops } from "../../../../test/support/scheduler-bench.ts";
import type { IndexedGop } from "../model/job.ts";
import { cutCosts } from "./cut-rule.ts";
import { benchmarkFrames, takeGops, wantedFrames } from "./sizing.ts";

const BASE = {
  slotFps: 100,
  clusterFps: 200,
  remainingFrames: 100_000,
  aheadFrames: 0,
  frameRate: 25,
  maxSegmentSeconds: null,
};
const COSTS = cutCosts("libx264", 25, 25);
const LIMITS = { maxSeconds: null, secondsPerTick: 1 / 90_000, indexComplete: true, costs: COSTS };

test("far from the end a segment is half a fair share, up to a minute of wall time", () => {
  expect(wantedFrames({ ...BASE, remainingFrames: 8000 })).toEqual({ frames: 2000, shareFrames: 4000, minFrames: 300 });
  expect(wantedFrames(BASE).frames).toBe(6000);
  expect(wantedFrames({ ...BASE, slotFps: 1000, clusterFps: 1000 }).frames).toBe(300 * 25);
});

test("near the end a segment is the whole share, so that all slots end together", () => {
  expect(wantedFrames({ ...BASE, remainingFrames: 900 }).frames).toBe(450);
  expect(wantedFrames({ ...BASE, remainingFrames: 100 }).frames).toBe(50);
});

test("what a busy slot has to encode first comes off its share", () => {
  expect(wantedFrames({ ...BASE, remainingFrames: 900, aheadFrames: 300 }).frames).toBe(150);
});

test("a segment is not below eight seconds of video or three of wall time while there is enough", () => {
  expect(wantedFrames({ ...BASE, slotFps: 10, clusterFps: 200, remainingFrames: 6100 }).frames).toBe(200);
  expect(wantedFrames({ ...BASE, slotFps: 100, clusterFps: 1000, remainingFrames: 5000 }).frames).toBe(300);
});

test("the user's longest segment bounds the shortest too", () => {
  expect(wantedFrames({ ...BASE, maxSegmentSeconds: 2 })).toMatchObject({ frames: 50, minFrames: 50 });
});

test("a first segment is at most the benchmark, and an equal share of a short source", () => {
  expect(benchmarkFrames(10, 25, 100_000, 4)).toBe(250);
  expect(benchmarkFrames(10, 25, 400, 4)).toBe(100);
  expect(benchmarkFrames(10, 25, 60, 4)).toBe(50);
});

test("whole groups nearest to what is wanted, at least one", () => {
  const wanted = (frames: number) => ({ frames, shareFrames: frames, minFrames: 0 });
  expect(takeGops(gops(10), 0, wanted(120), LIMITS)).toBe(2);
  expect(takeGops(gops(10), 0, wanted(130), LIMITS)).toBe(3);
  expect(takeGops(gops(10), 9, wanted(500), LIMITS)).toBe(1);
  expect(takeGops(gops(10), 0, wanted(1), LIMITS)).toBe(1);
  expect(takeGops(gops(10), 10, wanted(1), LIMITS)).toBe(0);
});

test("no crumbs: a remainder below half a minimum goes along if the share allows it", () => {
  const wanted = { frames: 400, shareFrames: 400, minFrames: 200 };
  expect(takeGops(gops(9), 0, wanted, LIMITS)).toBe(9);
  expect(takeGops(gops(10), 0, wanted, LIMITS)).toBe(8);
  expect(takeGops(gops(9), 0, { ...wanted, shareFrames: 350 }, LIMITS)).toBe(8);
  expect(takeGops(gops(9), 0, wanted, { ...LIMITS, indexComplete: false })).toBe(8);
  expect(takeGops(gops(9), 0, wanted, { ...LIMITS, maxSeconds: 16 })).toBe(8);
});

test("a group longer than the longest segment stands alone", () => {
  const limits = { ...LIMITS, maxSeconds: 1 };
  expect(takeGops(gops(5), 0, { frames: 500, shareFrames: 500, minFrames: 0 }, limits)).toBe(1);
});

test("for any demand: something is taken, never more than is there, never beyond the bound", () => {
  const positive = fc.double({ min: 0.01, max: 5000, noNaN: true });
  fc.assert(
    fc.property(positive, positive, positive, fc.nat(200), fc.option(positive), (slot, rest, rate, count, bound) => {
      const wanted = wantedFrames({
        slotFps: slot,
        clusterFps: slot + rest,
        remainingFrames: count * 50,
        aheadFrames: 0,
        frameRate: rate,
        maxSegmentSeconds: bound,
      });
      expect(wanted.frames).toBeGreaterThanOrEqual(1);
      const list = gops(count + 1);
      const taken = takeGops(list, 0, wanted, { ...LIMITS, maxSeconds: bound });
      expect(taken).toBeGreaterThanOrEqual(1);
      expect(taken).toBeLessThanOrEqual(list.length);
      if (bound !== null && taken > 1) expect(taken * 2).toBeLessThanOrEqual(bound + 1e-6);
    }),
  );
});

/** One group of 60 s at 25 frames per second, in parts of half a second and 12 or 13 frames. */
function longGroup(seconds = 60): IndexedGop[] {
  let leadFrames = 0;
  return Array.from({ length: 2 * seconds }, (_, at) => {
    const frames = 12 + (at % 2);
    const part = { startPts: at * 45_000, endPts: (at + 1) * 45_000, frames };
    const whole = at === 0 ? part : { ...part, leadFrames, leadBytes: 0 };
    leadFrames += frames;
    return whole;
  });
}

const framesOf = (list: readonly IndexedGop[], from: number, count: number) =>
  list.slice(from, from + count).reduce((sum, { frames }) => sum + frames, 0);

test("a group that would keep the others waiting ends inside, near the share", () => {
  const list = longGroup();
  const taken = takeGops(list, 0, { frames: 250, shareFrames: 750, minFrames: 0 }, LIMITS);
  expect(framesOf(list, 0, taken)).toBeWithin(200, 260);
  const half = takeGops(list, 0, { frames: 750, shareFrames: 750, minFrames: 0 }, LIMITS);
  expect(framesOf(list, 0, half)).toBeWithin(560, 760);
});

test("a group nobody waits for is not divided, however long", () => {
  expect(takeGops(longGroup(), 0, { frames: 250, shareFrames: 1500, minFrames: 0 }, LIMITS)).toBe(120);
});

test("where decoding costs more than waiting, a segment runs to the key frame", () => {
  const list = longGroup();
  const rest = 120 - 8; // 100 frames left after 1400 that would be decoded for nothing
  const wanted = { frames: 50, shareFrames: 50, minFrames: 0 };
  expect(takeGops(list, rest, wanted, LIMITS)).toBe(8);
  const device = { ...LIMITS, costs: cutCosts("h264_nvenc", 25, 25) };
  expect(takeGops(list, 60, { frames: 375, shareFrames: 375, minFrames: 0 }, LIMITS)).toBeLessThan(60);
  expect(takeGops(list, 60, { frames: 375, shareFrames: 375, minFrames: 0 }, device)).toBe(60);
});

test("what is fetched for nothing counts as what is decoded", () => {
  const heavy = longGroup().map((part) =>
    part.leadFrames === undefined ? part : { ...part, leadBytes: part.leadFrames * 1_000_000 },
  );
  const wanted = { frames: 750, shareFrames: 750, minFrames: 0 };
  expect(takeGops(heavy, 0, wanted, LIMITS)).toBe(120);
  expect(takeGops(longGroup(), 0, wanted, LIMITS)).toBeLessThan(120);
});

test("far into a group segments grow with what is wasted before them", () => {
  const list = longGroup();
  const near = framesOf(list, 20, takeGops(list, 20, { frames: 100, shareFrames: 600, minFrames: 0 }, LIMITS));
  const far = framesOf(list, 40, takeGops(list, 40, { frames: 100, shareFrames: 600, minFrames: 0 }, LIMITS));
  expect(near).toBeGreaterThan(400); // eight times 250 / 4
  expect(far).toBeGreaterThan(near);
});

test("a key frame near the share is preferred to a frame on it", () => {
  const list = [...longGroup(10), ...longGroup(10).map((part) => ({ ...part, startPts: part.startPts + 900_000 }))];
  // 250 frames to the key frame, 240 wanted: waiting for ten frames is less than decoding 240.
  expect(takeGops(list, 0, { frames: 240, shareFrames: 240, minFrames: 0 }, LIMITS)).toBe(20);
});

test("parts that begin beside the key frames are taken like whole groups", () => {
  // Four seconds each, from key frames that stand two seconds before: nothing else may be begun at.
  const parts = gops(10).map((gop, at) => (at === 0 ? gop : { ...gop, leadFrames: 50, opensGroup: true }));
  const wanted = { frames: 120, shareFrames: 120, minFrames: 0 };
  expect(takeGops(parts, 0, wanted, LIMITS)).toBe(takeGops(gops(10), 0, wanted, LIMITS));
  expect(takeGops(parts, 0, { ...wanted, frames: 500, shareFrames: 500 }, { ...LIMITS, maxSeconds: 4 })).toBe(2);
});
