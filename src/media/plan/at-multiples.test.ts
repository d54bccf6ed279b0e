import { expect, test } from "bun:test";
import fc from "fast-check";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { frameTimingOf } from "./frame-timing.ts";
import { OutputGroups } from "./output-groups.ts";

const TIME_BASE = { num: 1, den: 24_000 };
const INFO = { startMicroseconds: 0, video: { ...EIGHT_BITS, timeBase: TIME_BASE } };

/** 24 frames a second; key frames at these numbers. Answers the parts as they stream in, packet by packet. */
function partsOf(frames: number, keys: readonly number[], params: string, distance: number) {
  const index = new GrowingFrameIndex(TIME_BASE, { num: 24, den: 1 });
  const groups = new OutputGroups(frameTimingOf(parseEncodeParams(params), TIME_BASE), INFO, distance);
  const parts = [];
  for (let number = 0; number < frames; number++) {
    const pts = number * 1000;
    const isKey = number === 0 || keys.includes(number);
    const fresh = index.add({ pts, dts: pts, duration: 1000, isKey, isDiscarded: false, bytePosition: number * 100 });
    parts.push(...groups.add(fresh, index));
  }
  parts.push(...groups.add(index.finish(), index), ...groups.finish(index));
  return { parts, total: groups.total };
}

test("parts begin at multiples, whatever the key frames of the source, and say what lies before them", () => {
  const { parts, total } = partsOf(240, [30, 89, 92, 192], "-c:v libx264", 48);
  expect(parts.map(({ startPts, frames }) => [startPts / 1000, frames])).toEqual([
    [0, 48],
    [48, 48],
    [96, 48],
    [144, 48],
    [192, 48],
  ]);
  expect(total).toBe(240);
  expect(parts.map(({ leadFrames = 0, opensGroup = false }) => [leadFrames, opensGroup])).toEqual([
    [0, false],
    [18, true],
    [4, true],
    [52, false],
    [0, false],
  ]);
});

test("short distances are joined to half a second", () => {
  const { parts } = partsOf(100, [], "-c:v libx264", 5);
  expect(parts.map(({ frames }) => frames)).toEqual([15, 15, 15, 15, 15, 15, 10]);
});

test("counted are the frames of the output: twice as many, half of them, or where a fixed rate puts them", () => {
  const doubled = partsOf(240, [37], "-c:v libx264 -vf fps=48", 48);
  expect(doubled.parts.map(({ startPts, frames }) => [startPts / 1000, frames]).slice(0, 2)).toEqual([
    [0, 48],
    [24, 48],
  ]);
  const halved = partsOf(240, [37], "-c:v libx264 -vf fps=12", 48);
  expect(halved.parts.map(({ frames }) => frames)).toEqual([48, 48, 24]);
  // 25 of 24: a second holds 25 frames.
  const other = partsOf(240, [37], "-c:v libx264 -vf fps=25", 50);
  expect(other.parts.map(({ frames }) => frames)).toEqual([50, 50, 50, 50, 50]);
});

test("on any index the parts are the video: no frame lost, none twice, each at a multiple", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.array(fc.nat(400), { maxLength: 12 }),
      fc.integer({ min: 2, max: 90 }),
      fc.constantFrom("", " -vf fps=30", " -vf fps=10", " -vf yadif=1"),
      (frames, keys, distance, filter) => {
        const { parts, total } = partsOf(frames, keys, `-c:v libx264${filter}`, distance);
        let before = 0;
        let reached = 0;
        for (const part of parts) {
          expect(part.startPts).toBe(reached);
          expect(before % distance).toBe(0);
          before += part.frames;
          reached = part.endPts;
        }
        expect(before).toBe(total);
      },
    ),
    { numRuns: 200 },
  );
});
