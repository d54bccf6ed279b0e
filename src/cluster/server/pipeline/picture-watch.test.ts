import { expect, test } from "bun:test";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { SegmentTask } from "../../../media/model/segment.ts";
import type { DecodedPicture, SourceInfo } from "../../../media/model/source.ts";
import { EIGHT_BITS } from "../../../media/model/source-video.fixture.ts";
import { parseEncodeParams } from "../../../media/request/parse/parse-params.ts";
import { isOnlyScaled, PictureWatch } from "./picture-watch.ts";

const FIRST: DecodedPicture = {
  shape: { width: 96, height: 64, pixelFormat: "yuv420p", sampleAspectRatio: null },
  text: "96x64 0/1 9216",
};
/** Nothing of it can be run. */
const NO_TOOLS = { ffmpeg: "/nowhere/ffmpeg", sandbox: { mode: "off", programs: [] } } as unknown as Tools;

test("the picture that was decoded before the job is the one that segments are held against", async () => {
  const video = async () => ({ path: "/nowhere/in.mkv", info: {} as SourceInfo, first: FIRST });
  const watch = new PictureWatch({ tools: NO_TOOLS, signal: new AbortController().signal, video });
  const request = parseEncodeParams("-c:v libx264");
  const task = { video: EIGHT_BITS, request } as SegmentTask;
  expect(await watch.otherThanFirst(task, { decoded: FIRST.text })).toBeNull();
  expect(watch.stated).toBeUndefined();
  expect(await watch.otherThanFirst(task, { decoded: "48x32 0/1 2304" })).toContain("48x32 0/1 2304");
  expect(watch.stated).toEqual(FIRST.shape);
});

test("pictures of another size are made like the first one where nothing but the scaler comes before the encoder", () => {
  const only = (params: string, rotationDegrees = 0) =>
    isOnlyScaled({ video: { ...EIGHT_BITS, rotationDegrees }, request: parseEncodeParams(params) });
  expect(only("-c:v libx264")).toBe(true);
  expect(only("-c:v libx264 -vf yadif")).toBe(false);
  expect(only("-c:v libx264 -pix_fmt yuv444p")).toBe(false);
  // ffmpeg's own filter turns them, set up for one size, before they are scaled.
  for (const degrees of [90, -90, 180]) expect(only("-c:v libx264", degrees)).toBe(false);
});
