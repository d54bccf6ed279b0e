import { describe, expect, test } from "bun:test";
import type { SourceVideo } from "../model/source.ts";
import { EIGHT_BITS, TEN_BITS } from "../model/source-video.fixture.ts";
import { filterChain, renderedChain } from "../request/args/video-args.ts";
import { checkEncodeRequest } from "../request/parse/check-request.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { forContainer } from "./container-range.ts";
import { isFullRange, isLumaAndChroma } from "./pixel-kind.ts";
import {
  convertsPictures,
  isFullByFormat,
  isRangeUpToVersion,
  outputRange,
  type PictureRange,
  stateRange,
} from "./range-path.ts";

const as = (pixelFormat: string, range: string | null, of: SourceVideo = EIGHT_BITS): SourceVideo => ({
  ...of,
  pixelFormat,
  colour: { ...of.colour, range, space: null },
});
const PHONE = as("yuvj420p", "pc");
const DEEP = as("yuv420p10le", "pc", TEN_BITS);
const LIMITED = as("yuv420p", "tv");

function chain(video: SourceVideo, text: string): string {
  const request = parseEncodeParams(text);
  const { before, calls, after } = stateRange(video, request, filterChain(request));
  return [...before, ...renderedChain(request, calls), ...after].join(",");
}

test.each([
  ["yuvj422p nv12 nv16 p010le p210le yuyv422 uyvy422 yuva444p10le yuv410p y210le xv30le ayuv64le vuya", true],
  ["rgb24 bgr0 gbrp gbrap12le gray gray10le ya8 pal8 monob rgba x2rgb10le unknown", false],
])("luma and chroma: %s", (formats, expected) => {
  for (const format of formats.split(" ")) expect([format, isLumaAndChroma(format)]).toEqual([format, expected]);
});

test.each([
  ["yuvj420p", null, true],
  ["yuv420p10le", "pc", true],
  ["yuv420p", "tv", false],
  ["yuv420p", null, false],
  ["rgb24", "pc", false],
  ["gray", "pc", false],
])("%s tagged %s", (format, range, expected) => {
  expect(isFullRange(as(format, range))).toBe(expected);
});

describe("the chain of filters", () => {
  test.each([
    ["-c:v ffv1", "scale=out_range=full,setparams=range=limited"],
    ["-c:v ffv1 -pix_fmt yuvj420p", "scale=out_range=full,setparams=range=limited"],
    ["-c:v ffv1 -color_range pc", "scale=out_range=full"],
    ["-c:v libvpx", "scale=out_range=limited"],
    ["-c:v libx264", "scale=out_range=full"],
    ["-c:v libsvtav1", "scale=out_range=full"],
    ["-c:v h264_vaapi", "scale=out_range=full"],
    ["-c:v libx264 -vf hue=s=0", "scale=out_range=full,hue=s=0,scale=out_range=full"],
    ["-c:v libx264 -s 64x36", "scale=w=64:h=36:out_range=full"],
    [
      "-c:v libx264 -vf crop=64:36,scale=32:18,hflip",
      "scale=out_range=full,crop=out_w=64:out_h=36,scale=w=32:h=18:out_range=full,hflip",
    ],
    // What the user asks to be converted is converted as in plain ffmpeg.
    ["-c:v libx264 -pix_fmt yuv420p", ""],
    ["-c:v libx264 -vf scale=out_range=tv", "scale=out_range=tv"],
    ["-c:v ffv1 -pix_fmt yuv420p", ""],
    ["-c:v ffv1 -vf scale=out_range=full", "scale=out_range=full,setparams=range=limited"],
    // Limited in every version.
    ["-c:v mpeg4", ""],
    ["-c:v prores_ks -vf scale=out_range=full", "scale=out_range=full,scale=out_range=limited"],
    ["-c:v h264_amf", "scale=out_range=limited"],
    ["-c:v libx264rgb", ""],
    ["-c:v mjpeg", ""],
    // The format's name, which such filters hand on, says full range: squeezed behind them, as without a word.
    ["-c:v prores_ks -vf tmix=frames=2", "tmix=frames=2"],
    ["-c:v libvpx -vf tmix=frames=2", "scale=out_range=limited,tmix=frames=2"],
  ])("of a phone's clip: %s", (text, expected) => {
    expect(chain(PHONE, text)).toBe(expected);
  });

  test.each([
    ["-c:v prores_ks", "scale=out_range=limited"],
    ["-c:v mpeg4 -s 64x36", "scale=w=64:h=36:out_range=limited"],
    ["-c:v utvideo -vf crop=64:36", "scale=out_range=limited,crop=out_w=64:out_h=36"],
    ["-c:v prores_ks -color_range pc", "scale=out_range=full"],
    ["-c:v libx265 -pix_fmt yuv420p10le", "scale=out_range=full"],
    ["-c:v libx265 -pix_fmt yuv420p", ""],
    // Behind a filter that says nothing of the range any more.
    ["-c:v libx264 -vf tmix=frames=2", "scale=out_range=full,tmix=frames=2,setparams=range=full,scale=out_range=full"],
    ["-c:v prores_ks -vf tmix=frames=2", "scale=out_range=limited,tmix=frames=2"],
    ["-c:v prores_ks -vf tmix=frames=2,scale=32:18", "scale=out_range=limited,tmix=frames=2,scale=w=32:h=18"],
    ["-c:v prores_ks -vf scale=32:18,tmix=frames=2", "scale=w=32:h=18:out_range=limited,tmix=frames=2"],
    [
      "-c:v libx264 -vf tmix=frames=2,scale=32:18",
      "scale=out_range=full,tmix=frames=2,scale=w=32:h=18:in_range=full:out_range=full,setparams=range=full",
    ],
    ["-c:v libx264 -pix_fmt yuv420p -vf tmix=frames=2", "tmix=frames=2,setparams=range=full"],
  ])("of ten bits with a tag: %s", (text, expected) => {
    expect(chain(DEEP, text)).toBe(expected);
  });

  test("a range that a filter names and the next one forgets is said again", () => {
    const filters = "-vf scale=out_range=full,tmix=frames=2";
    expect(chain(LIMITED, `-c:v libx264 ${filters}`)).toBe("scale=out_range=full,tmix=frames=2,setparams=range=full");
    expect(chain(LIMITED, "-c:v libx264 -vf scale=out_range=tv,tmix=frames=2")).not.toContain("setparams");
  });

  test.each([
    [PHONE, "-c:v ffv1", ""],
    [PHONE, "-c:v ffv1 -vf tmix=frames=3", "tmix=frames=3"],
    [DEEP, "-c:v ffv1", "scale=out_range=limited"],
    [DEEP, "-c:v ffv1 -s 64x36", "scale=w=64:h=36:out_range=limited"],
    [DEEP, "-c:v libx264", "scale=out_range=full"],
    [LIMITED, "-c:v ffv1 -vf scale=out_range=full", "scale=out_range=full,scale=out_range=limited"],
  ])("in MOV: %#, %s", (video, text, expected) => {
    const request = forContainer(parseEncodeParams(text), "mov");
    const { before, calls, after } = stateRange(video, request, filterChain(request));
    expect([...before, ...renderedChain(request, calls), ...after].join(",")).toBe(expected);
  });

  test("of limited range, RGB and grey there is nothing to state", () => {
    for (const video of [LIMITED, as("yuv420p", null), as("rgb24", "pc"), as("gray", "pc")])
      for (const encoder of ["ffv1", "libx264", "prores_ks", "mjpeg"]) expect(chain(video, `-c:v ${encoder}`)).toBe("");
  });
});

