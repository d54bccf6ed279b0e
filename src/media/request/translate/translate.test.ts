// Whole argument lists of every encoder, for a neutral and for an x264-style request.
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SourceVideo } from "../../model/source.ts";
import { EIGHT_BITS, HDR10, TEN_BITS } from "../../model/source-video.fixture.ts";
import { videoEncoderArgs } from "../args/video-args.ts";
import { checkEncodeRequest } from "../parse/check-request.ts";
import { parseEncodeParams } from "../parse/parse-params.ts";
import { crfOfPercent } from "./neutral.ts";
import { codecCrf, percentOfCrf, scaledCrf, wholeCrf } from "./quality.ts";
import { candidatesFor, translateRequest } from "./translate.ts";

function argsFor(params: string, encoder: string, source = EIGHT_BITS): string {
  const { request } = translateRequest(parseEncodeParams(params), encoder, source);
  return videoEncoderArgs(request, { source }).join(" ");
}

/** `-crf 23 -preset medium`, as one would write it for x264. */
const X264_STYLE: Readonly<Record<string, string>> = {
  libx264: "-c:v libx264 -crf 23 -preset medium -pix_fmt yuv420p -g 250",
  libx265: "-c:v libx265 -crf 26 -preset medium -pix_fmt yuv420p -g 250 -x265-params open-gop=0",
  libsvtav1: "-c:v libsvtav1 -crf 37 -preset 8 -pix_fmt yuv420p -g 250",
  "libaom-av1":
    "-c:v libaom-av1 -crf 37 -b:v 0 -pix_fmt yuv420p -g 250 -cpu-used 4 -row-mt 1 -aom-params chroma-sample-position=vertical",
  "libvpx-vp9": "-c:v libvpx-vp9 -crf 33 -b:v 0 -pix_fmt yuv420p -g 250 -deadline good -cpu-used 3 -row-mt 1",
  h264_nvenc: "-c:v h264_nvenc -cq 23 -b:v 0 -preset p4 -tune hq -pix_fmt yuv420p -g 250 -rc vbr -forced-idr 1",
  hevc_nvenc: "-c:v hevc_nvenc -cq 26 -b:v 0 -preset p4 -tune hq -pix_fmt yuv420p -g 250 -rc vbr -forced-idr 1",
  av1_nvenc: "-c:v av1_nvenc -cq 23 -b:v 0 -preset p4 -tune hq -pix_fmt yuv420p -g 250 -rc vbr -forced-idr 1",
  h264_qsv:
    "-c:v h264_qsv -global_quality 23 -preset medium -pix_fmt nv12 -g 250 -forced_idr 1 -idr_interval 0 -flags +cgop",
  hevc_qsv:
    "-c:v hevc_qsv -global_quality 26 -preset medium -pix_fmt nv12 -g 250 -forced_idr 1 -idr_interval 0 -flags +cgop",
  av1_qsv: "-c:v av1_qsv -global_quality 23 -preset medium -pix_fmt nv12 -g 250 -forced_idr 1 -flags +cgop",
  vp9_qsv: "-c:v vp9_qsv -global_quality 23 -preset medium -pix_fmt nv12 -g 250 -forced_idr 1 -flags +cgop",
  h264_amf:
    "-c:v h264_amf -pix_fmt nv12 -g 250 -usage transcoding -quality balanced -rc cqp -qp_i 23 -qp_p 23 -qp_b 23",
  hevc_amf:
    "-c:v hevc_amf -pix_fmt nv12 -g 250 -usage transcoding -quality balanced -rc cqp -qp_i 26 -qp_p 26" +
    " -header_insertion_mode idr -gops_per_idr 1",
  av1_amf:
    "-c:v av1_amf -pix_fmt nv12 -g 250 -usage transcoding -quality balanced -rc cqp -qp_i 115 -qp_p 115" +
    " -header_insertion_mode frame",
  h264_videotoolbox: "-c:v h264_videotoolbox -q:v 55 -pix_fmt nv12 -g 250 -allow_sw 0 -realtime 0 -flags +cgop",
  hevc_videotoolbox: "-c:v hevc_videotoolbox -q:v 55 -pix_fmt nv12 -g 250 -allow_sw 0 -realtime 0 -flags +cgop",
  h264_vaapi: "-c:v h264_vaapi -qp 23 -g 250 -rc_mode CQP -compression_level 4 -idr_interval 0",
  hevc_vaapi: "-c:v hevc_vaapi -qp 26 -g 250 -rc_mode CQP -compression_level 4 -idr_interval 0",
  av1_vaapi: "-c:v av1_vaapi -global_quality 115 -g 250 -rc_mode CQP -compression_level 4 -idr_interval 0",
  vp9_vaapi: "-c:v vp9_vaapi -global_quality 115 -g 250 -rc_mode CQP -compression_level 4 -idr_interval 0",
};

