// What a pixel format's name shows: luma and chroma, or RGB, grey, a palette. Pure. libavutil/pixdesc.c.
import type { SourceVideo } from "../model/source.ts";

const LUMA_AND_CHROMA = /^(yuv|yuyv|nv\d|p[024]\d\d|y2\d\d|xv\d|ayuv|vuy|uyv|uyyvyy|yvyu|v30x)/;

/** Y'CbCr, planar or packed, with or without alpha. Grey is excluded: ffmpeg treats it as full range (pixfmt.h). */
export function isLumaAndChroma(pixelFormat: string): boolean {
  return LUMA_AND_CHROMA.test(pixelFormat);
}

/** Y'CbCr from 0 to 255: by its format's name (yuvj420p) or by its tag. */
export function isFullRange({ pixelFormat, colour }: Pick<SourceVideo, "pixelFormat" | "colour">): boolean {
  return pixelFormat.startsWith("yuvj") || (colour.range === "pc" && isLumaAndChroma(pixelFormat));
}

/** Samples of more than eight bits: yuv420p10le, gray16be, p010le, x2rgb10le. Packed formats like rgb565le are none. */
export function hasDeepSamples(pixelFormat: string): boolean {
  return /(?:^(?:p[024]1[0-6]|y2\d+|xv3\d|v30x|nv20)|[a-z](?:9|1[0-6]|32)(?:msb)?|48|64|96|128)(?:le|be)$/.test(
    pixelFormat,
  );
}

/** Chroma of a quarter of the rows: yuv410p. */
export function sharesChromaOverRows(pixelFormat: string): boolean {
  return pixelFormat === "yuv410p";
}
