// HDR metadata: what is read from ffprobe's side data, and the words in which each encoder is told of it.
import { describe, expect, test } from "bun:test";
import { planPicture } from "../plan/picture-plan.ts";
import { videoEncoderArgs } from "../request/args/video-args.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { readHdr } from "./hdr.ts";
import type { SourceVideo } from "./source.ts";
import { HDR10, HDR10_METADATA } from "./source-video.fixture.ts";

const mastering = {
  side_data_type: "Mastering display metadata",
  red_x: "34000/50000",
  red_y: "16000/50000",
  green_x: "13250/50000",
  green_y: "34500/50000",
  blue_x: "9830/65536",
  blue_y: "3000/50000",
  white_point_x: "15635/50000",
  white_point_y: "16450/50000",
  min_luminance: "50/10000",
  max_luminance: "256000/256",
};
const light = { side_data_type: "Content light level metadata", max_content: 1000, max_average: 400 };
const hdr = HDR10_METADATA;
const video: SourceVideo = { ...HDR10, width: 640, height: 360, timeBase: { num: 1, den: 1000 } };
const interlaced: SourceVideo = {
  ...video,
  pixelFormat: "yuv420p",
  fieldOrder: "tt",
  colour: { range: "tv", space: "bt470bg", transfer: "bt470bg", primaries: "bt470bg", chromaLocation: "left" },
};

describe("side data", () => {
  test("in whole units, whatever fractions it comes in", () => {
    expect(readHdr([mastering, light])).toEqual(hdr);
  });
  test("half a mastering display, impossible values and an unknown light level say nothing", () => {
    expect(readHdr([{ ...mastering, red_x: undefined }])).toBeUndefined();
    expect(readHdr([{ ...mastering, max_luminance: "0/10000" }])).toBeUndefined();
    expect(readHdr([{ ...mastering, green_y: "-1/50000" }])).toBeUndefined();
    expect(readHdr([{ ...light, max_content: 0, max_average: 0 }])).toBeUndefined();
    expect(readHdr([{ ...light, max_content: 70_000 }])).toBeUndefined();
  });
  test("metadata of each frame is named", () => {
    const types = ["DOVI configuration record", "Dolby Vision RPU Data", "HDR Dynamic Metadata SMPTE2094-40 (HDR10+)"];
    expect(readHdr(types.map((type) => ({ side_data_type: type })))?.dynamic).toEqual(["Dolby Vision", "HDR10+"]);
  });
});

const args = (text: string, source = video) =>
  videoEncoderArgs(parseEncodeParams(text), { source, threads: 1 }).join(" ");
const UNITS = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)";

test.each([
  [
    "-c:v libx265",
    `-c:v libx265 -x265-params master-display=${UNITS}:max-cll=1000,400:hdr10=1:repeat-headers=1:open-gop=0:pools=1:frame-threads=1`,
  ],
  [
    "-c:v libsvtav1",
    "-c:v libsvtav1 -svtav1-params mastering-display=G(0.26500,0.69000)B(0.15000,0.06000)R(0.68000,0.32000)WP(0.31270,0.32900)L(1000.0000,0.0050):content-light=1000,400:lp=1",
  ],
  ["-c:v libx264", `-c:v libx264 -x264-params mastering-display=${UNITS}:cll=1000,400 -threads 1`],
  ["-c:v libaom-av1", "-c:v libaom-av1 -aom-params chroma-sample-position=colocated -threads 1"],
  ["-c:v libvpx-vp9", "-c:v libvpx-vp9 -threads 1"],
  // Eight bits, other colours, or the user's own word: the source's no longer holds.
  ["-c:v libx265 -pix_fmt yuv420p", "-c:v libx265 -pix_fmt yuv420p -x265-params open-gop=0:pools=1:frame-threads=1"],
  ["-c:v libx264 -color_trc bt709", "-c:v libx264 -color_trc bt709 -threads 1"],
  ["-c:v libx264 -vf format=yuv420p", "-c:v libx264 -threads 1"],
  [
    "-c:v libx264 -vf scale=320:-2 -x264-params cll=5,4",
    `-c:v libx264 -x264-params cll=5,4:mastering-display=${UNITS} -threads 1`,
  ],
])("HDR10 in the encoder's own words: %s", (text, written) => {
  expect(args(text)).toBe(written);
});