/** `-quality 80 -speed slow -bf 2 -g 120`, from a source of ten bits. */
const NEUTRAL: Readonly<Record<string, string>> = {
  libx264: "-c:v libx264 -crf 17 -preset slow -pix_fmt yuv420p -g 120 -bf 2",
  libx265: "-c:v libx265 -crf 20 -preset slow -pix_fmt yuv420p10le -g 120 -bf 2 -x265-params open-gop=0",
  libsvtav1: "-c:v libsvtav1 -crf 22 -preset 6 -pix_fmt yuv420p10le -g 120",
  "libaom-av1":
    "-c:v libaom-av1 -crf 22 -b:v 0 -pix_fmt yuv420p10le -g 120 -cpu-used 3 -row-mt 1 -aom-params chroma-sample-position=vertical",
  "libvpx-vp9": "-c:v libvpx-vp9 -crf 20 -b:v 0 -pix_fmt yuv420p10le -g 120 -deadline good -cpu-used 2 -row-mt 1",
  h264_nvenc: "-c:v h264_nvenc -cq 17 -b:v 0 -preset p5 -tune hq -pix_fmt yuv420p -g 120 -bf 2 -rc vbr -forced-idr 1",
  hevc_nvenc: "-c:v hevc_nvenc -cq 20 -b:v 0 -preset p5 -tune hq -pix_fmt p010le -g 120 -bf 2 -rc vbr -forced-idr 1",
  av1_nvenc: "-c:v av1_nvenc -cq 17 -b:v 0 -preset p5 -tune hq -pix_fmt p010le -g 120 -bf 2 -rc vbr -forced-idr 1",
  h264_qsv:
    "-c:v h264_qsv -global_quality 17 -preset slow -pix_fmt nv12 -g 120 -bf 2 -forced_idr 1 -idr_interval 0 -flags +cgop",
  hevc_qsv:
    "-c:v hevc_qsv -global_quality 20 -preset slow -pix_fmt p010le -g 120 -bf 2 -forced_idr 1 -idr_interval 0 -flags +cgop",
  av1_qsv: "-c:v av1_qsv -global_quality 17 -preset slow -pix_fmt p010le -g 120 -bf 2 -forced_idr 1 -flags +cgop",
  vp9_qsv: "-c:v vp9_qsv -global_quality 17 -preset slow -pix_fmt p010le -g 120 -forced_idr 1 -flags +cgop",
  h264_amf:
    "-c:v h264_amf -pix_fmt nv12 -g 120 -bf 2 -usage transcoding -quality quality -rc cqp -qp_i 17 -qp_p 17 -qp_b 17",
  hevc_amf:
    "-c:v hevc_amf -pix_fmt p010le -g 120 -usage transcoding -quality quality -rc cqp -qp_i 20 -qp_p 20" +
    " -header_insertion_mode idr -gops_per_idr 1",
  av1_amf:
    "-c:v av1_amf -pix_fmt p010le -g 120 -usage transcoding -quality quality -rc cqp -qp_i 85 -qp_p 85" +
    " -header_insertion_mode frame",
  h264_videotoolbox: "-c:v h264_videotoolbox -q:v 67 -pix_fmt nv12 -g 120 -bf 2 -allow_sw 0 -realtime 0 -flags +cgop",
  hevc_videotoolbox: "-c:v hevc_videotoolbox -q:v 67 -pix_fmt p010le -g 120 -bf 2 -allow_sw 0 -realtime 0 -flags +cgop",
  h264_vaapi: "-c:v h264_vaapi -qp 17 -g 120 -bf 2 -rc_mode CQP -compression_level 3 -idr_interval 0",
  hevc_vaapi: "-c:v hevc_vaapi -qp 20 -g 120 -bf 2 -rc_mode CQP -compression_level 3 -idr_interval 0",
  av1_vaapi: "-c:v av1_vaapi -global_quality 85 -g 120 -bf 2 -rc_mode CQP -compression_level 3 -idr_interval 0",
  vp9_vaapi: "-c:v vp9_vaapi -global_quality 85 -g 120 -bf 2 -rc_mode CQP -compression_level 3 -idr_interval 0",
};

