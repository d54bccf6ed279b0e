import { expect, test } from "bun:test";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import type { SegmentTask } from "../model/segment.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { segmentArgs } from "./segment-args.ts";
import { planSegment } from "./segment-task.ts";
import { missingPictures, parseCount } from "./source-count.ts";

const MS = { num: 1, den: 1000 };
const IO = {
  input: "file:/s",
  inputKind: "file",
  output: "file:/o",
  seamFile: "file:/m",
  countFile: "file:/c",
  threads: 1,
} as const;

/** Of four seconds at 25 frames a second, up to the third. */
function planned(params: string, startPts: number | null): SegmentTask {
  const index = new GrowingFrameIndex(MS, { num: 25, den: 1 });
  for (let at = 0; at < 100; at += 1)
    index.add({ pts: at * 40, dts: at * 40, duration: 40, bytePosition: at, isKey: at % 25 === 0, isDiscarded: false });
  index.finish();
  const file = { formatName: "matroska,webm", bytes: 4000, startMicroseconds: 0, durationMicroseconds: null };
  const info = { ...file, video: { ...EIGHT_BITS, timeBase: MS }, streams: [], chapterCount: 0 };
  return planSegment({ info, index, grid: null }, parseEncodeParams(params), { startPts, endPts: 3000 }, 0);
}

test("where a new rate hides a lost picture, the run counts those of the source", () => {
  const counted: SegmentTask = { ...planned("-vf fps=10", 1000), sourceFrames: { startPts: 960, frames: 97 } };
  const args = segmentArgs(counted, IO).join(" ");
  expect(args).toContain("[0:0]split=outputs=3[a][b][c];");
  expect(args).toContain(";[c]trim=start_pts=960:end_pts=3000[count] ");
  expect(args).toContain(" -map [count] -c:v wrapped_avframe -fps_mode passthrough -enc_time_base 1/1000 -f framecrc ");
  expect(parseCount("#tb 0: 1/1000\n0, 1, 1, 1, 9, 0x1\n0, 2, 2, 1, 9, 0x2\n")).toBe(2);
  expect(missingPictures(counted, { sourceFrames: 97 })).toBeNull();
  expect(missingPictures(counted, { sourceFrames: 96 })).toContain("96 of the source's 97 pictures");
  expect(missingPictures(counted, { sourceFrames: 96 }, 96)).toBeNull();
});

test("pictures are counted behind fps and -r alone, and for a part of the video alone", () => {
  expect(planned("-vf fps=10", 1000).sourceFrames).toEqual({ startPts: 1000, frames: 50 });
  expect(planned("-vf fps=10", null).sourceFrames).toEqual({ startPts: null, frames: 75 });
  expect(planned("-vf hflip", 1000).sourceFrames).toBeUndefined();
});
