import { expect, test } from "bun:test";
import { EIGHT_BITS } from "../../model/source-video.fixture.ts";
import { parseEncodeParams } from "../../request/parse/parse-params.ts";
import { outputFile, type PicturesInput } from "./comparison.ts";

test.each([
  ["gray", "-c:v libx264", true],
  ["gray10le", "-c:v libx264", true],
  ["gray", "-c:v libx264 -pix_fmt yuv420p", false],
  ["gray", "-c:v libx265", false],
  ["yuv420p", "-c:v libx264", false],
])("of %s with %s the luma of the output is read as full range: %p", (pixelFormat, params, expected) => {
  const info = { video: { ...EIGHT_BITS, pixelFormat } };
  const input = { outputPath: "/out", container: "mkv", info, request: parseEncodeParams(params) } as PicturesInput;
  expect(outputFile(input).isFullRange).toBe(expected);
});