/** `-b:v 4M -maxrate 6M -bufsize 8M -preset veryfast -tune zerolatency`. */
const BITRATE: Readonly<Record<string, string>> = {
  libx264:
    "-c:v libx264 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 250",
  libx265:
    "-c:v libx265 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 250" +
    " -x265-params open-gop=0",
  libsvtav1: "-c:v libsvtav1 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset 10 -pix_fmt yuv420p -g 250",
  "libaom-av1":
    "-c:v libaom-av1 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -pix_fmt yuv420p -g 250 -cpu-used 7 -row-mt 1" +
    " -aom-params chroma-sample-position=vertical",
  "libvpx-vp9":
    "-c:v libvpx-vp9 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -pix_fmt yuv420p -g 250 -deadline realtime -cpu-used 6 -row-mt 1",
  h264_nvenc:
    "-c:v h264_nvenc -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset p1 -tune ll -pix_fmt yuv420p -g 250 -forced-idr 1",
  hevc_nvenc:
    "-c:v hevc_nvenc -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset p1 -tune ll -pix_fmt yuv420p -g 250 -forced-idr 1",
  av1_nvenc:
    "-c:v av1_nvenc -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset p1 -tune ll -pix_fmt yuv420p -g 250 -forced-idr 1",
  h264_qsv:
    "-c:v h264_qsv -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset veryfast -pix_fmt nv12 -g 250 -forced_idr 1 -idr_interval 0 -flags +cgop",
  hevc_qsv:
    "-c:v hevc_qsv -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset veryfast -pix_fmt nv12 -g 250 -forced_idr 1 -idr_interval 0 -flags +cgop",
  av1_qsv:
    "-c:v av1_qsv -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset veryfast -pix_fmt nv12 -g 250 -forced_idr 1 -flags +cgop",
  vp9_qsv:
    "-c:v vp9_qsv -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -preset veryfast -pix_fmt nv12 -g 250 -forced_idr 1 -flags +cgop",
  h264_amf:
    "-c:v h264_amf -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -pix_fmt nv12 -g 250 -usage transcoding -quality speed -rc vbr_peak",
  hevc_amf:
    "-c:v hevc_amf -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -pix_fmt nv12 -g 250 -usage transcoding -quality speed -rc vbr_peak" +
    " -header_insertion_mode idr -gops_per_idr 1",
  av1_amf:
    "-c:v av1_amf -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -pix_fmt nv12 -g 250 -usage transcoding -quality speed -rc vbr_peak" +
    " -header_insertion_mode frame",
  h264_videotoolbox:
    "-c:v h264_videotoolbox -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -pix_fmt nv12 -g 250 -allow_sw 0 -realtime 0 -flags +cgop",
  hevc_videotoolbox:
    "-c:v hevc_videotoolbox -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -pix_fmt nv12 -g 250 -allow_sw 0 -realtime 0 -flags +cgop",
  h264_vaapi:
    "-c:v h264_vaapi -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -g 250 -compression_level 7 -idr_interval 0",
  hevc_vaapi:
    "-c:v hevc_vaapi -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -g 250 -compression_level 7 -idr_interval 0",
  av1_vaapi:
    "-c:v av1_vaapi -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -g 250 -compression_level 7 -idr_interval 0",
  vp9_vaapi:
    "-c:v vp9_vaapi -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -g 250 -compression_level 7 -idr_interval 0",
};