test.each([
  ["-c:v libx264", "-c:v libx264 -x264-params tff=1 -threads 1"],
  ["-c:v libx264 -qp 0", "-c:v libx264 -qp 0 -threads 1"],
  ["-c:v libx264 -crf 0", "-c:v libx264 -crf 0 -threads 1"],
  ["-c:v libx264 -profile:v baseline", "-c:v libx264 -profile:v baseline -threads 1"],
  ["-c:v libx264 -vf yadif", "-c:v libx264 -threads 1"],
  ["-c:v libx264 -s 320x180", "-c:v libx264 -threads 1"],
  ["-c:v libx264 -field_order bb", "-c:v libx264 -field_order bb -x264-params bff=1 -threads 1"],
])("fields stay fields in H.264: %s", (text, written) => {
  expect(args(text, interlaced)).toBe(written);
});

describe("what the output must say", () => {
  const plan = (text: string, source: SourceVideo, container: "mp4" | "mkv" | "ts" = "mp4") =>
    planPicture(source, parseEncodeParams(text), container);
  test("everything of an HDR10 source through x265", () => {
    expect(plan("-c:v libx265", video)).toEqual({
      tags: { ...video.colour, fieldOrder: null, sampleAspectRatio: "1:1" },
      hdr: { masteringDisplay: hdr.masteringDisplay, contentLight: hdr.contentLight },
      containerHdr: { masteringDisplay: hdr.masteringDisplay, contentLight: hdr.contentLight },
      notes: ["HDR10 metadata (mastering display and content light level) is in the bitstream, at every key frame"],
    });
  });
  test.each(["libx264", "hevc_nvenc", "av1_qsv", "libaom-av1"])("HDR10 of any encoder whose codec can: %s", (name) => {
    const { hdr: promised, notes } = plan(`-c:v ${name}`, video);
    expect(promised).toEqual({ masteringDisplay: hdr.masteringDisplay, contentLight: hdr.contentLight });
    expect(notes).toContainEqual(expect.stringMatching(/^HDR10 metadata .* is in the bitstream, at every key frame/));
  });
  test("JPEG places chroma in the centre, whatever the source says", () => {
    const { tags, notes } = plan("-c:v mjpeg", interlaced, "mkv");
    expect(interlaced.colour.chromaLocation).not.toBe("center");
    expect(tags.chromaLocation).toBeNull();
    expect(notes).not.toContainEqual(expect.stringMatching(/chroma location left/));
  });
  test("what cannot be kept is named", () => {
    const dovi: SourceVideo = { ...video, hdr: { ...hdr, dynamic: ["Dolby Vision", "HDR10+"] } };
    expect(plan("-c:v libvpx-vp9", dovi)).toMatchObject({
      tags: { chromaLocation: null, transfer: "smpte2084" },
      hdr: null,
      notes: [
        expect.stringMatching(/^Dolby Vision metadata is not kept/),
        expect.stringMatching(/^HDR10\+ metadata is not kept/),
        expect.stringMatching(/^HDR10 metadata .* is not kept: the bitstream of vp9 has no place for it/),
        expect.stringMatching(/^chroma location topleft may not be kept/),
      ],
    });
  });
  test("filters that convert colours end the source's tags; a plain scale does not", () => {
    expect(plan("-c:v libx265 -vf scale=320:-2", video).tags.transfer).toBe("smpte2084");
    expect(plan("-c:v libx265 -vf scale=320:-2:out_color_matrix=bt709", video)).toMatchObject({
      tags: { range: null, space: null, transfer: null, primaries: null },
      hdr: null,
      notes: [expect.stringContaining("not kept: colours or bit depth change")],
    });
  });
  test("the user's tags by ffprobe's names", () => {
    const { tags } = plan("-c:v libx264 -color_trc gamma28 -colorspace bt2020_ncl -color_range full", interlaced);
    expect(tags).toMatchObject({ transfer: "bt470bg", space: "bt2020nc", range: "pc", primaries: "bt470bg" });
  });
});
