import { expect, test } from "bun:test";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import type { SourceInfo } from "../model/source.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { GopJoiner } from "../subtitles/subtitle-cuts.ts";
import { CuttableGroups } from "./cuttable-groups.ts";

const TIME_BASE = { num: 1, den: 24_000 };
const INFO = { startMicroseconds: 0, video: { ...EIGHT_BITS, timeBase: TIME_BASE } } as SourceInfo;

/** 240 frames at 24 a second, a key frame each second; a group is cut into parts of half a second. Answers start, in seconds, and frames of each group. */
function groupsOf(params: string, joiner: GopJoiner | null) {
  const index = new GrowingFrameIndex(TIME_BASE, { num: 24, den: 1 });
  const groups = new CuttableGroups(INFO, parseEncodeParams(params), joiner);
  const found = [];
  for (let number = 0; number < 240; number++) {
    const pts = number * 1000;
    const packet = { pts, dts: pts, duration: 1000, isDiscarded: false, bytePosition: number * 100 };
    found.push(...groups.add(index.add({ ...packet, isKey: number % 24 === 0 }), index));
  }
  found.push(...groups.add(index.finish(), index), ...groups.finish(index));
  return { found: found.map(({ startPts, frames }) => [startPts / 24_000, frames]), total: groups.totalFrames };
}

test("groups are counted in frames of the output, and joined where subtitles forbid a cut", () => {
  const each = (seconds: readonly number[], frames: number) => seconds.map((second) => [second, frames]);
  const halves = Array.from({ length: 20 }, (_, number) => number / 2);
  expect(groupsOf("-c:v libx264", null)).toEqual({ found: each(halves, 12), total: 240 });
  expect(groupsOf("-c:v libx264 -vf fps=12", null).total).toBe(120);
  const joiner = new GopJoiner((endPts) => (endPts / 24_000) % 2 === 0);
  expect(groupsOf("-c:v libx264", joiner)).toEqual({ found: each([0, 2, 4, 6, 8], 48), total: 240 });
});

test("with key frames at a fixed distance, groups begin at its multiples", () => {
  const { found } = groupsOf("-c:v libx264 -g 40 -sc_threshold 0", null);
  expect(found.map(([, frames]) => frames)).toEqual([40, 40, 40, 40, 40, 40]);
});

test("pictures that an encoder can't tell apart, since it counts in frames, are refused before work", () => {
  const add = (params: string, times: readonly number[]) => {
    const index = new GrowingFrameIndex(TIME_BASE, { num: 24, den: 1 });
    const groups = new CuttableGroups(INFO, parseEncodeParams(params), null);
    for (const pts of times)
      index.add({ pts, dts: pts, duration: 1000, isDiscarded: false, bytePosition: pts, isKey: pts === 0 });
    groups.add(index.finish(), index);
  };
  const apart = [0, 1000, 2200, 2900, 4000];
  const close = [0, 1000, 1200, 2200, 3200];
  expect(() => add("-c:v mpeg2video", apart)).not.toThrow();
  expect(() => add("-c:v libx264", close)).not.toThrow();
  expect(() => add("-c:v mpeg2video -r 24", close)).not.toThrow();
  expect(() => add("-c:v mpeg2video", close)).toThrow("at 0.042 s and 0.050 s stand closer together");
  const twice = [0, 1000, 1000, 3000, 4000];
  expect(() => add("-c:v libx264", twice)).not.toThrow();
  expect(() => add("-c:v mpeg2video", twice)).toThrow("at 0.042 s and 0.042 s stand closer together");
});

test("where the packets' times are not the pictures', those of a decode in sequence must stand apart", () => {
  const groups = new CuttableGroups(INFO, parseEncodeParams("-c:v mpeg2video"), null);
  expect(groups.needsDistance).toBe(true);
  expect(new CuttableGroups(INFO, parseEncodeParams("-c:v libx264"), null).needsDistance).toBe(false);
  expect(() => groups.requireDistance([0, 1000, 2200, 2900])).not.toThrow();
  expect(() => groups.requireDistance([0, 1000, 1001, 2200])).toThrow("at 0.042 s and 0.042 s stand closer together");
});