const CODECS = ["h264", "hevc", "av1", "vp9"] as const;

function goldenOf(params: (codec: string) => string, source: SourceVideo): Record<string, string> {
  const lists: Record<string, string> = {};
  for (const codec of CODECS) {
    const request = parseEncodeParams(params(codec));
    for (const { encoder } of candidatesFor(request, source, null).candidates) {
      lists[encoder] = argsFor(params(codec), encoder, source);
    }
  }
  return lists;
}

test("an x264-style request, whole, for every encoder there is", () => {
  expect(goldenOf((codec) => `-c:v ${codec} -crf 23 -preset medium`, EIGHT_BITS)).toEqual(X264_STYLE);
});

test("a neutral request, whole, for every encoder there is", () => {
  const params = (codec: string) => `-c:v ${codec} -quality 80 -speed slow -bf 2 -g 120`;
  expect(goldenOf(params, TEN_BITS)).toEqual(NEUTRAL);
});

test("a bit rate with its bounds, whole, for every encoder there is", () => {
  const params = (codec: string) => `-c:v ${codec} -b:v 4M -maxrate 6M -bufsize 8M -preset veryfast -tune zerolatency`;
  expect(goldenOf(params, EIGHT_BITS)).toEqual(BITRATE);
});

test("a cap on constant quality goes to those that have one", () => {
  const params = "-c:v h264 -crf 23 -maxrate 6M";
  const found = candidatesFor(parseEncodeParams(params), EIGHT_BITS, null);
  expect(found.candidates.map(({ encoder }) => encoder)).toEqual(["libx264", "h264_nvenc", "h264_qsv"]);
  expect(found.excluded.find(({ encoder }) => encoder === "h264_vaapi")?.reason).toBe(
    "VA-API bounds no bit rate at constant quality",
  );
  expect(argsFor(params, "libx264")).toBe(
    "-c:v libx264 -crf 23 -maxrate 6000000 -bufsize 12000000 -preset medium -pix_fmt yuv420p -g 250",
  );
  expect(argsFor(params, "h264_qsv")).toBe(
    "-c:v h264_qsv -global_quality 23 -b:v 3000000 -maxrate 6000000 -preset medium -pix_fmt nv12 -g 250" +
      " -forced_idr 1 -idr_interval 0 -flags +cgop",
  );
});

test("HDR10 goes to any encoder, and to x265 in its own words", () => {
  const request = parseEncodeParams("-c:v hevc -crf 20");
  expect(candidatesFor(request, HDR10, null).candidates.map(({ family }) => family)).toEqual([
    ...(["software", "nvenc", "qsv", "amf", "videotoolbox", "vaapi"] as const),
  ]);
  expect(candidatesFor(request, HDR10, "nvenc").candidates).toEqual([{ encoder: "hevc_nvenc", family: "nvenc" }]);
  expect(argsFor("-c:v hevc -crf 20", "libx265", HDR10)).toBe(
    "-c:v libx265 -crf 23 -preset medium -pix_fmt yuv420p10le -g 250 -x265-params" +
      " master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400" +
      ":hdr10=1:repeat-headers=1:open-gop=0",
  );
});

