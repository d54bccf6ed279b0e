// Where the shape of the pixels may change in mid-stream. Pure.
import type { SourceInfo } from "../model/source.ts";

/** Containers that leave the pixel shape to the bitstream, where broadcasts change it between programmes. */
const LEFT_TO_BITSTREAM = /^(mpegts|mpeg|mpegvideo|h264|hevc|m4v|avi|vc1)$/;

export function mayChangeShape({ formatName }: Pick<SourceInfo, "formatName">): boolean {
  return LEFT_TO_BITSTREAM.test(formatName);
}
