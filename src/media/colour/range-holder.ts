// Where an output states whether its luma has full range: a property of the codec, not of a version of ffmpeg. Pure.
import { codecOfEncoder, familyOf } from "../request/tables/encoders.ts";

/**
 * "stream": every key frame says it (H.264 E.2.1, H.265 E.3.1, AV1 5.5.2, VP9 7.2.2). "container": the codec has no word
 * for it, Matroska has one: FFV1, of which the very samples are asked. "full": Motion JPEG is full range (JFIF). "rgb":
 * there is none. "limited": nothing says it that decoders mind, and they take it for limited range.
 */
export type RangeHolder = "stream" | "container" | "full" | "rgb" | "limited";

const IN_THE_STREAM = new Set(["h264", "hevc", "av1", "vp9"]);

/** Whether pictures of this codec may state another range than earlier ones. */
export function rangeInStream(codec: string): boolean {
  return IN_THE_STREAM.has(codec);
}

export function rangeHolder(encoder: string): RangeHolder {
  if (encoder === "libx264rgb") return "rgb";
  // From 7.1 on ffmpeg gives them limited range alone (amfenc_h264.c, color_ranges).
  if (familyOf(encoder) === "amf") return "limited";
  const codec = codecOfEncoder(encoder);
  if (codec === "mjpeg") return "full";
  if (IN_THE_STREAM.has(codec)) return "stream";
  return codec === "ffv1" ? "container" : "limited";
}

/** Codecs that hold luma and chroma alone. */
const NEVER_RGB = new Set(["mpeg4", "mpeg2video", "prores", "vp8"]);

/** Encoders that all versions of ffmpeg give limited range where the source's pixel format is yuvj420p or its kin. */
export function isAlwaysSqueezed(encoder: string): boolean {
  // From 7.1 on libvpx is given VP8 in full range, which decoders, going by the bitstream, show as limited.
  return familyOf(encoder) === "software" && encoder !== "libvpx";
}

export function isNeverRgb(encoder: string): boolean {
  return NEVER_RGB.has(codecOfEncoder(encoder));
}