describe("the matrix behind a scale, which 7.0 forgets", () => {
  const tagged: SourceVideo = { ...PHONE, colour: { ...PHONE.colour, space: "bt709" } };
  const limited: SourceVideo = { ...LIMITED, colour: { ...LIMITED.colour, space: "bt2020nc" } };
  const sources = { tagged, limited };
  test.each([
    ["tagged", "-c:v libx264", "scale=out_range=full,setparams=colorspace=bt709"],
    ["tagged", "-c:v ffv1", "scale=out_range=full,setparams=range=limited,setparams=colorspace=bt709"],
    ["limited", "-c:v libx264 -s 64x36", "scale=w=64:h=36,setparams=colorspace=bt2020nc"],
    ["limited", "-c:v libx264 -s 64x36 -colorspace bt709", "scale=w=64:h=36"],
    ["limited", "-c:v libx264 -vf scale=out_color_matrix=bt709", "scale=out_color_matrix=bt709"],
    ["tagged", "-c:v libx264 -pix_fmt yuv420p", "format=pix_fmts=yuv420p,setparams=colorspace=bt709"],
    ["tagged", "-c:v libx264 -pix_fmt rgb24", ""],
    ["limited", "-c:v hevc_vaapi -pix_fmt p010le", ""],
    ["limited", "-c:v libx264 -pix_fmt yuv420p", ""],
    ["limited", "-c:v libx264", ""],
    // The conversion that ffmpeg would make by itself stands before it.
    ["tagged", "-c:v mpeg2video", "scale,setparams=colorspace=bt709"],
    ["limited", "-c:v mpeg2video", ""],
    ["limited", "-c:v libx264rgb -s 64x36", "scale=w=64:h=36"],
  ] as const)("%s: %s", (source, text, expected) => {
    expect(chain(sources[source], text)).toBe(expected);
  });
});

test("the matrix behind a conversion to the format that the server's trial has found", () => {
  const video: SourceVideo = { ...DEEP, colour: { ...DEEP.colour, range: "tv", space: "bt709" } };
  const request = parseEncodeParams("-c:v mpeg2video");
  const found = { ...request, video: { ...request.video, encodedFormat: "yuv420p" } };
  const { after } = stateRange(video, found, filterChain(found));
  expect(after.join(",")).toBe("format=pix_fmts=yuv420p,setparams=colorspace=bt709");
});

