// The video encoders that ffcluster accepts: family, codec, and the values of their common options. A trial encode
// shows whether a machine can run one.

import type { QualityKind } from "../../model/encode-request.ts";
import type { EncoderFamily } from "../../model/encoder-family.ts";
import { closest, refuse } from "../values/refuse.ts";
import type { Range } from "../values/values.ts";
import { NEUTRAL_CODECS, SPEEDS } from "./neutral-codecs.ts";

/** Which of the library parameter strings an encoder reads. */
export type ParamsKind = "x264" | "x265" | "svtav1" | "aom";

export interface VideoEncoder {
  readonly name: string;
  readonly family: EncoderFamily;
  /** ffprobe's codec_name. */
  readonly codec: string;
  readonly quality: Partial<Readonly<Record<QualityKind, Range>>>;
  /** Names, or a range of numbers; null: the encoder has no -preset. */
  readonly presets: readonly string[] | Range | null;
  /** Names that may be joined with commas; null: the encoder has no -tune. */
  readonly tunes: readonly string[] | null;
  readonly params: ParamsKind | null;
}

const X26X_PRESETS: readonly string[] = SPEEDS;
const X264_TUNES = "film animation grain stillimage psnr ssim fastdecode zerolatency".split(" ");
const X265_TUNES = "psnr ssim grain fastdecode zerolatency zero-latency fast-decode animation".split(" ");
const NVENC_PRESETS = "default slow medium fast hp hq bd ll llhq llhp lossless losslesshp p1 p2 p3 p4 p5 p6 p7".split(
  " ",
);
const QSV_PRESETS = "veryfast faster fast medium slow slower veryslow".split(" ");
const AMF_PRESETS = "speed balanced quality".split(" ");

type Facts = Pick<VideoEncoder, "quality" | "presets" | "tunes" | "params">;

const X264: Facts = {
  quality: { crf: { min: 0, max: 63 }, qp: { min: 0, max: 69 } },
  presets: X26X_PRESETS,
  tunes: X264_TUNES,
  params: "x264",
};
const QSCALE: Facts = { quality: { qscale: { min: 0, max: 100 } }, presets: null, tunes: null, params: null };
const LOSSLESS: Facts = { quality: {}, presets: null, tunes: null, params: null };
const VPX: Facts = { quality: { crf: { min: 0, max: 63 } }, presets: null, tunes: ["psnr", "ssim"], params: null };
const NVENC: Facts = {
  quality: { cq: { min: 0, max: 63 }, qp: { min: 0, max: 255 } },
  presets: NVENC_PRESETS,
  tunes: ["hq", "ll", "ull", "lossless", "uhq"],
  params: null,
};
const QSV: Facts = {
  quality: { global_quality: { min: 0, max: 255 }, qscale: { min: 0, max: 100 } },
  presets: QSV_PRESETS,
  tunes: null,
  params: null,
};
const VAAPI: Facts = {
  quality: { qp: { min: 0, max: 255 }, global_quality: { min: 0, max: 255 } },
  presets: null,
  tunes: null,
  params: null,
};
const AMF: Facts = { quality: {}, presets: AMF_PRESETS, tunes: null, params: null };
const VIDEOTOOLBOX: Facts = { quality: { qscale: { min: 0, max: 100 } }, presets: null, tunes: null, params: null };

function entry(name: string, codec: string, facts: Facts, family: EncoderFamily = "software"): VideoEncoder {
  return { name, family, codec, ...facts };
}

function hardware(family: EncoderFamily, facts: Facts, codecs: readonly string[]): readonly VideoEncoder[] {
  return codecs.map((codec) => entry(`${codec === "mpeg2video" ? "mpeg2" : codec}_${family}`, codec, facts, family));
}

const X265: Facts = {
  quality: { crf: { min: 0, max: 51 }, qp: { min: 0, max: 51 } },
  presets: X26X_PRESETS,
  tunes: X265_TUNES,
  params: "x265",
};
const SVTAV1: Facts = {
  quality: { crf: { min: 0, max: 63 }, qp: { min: 0, max: 63 } },
  presets: { min: -1, max: 13 },
  tunes: null,
  params: "svtav1",
};