test("a request that names its encoder stays as it was written", () => {
  const request = parseEncodeParams("-c:v libx264 -crf 23 -preset slow");
  expect(translateRequest(request, "libx264", EIGHT_BITS)).toEqual({ request, left: [] });
  expect(candidatesFor(request, EIGHT_BITS, null)).toEqual({
    candidates: [{ encoder: "libx264", family: "software" }],
    excluded: [],
  });
});

test("what belongs to one encoder is refused where none is named", () => {
  for (const option of ["-x264-params keyint=50", "-cpu-used 4", "-qp 20", "-level 4.1", "-preset 8"]) {
    expect(() => parseEncodeParams(`-c:v h264 ${option}`)).toThrow();
  }
  expect(() => parseEncodeParams("-c:v hevc -crf 20 -quality 80")).toThrow("a second quality");
});

test("pixel formats beyond 4:2:0, and H.264 of ten bits, are software's", () => {
  const only = (params: string) => candidatesFor(parseEncodeParams(params), EIGHT_BITS, null).candidates;
  expect(only("-c:v h264 -pix_fmt yuv420p10le")).toEqual([{ encoder: "libx264", family: "software" }]);
  expect(only("-c:v hevc -pix_fmt yuv444p")).toEqual([{ encoder: "libx265", family: "software" }]);
});

test("what an encoder has no word for is named", () => {
  const request = parseEncodeParams("-c:v hevc -tune grain -profile:v main10");
  expect(translateRequest(request, "hevc_nvenc", EIGHT_BITS).left).toEqual(["tune grain"]);
  expect(translateRequest(request, "hevc_amf", EIGHT_BITS).left).toEqual(["tune grain", "profile main10"]);
});

const anyParams = fc
  .record({
    codec: fc.constantFrom(...CODECS),
    rate: fc.constantFrom("", "-crf 0", "-crf 51", "-quality 0", "-quality 100", "-b:v 1M", "-crf 20 -maxrate 2M"),
    speed: fc.constantFrom("", "-speed ultrafast", "-preset placebo", "-speed fast"),
    tune: fc.constantFrom("", "-tune film", "-tune psnr", "-tune zerolatency"),
    depth: fc.constantFrom("", "-pix_fmt yuv420p10le", "-pix_fmt yuv422p"),
  })
  .map(({ codec, rate, speed, tune, depth }) => `-c:v ${codec} ${rate} ${speed} ${tune} ${depth}`);

test("every translation is a request that a client accepts", () => {
  fc.assert(
    fc.property(anyParams, fc.constantFrom(EIGHT_BITS, TEN_BITS, HDR10), (params, source) => {
      const request = parseEncodeParams(params);
      expect(checkEncodeRequest(JSON.parse(JSON.stringify(request)))).toEqual(request);
      const { candidates } = candidatesFor(request, source, null);
      expect(candidates.length).toBeGreaterThan(0);
      for (const { encoder } of candidates) {
        const translated = translateRequest(request, encoder, source).request;
        expect(checkEncodeRequest(JSON.parse(JSON.stringify(translated)))).toEqual(translated);
      }
    }),
  );
});

test("more quality is never less quality on any scale", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 51, noNaN: true }), fc.double({ min: 0, max: 51, noNaN: true }), (a, b) => {
      const [fine, coarse] = a < b ? [a, b] : [b, a];
      for (const codec of CODECS) expect(codecCrf(codec, fine)).toBeLessThanOrEqual(codecCrf(codec, coarse));
      expect(wholeCrf("hevc", fine)).toBeLessThanOrEqual(wholeCrf("hevc", coarse));
      expect(scaledCrf(fine, 255)).toBeLessThanOrEqual(scaledCrf(coarse, 255));
      expect(percentOfCrf(fine)).toBeGreaterThanOrEqual(percentOfCrf(coarse));
    }),
  );
  expect([0, 50, 100].map(crfOfPercent)).toEqual([45, 27.5, 10]);
});
