import { expect, test } from "bun:test";
import type { SourceInfo } from "../model/source.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { EVERY_KIND, sourceStream } from "../verify/every-kind.fixture.ts";
import { stereoArgs } from "./stereo-mode.ts";
import { planStreams } from "./stream-plan.ts";
import { timecodeArgs, timecodeOf } from "./timecode.ts";

const CODE = "10:20:30:12";
const data = sourceStream(6, "data", "unknown", { timecode: CODE });
const withTrack: SourceInfo = { ...EVERY_KIND, streams: [...EVERY_KIND.streams.slice(0, 6), data] };

test("a timecode stands with the picture, in a track of its own, or with the file", () => {
  const [video, ...others] = EVERY_KIND.streams;
  if (video === undefined) throw new Error("the fixture has no video");
  const own = { ...EVERY_KIND, streams: [{ ...video, timecode: CODE }, ...others] };
  expect(timecodeOf(own)).toBe(CODE);
  expect(timecodeOf(withTrack)).toBe(CODE);
  expect(timecodeOf({ ...EVERY_KIND, timecode: CODE })).toBe(CODE);
  expect(timecodeOf(EVERY_KIND)).toBeNull();
});

test.each([
  ["", CODE],
  ["-map_metadata -1", null],
  ["-metadata:s:v timecode=00:00:00:00", null],
])("%p keeps %p", (params, kept) => {
  const plan = planStreams(withTrack, parseEncodeParams(params), "mov");
  expect(plan.timecode).toBe(kept);
  expect(timecodeArgs(plan.timecode)).toEqual(kept === null ? [] : ["-metadata:s:v:0", `timecode=${CODE}`]);
  const reason = plan.leftOut.find(({ source }) => source.type === "data")?.reason;
  expect(reason?.includes("goes with the picture")).toBe(kept !== null);
});

test.each([
  ["mkv", "side by side", 0, "left_right"],
  ["mkv", "top and bottom", 1, "bottom_top"],
  ["webm", "checkerboard", 0, null],
  ["mp4", "side by side", 0, null],
  ["mkv", "2D", 0, null],
] as const)("%s, %s, inverted %d: stereo mode %p", (container, type, inverted, mode) => {
  const args = stereoArgs(container, { sideData: [{ side_data_type: "Stereo 3D", type, inverted }] });
  expect(args).toEqual(mode === null ? [] : ["-metadata:s:v:0", `stereo_mode=${mode}`]);
});
