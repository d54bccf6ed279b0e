// Which clients may make what only one run, or the end of a stream, decides.
import { describe, expect, test } from "bun:test";
import type { SourceInfo } from "../model/source.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { alikeReleases } from "./alike-releases.ts";

const rate = (num: number, den = 1) => ({ num, den });
function source(realFrameRate = rate(30), averageFrameRate = rate(30)): SourceInfo {
  const picture = { pixelFormat: "yuv420p", colour: { range: null, space: null } };
  return { video: { timeBase: rate(1, 90_000), realFrameRate, averageFrameRate, ...picture } } as unknown as SourceInfo;
}
const server = (major: number, minor: number) => ({ major, minor, version: `${major}.${minor}` });
const release = (major: number, minor: number) => ({ major, minor });
/** The same rate all through. */
function coloured(pixelFormat: string, range: string | null, space: string | null): SourceInfo {
  const { video } = source();
  return { video: { ...video, pixelFormat, colour: { range, space } } } as unknown as SourceInfo;
}
const VARIABLE = source(rate(30), rate(1200, 41));

test("-r that one run makes: 5.1 and 6.0, 6.1 to 7.1, and 8.0 on make the same", () => {
  const range = (major: number, minor: number) =>
    alikeReleases(server(major, minor), source(), parseEncodeParams("-r 25"));
  expect(range(5, 1)).toMatchObject({ from: release(5, 1), before: release(6, 1) });
  expect(range(7, 1)).toMatchObject({ from: release(6, 1), before: release(8, 0) });
  expect(range(10, 0)).toMatchObject({ from: release(8, 0), before: null });
  expect(range(7, 1)?.others).toBe("makes -r 25 of this source otherwise than the server's 7.1");
});

test("a planned cadence is the same in all releases", () => {
  const request = parseEncodeParams("-r 25");
  const cadence = { tick: rate(1, 1000), shifts: [[0, 0]] as const, end: 25 };
  const planned = { ...request, video: { ...request.video, cadence } };
  expect(alikeReleases(server(5, 1), VARIABLE, planned)).toBeNull();
});

test("the end behind fps differs only of a variable rate", () => {
  const filtered = parseEncodeParams("-vf fps=24,hqdn3d");
  expect(alikeReleases(server(9, 0), source(), filtered)).toBeNull();
  expect(alikeReleases(server(9, 0), VARIABLE, filtered)).toMatchObject({ from: release(7, 0), before: null });
  expect(alikeReleases(server(6, 0), VARIABLE, filtered)).toMatchObject({ from: release(5, 1), before: release(7, 0) });
  expect(alikeReleases(server(9, 0), VARIABLE, parseEncodeParams("-vf hqdn3d"))).toBeNull();
});

describe("colours that are asked for", () => {
  const LIMITED = coloured("yuv420p", "tv", "smpte170m");
  const DEEP = coloured("yuv420p10le", "pc", "bt709");
  const PHONE = coloured("yuvj420p", "pc", "bt709");
  const GREY = coloured("gray", null, null);

  test("until 7.0 they are said, since then converted, and levels are rounded otherwise since 8.0 and 8.1", () => {
    const range = (major: number, minor: number) =>
      alikeReleases(server(major, minor), LIMITED, parseEncodeParams("-c:v ffv1 -color_range pc"));
    expect(range(6, 0)).toMatchObject({ from: release(5, 1), before: release(7, 0) });
    expect(range(7, 0)).toMatchObject({ from: release(7, 0), before: release(7, 1) });
    expect(range(7, 1)).toMatchObject({ from: release(7, 1), before: release(8, 0) });
    expect(range(8, 0)).toMatchObject({ from: release(8, 0), before: release(8, 1) });
    expect(range(9, 0)).toMatchObject({ from: release(8, 1), before: null });
    expect(range(7, 0)?.others).toBe(
      "converts to the colours asked for or converts the levels of the picture otherwise than the server's 7.0",
    );
  });

  test.each<[string, SourceInfo, string, boolean]>([
    ["another matrix", LIMITED, "-c:v libx264 -colorspace bt709", true],
    ["the matrix that the source has", LIMITED, "-c:v libx264 -colorspace smpte170m", false],
    ["the range that the source has", LIMITED, "-c:v libx264 -color_range tv", false],
    ["the same range, behind a filter", LIMITED, "-c:v libx264 -vf scale=out_range=pc -color_range tv", true],
    ["full range made limited by the request", DEEP, "-c:v libx264 -color_range tv", true],
    ["transfer and primaries, which nothing converts", LIMITED, "-c:v libx264 -color_trc bt709", false],
  ])("%s: divided at 7.1 %#", (_, from, params, isDivided) => {
    const found = alikeReleases(server(7, 1), from, parseEncodeParams(params));
    expect(found?.from ?? null).toEqual(isDivided ? release(7, 1) : null);
  });

  test.each<[string, SourceInfo, string, boolean]>([
    ["a phone's clip for ProRes", PHONE, "-c:v prores_ks", true],
    ["a phone's clip for FFV1, which keeps it", PHONE, "-c:v ffv1", false],
    ["limited range for Motion JPEG", LIMITED, "-c:v mjpeg", true],
    ["grey for ProRes", GREY, "-c:v prores_ks", true],
    ["limited range as it is", LIMITED, "-c:v ffv1 -s 64x36", false],
    ["a filter that makes it full", LIMITED, "-c:v ffv1 -vf scale=out_range=full", true],
  ])("levels of %s", (_, from, params, isDivided) => {
    const found = alikeReleases(server(8, 1), from, parseEncodeParams(params));
    expect(found?.from ?? null).toEqual(isDivided ? release(8, 1) : null);
  });
});
