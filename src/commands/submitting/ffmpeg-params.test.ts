import { expect, test } from "bun:test";
import { AppError } from "../../base/errors.ts";
import { ffmpegParamsOf } from "./ffmpeg-params.ts";
import { submitOptions } from "./options.ts";

const nothing = { "ffmpeg-params": null, codec: null, crf: null, quality: null, speed: null, size: null, audio: null };
type Asked = Parameters<typeof ffmpegParamsOf>[0];
const made = (given: Partial<Asked>) => ffmpegParamsOf({ ...nothing, ...given });

function refusal(given: Partial<Asked>): string {
  try {
    return `made ${made(given)}`;
  } catch (thrown) {
    return thrown instanceof AppError ? `${thrown.code}: ${thrown.message}` : String(thrown);
  }
}

test("the options stand before --ffmpeg-params, in its words", () => {
  expect(made({})).toBeNull();
  expect(made({ crf: "23" })).toBe("-crf 23");
  expect(made({ codec: "hevc", crf: "24.5", speed: "slow", "ffmpeg-params": "-an" })).toBe(
    "-c:v hevc -crf 24.5 -speed slow -an",
  );
  expect(made({ size: "700M", audio: "normalize" })).toBe("-size 700M -loudness:a -23");
});

test("a contradiction names both sides", () => {
  const cases: [Partial<Asked>, string][] = [
    [{ codec: "hevc", "ffmpeg-params": "-c:v libx264" }, "--codec hevc and -c:v libx264"],
    [{ codec: "hevc", "ffmpeg-params": "-an -vcodec libx264" }, "--codec hevc and -vcodec libx264"],
    [{ crf: "20", "ffmpeg-params": "-c:v libx265 -crf 18" }, "--crf 20 and -crf 18"],
    [{ codec: "av1", crf: "20", quality: 70 }, "--crf 20 and --quality 70"],
    [{ codec: "av1", quality: 70, size: "700M" }, "--quality 70 and --size 700M"],
    [{ codec: "av1", speed: "fast", "ffmpeg-params": "-preset slow" }, "--speed fast and -preset slow"],
    [{ size: "700M", "ffmpeg-params": "-b:v 2M" }, "--size 700M and -b:v 2M"],
    [{ audio: "normalize", "ffmpeg-params": "-loudness:a -16" }, "--audio normalize and -loudness:a -16"],
  ];
  for (const [given, sides] of cases) expect(refusal(given)).toBe(`E_USAGE: ${sides} contradict each other`);
  expect(refusal({ quality: 70 })).toBe("E_USAGE: --quality needs --codec");
  expect(refusal({ codec: "hevc", "ffmpeg-params": "-c:a copy -b:a 128k" })).toStartWith("made");
});

test("codecs by the names that people use; an encoder is told where it goes", () => {
  const { parse } = submitOptions.codec;
  expect(["h265", "H.265", "HEVC", "avc", "av1"].map((word) => parse([word]))).toEqual([
    ...(["hevc", "hevc", "hevc", "h264", "av1"] as const),
  ]);
  expect(() => parse(["x265"])).toThrow(`an encoder goes in --ffmpeg-params "-c:v libx265"`);
  expect(() => parse(["hevc_nvenc"])).toThrow(`an encoder goes in --ffmpeg-params "-c:v hevc_nvenc"`);
  expect(() => parse(["mpeg5"])).toThrow("expected one of h264, hevc, av1, vp9");
  expect(submitOptions.crf.parse(["23.5"])).toBe("23.5");
  expect(() => submitOptions.crf.parse(["good"])).toThrow("expected a number from 0 to 63");
  expect(submitOptions["wait-for-family"].parse(["2m"])).toBe(120);
  expect(submitOptions["wait-for-family"].parse(["ever"])).toBe("ever");
});