export const VIDEO_ENCODERS: ReadonlyMap<string, VideoEncoder> = new Map(
  [
    entry("libx264", "h264", X264),
    entry("libx264rgb", "h264", X264),
    entry("libx265", "hevc", X265),
    entry("libsvtav1", "av1", SVTAV1),
    entry("libaom-av1", "av1", { ...VPX, params: "aom" }),
    entry("libvpx", "vp8", VPX),
    entry("libvpx-vp9", "vp9", VPX),
    entry("ffv1", "ffv1", LOSSLESS),
    entry("prores_ks", "prores", QSCALE),
    entry("mpeg4", "mpeg4", QSCALE),
    entry("libxvid", "mpeg4", QSCALE),
    entry("mpeg2video", "mpeg2video", QSCALE),
    entry("mjpeg", "mjpeg", QSCALE),
    entry("dnxhd", "dnxhd", QSCALE),
    entry("utvideo", "utvideo", LOSSLESS),
    entry("huffyuv", "huffyuv", LOSSLESS),
    entry("ffvhuff", "ffvhuff", LOSSLESS),
    ...hardware("nvenc", NVENC, ["h264", "hevc", "av1"]),
    ...hardware("qsv", QSV, ["h264", "hevc", "av1", "vp9", "mpeg2video"]),
    ...hardware("amf", AMF, ["h264", "hevc", "av1"]),
    ...hardware("videotoolbox", VIDEOTOOLBOX, ["h264", "hevc", "prores"]),
    ...hardware("vaapi", VAAPI, ["h264", "hevc", "av1", "vp8", "vp9", "mpeg2video"]),
  ].map((each) => [each.name, each]),
);

/**
 * A codec named in place of an encoder: x264's words for all of them (docs/ENCODERS.md). The family is that of the
 * encoder that stands for it until one is elected.
 */
const NEUTRAL: ReadonlyMap<string, VideoEncoder> = new Map(
  NEUTRAL_CODECS.map((codec) => [
    codec,
    entry(codec, codec, {
      quality: { crf: { min: 0, max: 51 }, percent: { min: 0, max: 100 } },
      presets: SPEEDS,
      tunes: X264_TUNES,
      params: null,
    }),
  ]),
);

/** Names that people use for an encoder or a codec. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["x264", "libx264"],
  ["h265", "hevc"],
  ["x265", "libx265"],
  ["vp8", "libvpx"],
  ["prores", "prores_ks"],
]);

/** Resolves the value of -c:v. Throws E_ENCODE_REQUEST. */
export function findVideoEncoder(option: string, value: string): VideoEncoder {
  const name = ALIASES.get(value) ?? value;
  const found = VIDEO_ENCODERS.get(name) ?? NEUTRAL.get(name);
  if (found) return found;
  if (value === "copy") {
    throw refuse(option, "copying the video leaves nothing to encode", "Name an encoder, for example -c:v libx264.");
  }
  const near = closest(value, VIDEO_ENCODERS.keys());
  const software = [...VIDEO_ENCODERS.values()].filter((each) => each.family === "software").map((each) => each.name);
  throw refuse(
    option,
    `"${value.slice(0, 40)}" is not an encoder that ffcluster knows`,
    `${near === null ? "" : `Did you mean ${near}? `}Use one of: ${software.join(", ")}.`,
  );
}

/** Family of an accepted encoder; throws E_ENCODE_REQUEST for others. */
export function familyOf(encoder: string): EncoderFamily {
  return findVideoEncoder("-c:v", encoder).family;
}

/** ffprobe's codec name of what an accepted encoder makes: "libx264" → "h264". Throws E_ENCODE_REQUEST for others. */
export function codecOfEncoder(encoder: string): string {
  return findVideoEncoder("-c:v", encoder).codec;
}
