// Facts about codecs: which decoder keeps alpha, which encoders need their parameter sets in-band.
import type { SourceVideo } from "../model/source.ts";

const ALPHA_DECODERS: Record<string, string> = { vp8: "libvpx", vp9: "libvpx-vp9" };
const ALPHA_ENCODERS = new Set([
  "libvpx",
  "libvpx-vp9",
  "ffv1",
  "prores_ks",
  "png",
  "qtrle",
  "utvideo",
  "ffvhuff",
  "huffyuv",
  "hevc_videotoolbox",
]);
const VPX_ENCODERS = new Set(["libvpx", "libvpx-vp9"]);

/** ffmpeg's own VP8/VP9 decoders drop the alpha plane; libvpx's keep it. Null: ffmpeg's choice. */
export function decoderFor(video: SourceVideo, encoder: string): string | null {
  if (!video.hasAlpha || !ALPHA_ENCODERS.has(encoder)) return null;
  return ALPHA_DECODERS[video.codec] ?? null;
}

/** VP8/VP9 alpha is stored outside the packets, which NUT cannot hold (docs/MEASURED.md §3): such segments are WebM. */
export function segmentFormat(video: SourceVideo, encoder: string): "nut" | "webm" {
  return video.hasAlpha && VPX_ENCODERS.has(encoder) ? "webm" : "nut";
}

/** The decoder that shows everything an output of this encoder holds; null: ffmpeg's choice. */
export function decoderOfOutput(video: SourceVideo, encoder: string): string | null {
  return video.hasAlpha && VPX_ENCODERS.has(encoder) ? encoder : null;
}

/**
 * These codecs have headers in the container only: a decoder reads every packet with the headers of the first segment.
 */
const GLOBAL_HEADERS = new Set(["mpeg4", "ffv1", "utvideo", "huffyuv", "ffvhuff"]);

/**
 * Whether all segments of a stream need the same headers. "global": they decode wrong otherwise. "repeated": the
 * container should state what every key frame states (AV1 in MP4 and Matroska). Null: each segment brings its own
 * headers, or the codec has none.
 */
export function commonHeaders(codec: string): "global" | "repeated" | null {
  if (codec === "av1") return "repeated";
  return GLOBAL_HEADERS.has(codec) ? "global" : null;
}

export function isH264Encoder(encoder: string): boolean {
  return encoder === "libx264" || encoder === "libx264rgb" || encoder === "libopenh264" || encoder.startsWith("h264_");
}

export function isHevcEncoder(encoder: string): boolean {
  return encoder === "libx265" || encoder === "libkvazaar" || encoder.startsWith("hevc_");
}

/** H.264 and HEVC: segments of different settings decode right only with their own parameter sets in-band (docs/MEASURED.md §3). */
export function needsInBandParameters(encoder: string): boolean {
  return isH264Encoder(encoder) || isHevcEncoder(encoder);
}
