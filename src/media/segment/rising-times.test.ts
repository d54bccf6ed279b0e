import { expect, test } from "bun:test";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import type { SegmentTask } from "../model/segment.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { keptRising } from "./rising-times.ts";
import { segmentArgs } from "./segment-args.ts";
import { planSegment } from "./segment-task.ts";

const MS = { num: 1, den: 1000 };
const IO = {
  input: "file:/s",
  inputKind: "file",
  output: "file:/o",
  seamFile: "file:/m",
  countFile: "file:/c",
  threads: 1,
} as const;

/** Every picture is a key frame. */
function planned(times: readonly number[], endPts: number | null = null) {
  const index = new GrowingFrameIndex(MS, { num: 25, den: 1 });
  for (const at of times)
    index.add({ pts: at, dts: at, duration: null, bytePosition: at, isKey: true, isDiscarded: false });
  index.finish();
  const file = { formatName: "matroska,webm", bytes: 4000, startMicroseconds: 0, durationMicroseconds: null };
  const info = { ...file, video: { ...EIGHT_BITS, timeBase: MS }, streams: [], chapterCount: 0 };
  const request = parseEncodeParams("-vf transpose -c:v libx264");
  return { index, task: planSegment({ info, index, grid: null }, request, { startPts: null, endPts }, 0) };
}

const argsOf = (task: SegmentTask) => segmentArgs(task, IO).join(" ");
const anew = async () => "the pictures change from 96x64 to 128x80";
const never = async () => null;

test("filters that are set up anew forget the last time: ffmpeg's output stage keeps one run's times rising", async () => {
  const { index, task } = planned([0, 40, 80, 80, 120]);
  const args = argsOf(await keptRising(task, index, anew));
  expect(args).toContain(" -fps_mode vfr -enc_time_base 1/1000");
  expect(args).not.toContain("PREV_OUTPTS");
});

test("elsewhere a filter keeps them rising, and nobody asks whether pictures change", async () => {
  const { index, task } = planned([0, 40, 80, 80, 120]);
  const kept = argsOf(await keptRising(task, index, never));
  expect(kept).toContain("PREV_OUTPTS");
  expect(kept).toContain(" -fps_mode passthrough -enc_time_base 1/1000");
  const apart = planned([0, 40, 80, 120]);
  const asked = async () => expect.unreachable("nobody asks");
  // The clock goes back, farther than the output stage would bear.
  const back = planned([0, 40, 80, 80, 20, 60]);
  expect(await keptRising(back.task, back.index, asked)).toBe(back.task);
  const part = planned([0, 40, 80, 80, 120], 80);
  expect(await keptRising(apart.task, apart.index, asked)).toBe(apart.task);
  expect(await keptRising(part.task, part.index, asked)).toBe(part.task);
});
