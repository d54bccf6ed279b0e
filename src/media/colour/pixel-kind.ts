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
