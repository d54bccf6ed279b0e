import { expect, test } from "bun:test";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { mustFilterAlone } from "./filters-alone.ts";

const OLD = { major: 5, minor: 1 };
const DITHERS = { major: 7, minor: 0 };

test.each([
  ["yuv420p", "", OLD, false],
  ["yuv420p10le", "", OLD, false],
  ["yuv420p10le", "", DITHERS, true],
  ["yuv420p", "", DITHERS, false],
  ["yuv410p", "", OLD, true],
  ["yuv411p", "", OLD, false],
  ["yuv420p", " -vf format=yuv410p", OLD, true],
])("%s%s", (pixelFormat, filters, release, expected) => {
  const request = parseEncodeParams(`-c:v libx264${filters}`);
  expect(mustFilterAlone(release, { video: { ...EIGHT_BITS, pixelFormat }, request })).toBe(expected);
});
