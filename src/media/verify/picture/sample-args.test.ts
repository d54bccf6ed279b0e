// What the source's side of the comparison is given, where the request asks for colours that the source does not have.
import { expect, test } from "bun:test";
import type { SegmentTask } from "../../model/segment.ts";
import type { SourceVideo } from "../../model/source.ts";
import { EIGHT_BITS } from "../../model/source-video.fixture.ts";
import { parseEncodeParams } from "../../request/parse/parse-params.ts";
import type { ComparedForm } from "./compared-form.ts";
import { comparedFormat } from "./measure/raw-format.ts";
import { wholeSourceArgs } from "./sample-args.ts";

function graphOf(pixelFormat: string, range: string, params: string, asked: ComparedForm["asked"]): string {
  const format = comparedFormat("yuv420p");
  if (format === null) throw new Error("there is no such format");
  const video: SourceVideo = { ...EIGHT_BITS, pixelFormat, colour: { ...EIGHT_BITS.colour, range, space: null } };
  const task = {
    video,
    request: parseEncodeParams(params),
    streamIndex: 0,
    formatName: "matroska,webm",
    clockOffsetUs: 0,
    timeBase: { num: 1, den: 1000 },
    startPts: null,
    endPts: null,
    seekPts: null,
    cut: null,
  } as unknown as SegmentTask;
  const args = wholeSourceArgs("in.mkv", task, { format, width: 64, height: 36, asked }, "bt709");
  return args.find((each) => each.startsWith("[0:0]")) ?? "";
}

/** The filters before what all pictures go through. */
function before(...given: Parameters<typeof graphOf>): string {
  const graph = graphOf(...given);
  return graph.slice("[0:0]".length, graph.indexOf("scale=w=64:h=36:out_range=tv")).replace(/,$/, "");
}

const SAID = "format=pix_fmts=yuv420p,setparams=range=pc";
test.each<[string, string, string, string, string]>([
  ["yuv420p", "tv", "-c:v ffv1 -color_range pc", SAID, "scale=out_range=pc,format=pix_fmts=yuv420p"],
  ["yuv420p", "tv", "-c:v ffv1 -color_range full", SAID, "scale=out_range=pc,format=pix_fmts=yuv420p"],
  ["yuvj420p", "pc", "-c:v ffv1 -color_range tv", "format=pix_fmts=yuv420p,setparams=range=tv", ""],
  ["yuvj420p", "pc", "-c:v ffv1 -color_range pc", "", ""],
  ["yuv420p", "tv", "-c:v libx264 -colorspace bt709", "", "scale=out_color_matrix=bt709,format=pix_fmts=yuv420p"],
  ["yuv420p", "tv", "-c:v libx264 -color_trc bt709", "", ""],
])("%s, %s: %s", (pixelFormat, range, params, said, converted) => {
  expect([before(pixelFormat, range, params, "said"), before(pixelFormat, range, params, "converted")]).toEqual([
    said,
    converted,
  ]);
});

test("grey that comes back as luma is read as full range, whatever is said of it", () => {
  for (const range of ["tv", "pc"])
    for (const params of ["-b:v 300k", "-color_range pc", "-color_range tv"])
      expect(before("gray", range, `-c:v libx264 ${params}`, "said")).toBe("setparams=range=full");
  expect(before("gray", "tv", "-c:v libx264 -pix_fmt yuv420p", "said")).toBe("");
});

test("a limited range made of yuvj444p in front of filters has a format that does not say full range", () => {
  const graph = before("yuvj444p", "pc", "-c:v libvpx -pix_fmt yuv420p -vf crop=iw/2:ih/2", "said");
  expect(graph).toBe("scale=out_range=limited,format=pix_fmts=yuv444p,crop=out_w=iw/2:out_h=ih/2");
});

test.each<[ComparedForm["asked"], boolean]>([
  ["said", false],
  ["converted", true],
])("RGB gets the matrix that is asked for only where it is converted to it: %s", (asked, isConverted) => {
  const graph = graphOf("rgb24", "pc", "-c:v libx264 -pix_fmt yuv420p -colorspace bt709", asked);
  expect(graph.includes("out_color_matrix=bt709")).toBe(isConverted);
});
