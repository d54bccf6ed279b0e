// What a pixel format's name says of the picture: luma and chroma, or RGB, grey, a palette. Pure. libavutil/pixdesc.c.
import type { SourceVideo } from "../model/source.ts";

const LUMA_AND_CHROMA = /^(yuv|yuyv|nv\d|p[024]\d\d|y2\d\d|xv\d|ayuv|vuy|uyv|uyyvyy|yvyu|v30x)/;

/** Y'CbCr, planar or packed, with alpha or without. Grey is none of it: ffmpeg takes grey for full range (pixfmt.h). */
export function isLumaAndChroma(pixelFormat: string): boolean {
  return LUMA_AND_CHROMA.test(pixelFormat);
}

/** Y'CbCr from 0 to 255: by its format's name (yuvj420p) or by its tag. */
export function isFullRange({ pixelFormat, colour }: Pick<SourceVideo, "pixelFormat" | "colour">): boolean {
  return pixelFormat.startsWith("yuvj") || (colour.range === "pc" && isLumaAndChroma(pixelFormat));
}
