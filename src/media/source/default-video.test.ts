import { expect, test } from "bun:test";
import { toSourceInfo } from "./probe-answer.ts";

const video = (index: number, width: number, height: number, more: object = {}) => ({
  index,
  codec_type: "video",
  codec_name: "h264",
  time_base: "1/90000",
  pix_fmt: "yuv420p",
  width,
  height,
  ...more,
});
const chosen = (streams: readonly ReturnType<typeof video>[], encrypted: readonly number[] = []) => {
  const answer = { streams: [...streams], format: { format_name: "mpegts" } };
  return toSourceInfo(answer, "a.ts", 1, undefined, new Set(encrypted)).video.streamIndex;
};

test("the first video that has pictures and can be decoded", () => {
  expect(chosen([video(0, 320, 180), video(1, 640, 360)])).toBe(0);
  expect(chosen([video(0, 640, 360), video(1, 320, 180, { disposition: { default: 1 } })])).toBe(0);
  expect(chosen([video(0, 0, 0), video(1, 320, 180)])).toBe(1);
  expect(chosen([video(0, 640, 360), video(1, 320, 180)], [0])).toBe(1);
  expect(chosen([video(0, 4000, 4000, { disposition: { attached_pic: 1 } }), video(1, 320, 180)])).toBe(1);
});

test("where none has pictures the first is refused; where another has, the choice is named", () => {
  const answer = { streams: [video(0, 0, 0), video(1, 320, 180)], format: { format_name: "mpegts" } };
  expect(() => toSourceInfo(answer, "a.ts", 1, 0)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("-map 0:v:1 picks the one of 320x180") }),
  );
  expect(() => chosen([video(0, 0, 0)])).toThrow(/says no picture size/);
});