describe("the range of the output", () => {
  const range = (video: SourceVideo, text: string) => outputRange(video, parseEncodeParams(text));
  test.each<[string, PictureRange | null, PictureRange | null, PictureRange | null]>([
    ["-c:v ffv1", "pc", "pc", "tv"],
    ["-c:v libx264", "pc", "pc", "tv"],
    ["-c:v libaom-av1", "pc", "pc", "tv"],
    ["-c:v hevc_amf", "tv", "tv", "tv"],
    ["-c:v mpeg4", "tv", "tv", "tv"],
    ["-c:v mjpeg", "pc", "pc", "pc"],
    ["-c:v libx264rgb", null, null, null],
    ["-c:v libx264 -pix_fmt yuv420p", null, null, "tv"],
    ["-c:v libx264 -pix_fmt yuvj420p", "pc", null, null],
    ["-c:v ffv1 -pix_fmt yuv420p", "tv", "tv", "tv"],
    ["-c:v ffv1 -vf scale=out_range=pc", "pc", "pc", "pc"],
    ["-c:v ffv1 -vf scale=out_range=pc,setrange=tv", "tv", "tv", "tv"],
    ["-c:v libx264 -vf scale=out_range=tv", null, null, null],
    ["-c:v ffv1 -color_range pc", "pc", "pc", "pc"],
    ["-c:v prores_ks -color_range pc", "pc", "pc", "pc"],
    ["-c:v libx264 -color_range pc", "pc", "pc", "pc"],
    ["-c:v libx264 -color_range tv", null, null, "tv"],
    ["-c:v libx264 -vf tonemap,format=yuv420p", null, null, null],
    ["-c:v ffv1 -vf format=rgb24", null, null, null],
  ])("%s: yuvj420p %p, ten bits pc %p, tv %p", (text, ofPhone, ofDeep, ofLimited) => {
    expect([PHONE, DEEP, LIMITED].map((video) => range(video, text))).toEqual([ofPhone, ofDeep, ofLimited]);
  });

  test("RGB and grey have one only where the codec knows luma and chroma alone", () => {
    for (const format of ["rgb24", "gray", "pal8"]) {
      expect(range(as(format, "pc"), "-c:v prores_ks")).toBe("tv");
      expect(range(as(format, "pc"), "-c:v ffv1")).toBeNull();
      expect(range(as(format, "pc"), "-c:v libx264")).toBeNull();
    }
  });

  test("versions of ffmpeg give other ranges where the request converts full range", () => {
    const isUpToVersion = (video: SourceVideo, text: string) => isRangeUpToVersion(video, parseEncodeParams(text));
    expect(isUpToVersion(PHONE, "-c:v libx264 -pix_fmt yuv420p")).toBe(true);
    expect(isUpToVersion(PHONE, "-c:v libx264")).toBe(false);
    expect(isUpToVersion(PHONE, "-c:v ffv1 -pix_fmt yuv420p")).toBe(false);
    expect(isUpToVersion(LIMITED, "-c:v libx264 -pix_fmt yuv420p")).toBe(false);
    expect(isUpToVersion(as("gray", null), "-c:v libx264")).toBe(true);
  });

  test("of RGB and grey that no codec says it of, the container says that they have full range", () => {
    const isFull = (video: SourceVideo, text: string) => isFullByFormat(video, parseEncodeParams(text));
    expect(["gray", "bgr0", "pal8"].map((format) => isFull(as(format, null), "-c:v ffv1"))).toEqual([true, true, true]);
    expect(isFull(as("bgr0", null), "-c:v utvideo")).toBe(true);
    expect(isFull(LIMITED, "-c:v ffv1 -vf format=gray")).toBe(true);
    expect(isFull(as("gray", null), "-c:v ffv1 -pix_fmt yuv420p")).toBe(false);
    expect(isFull(as("gray", null), "-c:v ffv1 -color_range tv")).toBe(false);
    for (const encoder of ["libx264", "libx264rgb", "mjpeg", "prores_ks"])
      expect(isFull(as("gray", null), `-c:v ${encoder}`)).toBe(false);
  });
});

test("a client takes the word of the server that the container has no place for the range", () => {
  const request = forContainer(parseEncodeParams("-c:v ffv1 -vf tmix=frames=3"), "mov");
  expect(checkEncodeRequest(request)).toEqual(request);
});

test.each([
  ["full range that the encoder takes", PHONE, "-c:v libx264", false],
  ["full range that MPEG-4 can't state", PHONE, "-c:v mpeg4", true],
  ["full range that the container can't state", PHONE, "-c:v ffv1", true],
  ["limited range", LIMITED, "-c:v mpeg4", false],
  ["limited range, asked to be full", LIMITED, "-c:v libx264 -color_range pc", true],
  ["another format", LIMITED, "-c:v libx264 -pix_fmt yuv444p", true],
  ["RGB that stays", as("bgr0", "pc"), "-c:v ffv1", false],
] as const)("ffmpeg converts pictures on the way to the encoder: %s", (_, video, text, expected) => {
  expect(convertsPictures(video, forContainer(parseEncodeParams(text), "mov"))).toBe(expected);
});
