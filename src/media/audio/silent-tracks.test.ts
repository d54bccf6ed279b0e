import { expect, test } from "bun:test";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { neverHeard } from "./silent-tracks.ts";

const MP4 = "mov,mp4,m4a,3gp,3g2,mj2";
const PLAN = {
  streams: [1, 2, 3].map((index) => ({ source: { index, type: "audio" }, action: { kind: "copy" } })),
} as unknown as StreamPlan;

test("a track without packets is never heard, nor one that lies before the film", () => {
  const tracks = new Map([
    [2, { packets: 21, endUs: -86_500, openEndUs: 86_500 }],
    [3, { packets: 22, endUs: 20_000 }],
  ]);
  expect([...neverHeard(PLAN, MP4, tracks).keys()]).toEqual([1, 2]);
  expect(neverHeard(PLAN, MP4, tracks).get(2)).toContain("its edit list hides all of it");
  // Times before zero hide nothing elsewhere.
  expect([...neverHeard(PLAN, "matroska,webm", tracks).keys()]).toEqual([1]);
});

test("an end that is not known, or that may lie behind zero, hides nothing", () => {
  const ends = [{ endUs: null }, { endUs: -10_000, openEndUs: 20_000 }, { endUs: 0, openEndUs: 1 }];
  const tracks = new Map(ends.map((end, at) => [at + 1, { packets: 5, ...end }]));
  expect([...neverHeard(PLAN, MP4, tracks).keys()]).toEqual([]);
});
