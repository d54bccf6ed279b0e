import { expect, test } from "bun:test";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import type { SourceInfo } from "../model/source.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { frameTimingOf } from "../plan/frame-timing.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { mayCrowd, requireSpreadTimes } from "./crowded-times.ts";

const MILLISECONDS = { num: 1, den: 1000 };
const REQUEST = parseEncodeParams("-c:v ffv1");
const AS_THEY_ARE = frameTimingOf(REQUEST, MILLISECONDS);

/** One group; `shown` in milliseconds, 40 each. */
function indexOf(shown: readonly number[]): GrowingFrameIndex {
  const index = new GrowingFrameIndex(MILLISECONDS, { num: 25, den: 1 });
  for (const [position, pts] of shown.entries()) {
    const packet = { pts, dts: position * 40, duration: 40, bytePosition: null, isDiscarded: false };
    index.add({ ...packet, isKey: position === 0 });
  }
  index.finish();
  return index;
}

const info = (codec: string) => ({ video: { ...EIGHT_BITS, codec, timeBase: MILLISECONDS } }) as SourceInfo;

test("doubles are looked at, but not those that a codec or a rate explains", () => {
  const twice = indexOf([0, 40, 40, 120, 160, 200]);
  expect(mayCrowd(twice, info("h264"), AS_THEY_ARE)).toBe(true);
  expect(mayCrowd(indexOf([0, 40, 80, 120, 160, 200]), info("h264"), AS_THEY_ARE)).toBe(false);
  expect(mayCrowd(twice, info("vp9"), AS_THEY_ARE)).toBe(false);
  expect(mayCrowd(twice, info("h264"), frameTimingOf(parseEncodeParams("-c:v ffv1 -r 25"), MILLISECONDS))).toBe(false);
});

test("pictures that a decoder spreads are fine; three at once are refused, with the rate that helps", () => {
  const index = indexOf([0, 40, 40, 40, 160, 200, 240]);
  requireSpreadTimes(index, REQUEST, [0, 40, 80, 120, 160, 200, 240]);
  const crowded = () => requireSpreadTimes(index, REQUEST, [0, 40, 41, 42, 43, 44, 200, 240]);
  expect(crowded).toThrow("the source gives several pictures one time: pictures 1 to ");
});
