// A request for any encoder of a codec, in x264's terms. Read from a request whose -c:v names a codec; knows no
// encoder's own options.

import type { EncodeRequest } from "../../model/encode-request.ts";
import { isDeep } from "../../model/hdr.ts";
import type { SourceVideo } from "../../model/source.ts";
import { askedPixelFormat } from "../args/picture-changes.ts";
import { isNeutralCodec, type NeutralCodec, SPEEDS, type Speed } from "../tables/neutral-codecs.ts";

export type RateControl =
  /** x264's CRF scale; `cap` and `buffer` in bits bound its peaks where given. */
  | { readonly kind: "quality"; readonly crf: number; readonly cap: number | null; readonly buffer: number | null }
  | {
      readonly kind: "bitrate";
      readonly bits: number;
      readonly isConstant: boolean;
      readonly cap: number | null;
      readonly buffer: number | null;
    };

/** Tunes of x264 that mean something beyond x264. */
export type Tune = "film" | "animation" | "grain" | "stillimage" | "psnr" | "ssim" | "fastdecode" | "zerolatency";

export interface Neutral {
  readonly codec: NeutralCodec;
  readonly rateControl: RateControl;
  readonly speed: Speed;
  readonly tune: Tune | null;
  /** In x264's and x265's words; null: the encoder's choice. */
  readonly profile: string | null;
  /** Ten bits a sample. */
  readonly isDeep: boolean;
  /** A pixel format beyond 4:2:0 of 8 or 10 bits, which only software takes; null: none. */
  readonly unusualFormat: string | null;
  readonly gop: number;
  readonly bFrames: number | null;
}

/** x264's own defaults (x264 --fullhelp), for requests that set nothing. */
const DEFAULT_CRF = 23;
const DEFAULT_GOP = 250;

const TEN_BITS = new Set(["yuv420p10le", "yuv420p10", "p010le", "p010"]);
const EIGHT_BITS = new Set(["yuv420p", "nv12"]);

/**
 * -quality 0 to 100 on x264's CRF scale: 0 is CRF 45, 100 is CRF 10. ffmpeg's H.264 guide calls 17 to 28 the sane range
 * (80 to 49 here) and 17 or 18 visually lossless; beyond these ends nobody gains.
 */
export function crfOfPercent(percent: number): number {
  return Math.round((45 - 0.35 * percent) * 10) / 10;
}

function rateControlOf({ video }: EncodeRequest): RateControl {
  const { quality, bitrate, minrate, maxrate, bufsize } = video;
  if (quality === null && bitrate !== null && bitrate > 0) {
    const isConstant = minrate === bitrate && maxrate === bitrate;
    return { kind: "bitrate", bits: bitrate, isConstant, cap: maxrate, buffer: bufsize };
  }
  const crf = quality === null ? DEFAULT_CRF : quality.kind === "percent" ? crfOfPercent(quality.value) : quality.value;
  return { kind: "quality", crf, cap: maxrate, buffer: bufsize };
}

/**
 * H.264 stays at 8 bits unless ten are asked for: hardly any hardware encodes or plays High 10. The newer codecs keep
 * the source's depth.
 */
function depthOf(codec: NeutralCodec, source: SourceVideo, asked: string | null): boolean {
  if (asked !== null) return TEN_BITS.has(asked);
  return codec !== "h264" && isDeep(source.pixelFormat);
}

/** Of these codecs VP9 alone holds alpha, and no hardware encodes it. */
function unusualOf(codec: NeutralCodec, source: SourceVideo, asked: string | null): string | null {
  if (asked === null) return codec === "vp9" && source.hasAlpha ? "yuva420p" : null;
  return TEN_BITS.has(asked) || EIGHT_BITS.has(asked) ? null : asked;
}

/** Null when the request names its encoder. */
export function readNeutral(request: EncodeRequest, source: SourceVideo): Neutral | null {
  const { encoder: codec, preset, tune, profile, gop, bFrames } = request.video;
  if (!isNeutralCodec(codec)) return null;
  const asked = askedPixelFormat(request);
  return {
    codec,
    rateControl: rateControlOf(request),
    speed: SPEEDS.find((speed) => speed === preset) ?? "medium",
    tune: tune as Tune | null,
    profile,
    isDeep: depthOf(codec, source, asked),
    unusualFormat: unusualOf(codec, source, asked),
    gop: gop ?? DEFAULT_GOP,
    bFrames,
  };
}
