import { expect, test } from "bun:test";
import { EIGHT_BITS, TEN_BITS } from "../../../model/source-video.fixture.ts";
import { isSameFormat } from "../../../request/args/encoded-format.ts";
import { parseEncodeParams } from "../../../request/parse/parse-params.ts";
import { losesSamples, lostDepth, otherFormat } from "./format-loss.ts";

test.each([
  ["yuv420p10le", "yuv420p", true],
  ["yuv420p10", "yuv420p10le", false],
  ["p010le", "yuv420p", true],
  ["yuv444p", "yuv420p", true],
  ["yuv422p", "yuv444p", false],
  ["yuvj420p", "yuv420p", false],
  ["rgb24", "yuv444p", false],
  ["yuv422p12be", "yuv422p12le", false],
  ["yuva420p", "yuv420p", false],
])("%s as %s: samples are lost: %p", (asked, made, loses) => {
  expect(losesSamples(asked, made)).toBe(loses);
});

test("names of one format", () => {
  expect(isSameFormat("yuvj420p", "yuv420p")).toBe(true);
  expect(isSameFormat("yuv420p10", "yuv420p10le")).toBe(true);
  expect(isSameFormat("yuv420p10le", "yuv420p")).toBe(false);
});

test.each([
  ["libx265", "yuv420p10le", "yuv420p10le"],
  ["libx264", "nv12", "yuv420p"],
  ["libx264", "gray", "yuvj420p"],
  ["libx264", "gray10le", "yuv420p10le"],
  ["libx264rgb", "bgr0", "gbrp"],
  ["libvpx-vp9", "yuva420p", "yuv420p"],
  ["prores_ks", "yuva444p10le", "yuva444p12le"],
  ["huffyuv", "rgb24", "bgr0"],
  ["ffv1", "rgb48le", "gbrp16le"],
])("%s, given %s, makes what is read as %s", (encoder, planned, found) => {
  expect(otherFormat(encoder, planned, found)).toBeNull();
});

test("a stream of fewer bits or of other chroma is not what was planned", () => {
  const words = "its pixel format is yuv420p where yuv420p10le is planned";
  expect(otherFormat("libx265", "yuv420p10le", "yuv420p")).toBe(words);
  expect(otherFormat("libx264", "yuv420p", "yuv422p")).not.toBeNull();
  expect(otherFormat("prores_ks", "yuv444p10le", "yuv422p10le")).not.toBeNull();
});

test("depth that an encoder does not take is said to be lost", () => {
  const request = parseEncodeParams("-c:v libx265");
  const shallow = { ...request, video: { ...request.video, encodedFormat: "yuv420p" } };
  expect(lostDepth(TEN_BITS, shallow)).toEqual([expect.stringMatching(/^depth: .*yuv420p10le.*yuv420p/)]);
  expect(lostDepth(EIGHT_BITS, shallow)).toEqual([]);
  expect(lostDepth(TEN_BITS, request)).toEqual([]);
});
