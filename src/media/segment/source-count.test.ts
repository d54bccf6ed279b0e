import { expect, test } from "bun:test";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SegmentTask } from "../model/segment.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { segmentArgs } from "./segment-args.ts";
import { planSegment, type SegmentRange } from "./segment-task.ts";
import { parseTimes, timesDigest, unlikeSource } from "./source-count.ts";

const MS = { num: 1, den: 1000 };
const IO = {
  input: "file:/s",
  inputKind: "file",
  output: "file:/o",
  seamFile: "file:/m",
  countFile: "file:/c",
  threads: 1,
} as const;

/** At 25 frames a second. */
function indexed(frames: number): GrowingFrameIndex {
  const index = new GrowingFrameIndex(MS, { num: 25, den: 1 });
  for (let at = 0; at < frames; at += 1)
    index.add({ pts: at * 40, dts: at * 40, duration: 40, bytePosition: at, isKey: at % 25 === 0, isDiscarded: false });
  index.finish();
  return index;
}

/** Of four seconds. */
function plannedFor(request: EncodeRequest, range: SegmentRange): SegmentTask {
  const index = indexed(100);
  const file = { formatName: "matroska,webm", bytes: 4000, startMicroseconds: 0, durationMicroseconds: null };
  const info = { ...file, video: { ...EIGHT_BITS, timeBase: MS }, streams: [], chapterCount: 0 };
  return planSegment({ info, index, grid: null }, request, range, 0);
}

/** Up to the third second. */
function planned(params: string, startPts: number | null): SegmentTask {
  return plannedFor(parseEncodeParams(params), { startPts, endPts: 3000 });
}

const ALL = { startPts: null, endPts: null };

test("where a new rate hides a lost picture, the run counts those of the source", () => {
  const counted: SegmentTask = { ...planned("-vf fps=10", 1000), sourceFrames: { startPts: 960, frames: 51 } };
  const args = segmentArgs(counted, IO).join(" ");
  expect(args).toContain("[0:0]split=outputs=3[a][b][c];");
  expect(args).toContain(";[c]trim=start_pts=960:end_pts=3000[count] ");
  expect(args).toContain(" -map [count] -c:v wrapped_avframe -fps_mode passthrough -enc_time_base 1/1000 -f framecrc ");
  expect(parseTimes("#tb 0: 1/1000\n0, 1, 1, 1, 9, 0x1\n0, 5, 5, 1, 9, 0x2\n0, 5, 5, 1, 9, 0x3\n")).toEqual([1, 5, 6]);
  const source = indexed(100);
  const fewer = indexed(74);
  expect(unlikeSource(counted, { sourceFrames: 51 }, source)).toBeNull();
  expect(unlikeSource(counted, { sourceFrames: 50 }, source)).toContain("50 of the source's 51 pictures");
  expect(unlikeSource(counted, { sourceFrames: 50 }, source, fewer)).toBeNull();
});

test("as many pictures at other times are not those that a rate was planned from", () => {
  const fps = planned("-vf fps=10", 1000);
  const times = indexed(100).framePts(1000, 3000);
  const report = (shown: readonly number[]) => ({ sourceFrames: shown.length, sourceTimes: timesDigest(shown) });
  expect(unlikeSource(fps, report(times), indexed(100))).toBeNull();
  const others = times.map((each, at) => (at === 7 ? each + 3 : each));
  expect(unlikeSource(fps, report(others), indexed(100))).toContain("other times");
  // A decode in sequence that shows them so too is right, but for a rate that was planned from other times.
  const decoded = { framePts: () => others };
  expect(unlikeSource(fps, report(others), indexed(100), decoded)).toBeNull();
  const { request } = fps;
  const cadence = { tick: MS, shifts: [[0, 0]] as const, end: 30 };
  const byPlan = { ...fps, request: { ...request, video: { ...request.video, frameRate: "10", cadence } } };
  expect(unlikeSource(byPlan, report(others), indexed(100), decoded)).toContain("other times");
  expect(unlikeSource({ ...fps, clockOffsetUs: 2000 }, report(times.map((each) => each + 2)), indexed(100))).toBeNull();
});

test("pictures are counted behind fps and -r alone, and for a part of the video alone", () => {
  expect(planned("-vf fps=10", 1000).sourceFrames).toEqual({ startPts: 1000, frames: 50 });
  expect(planned("-vf fps=10", null).sourceFrames).toEqual({ startPts: null, frames: 75 });
  expect(planned("-vf hflip", 1000).sourceFrames).toBeUndefined();
  expect(plannedFor(parseEncodeParams("-vf fps=10"), ALL).sourceFrames).toBeUndefined();
});

test("of one segment with all pictures they are counted where -r was planned from their times", () => {
  const request = parseEncodeParams("-r 10");
  const cadence = { tick: MS, shifts: [[0, 0]] as const, end: 40 };
  const { sourceFrames } = plannedFor({ ...request, video: { ...request.video, cadence } }, ALL);
  expect(sourceFrames).toEqual({ startPts: null, frames: 100 });
});
