// Pictures that share one time: true doubles, or what a codec or a field order explains.
import type { SourceVideo } from "../model/source.ts";

export function mayBeFields({ fieldOrder }: Pick<SourceVideo, "fieldOrder">): boolean {
  return fieldOrder !== null && fieldOrder !== "progressive";
}

/** VP8 and VP9 hide pictures in packets of their own, and two fields form one picture: neither counts as a double. */
export function mayHoldDoubles({ codec, fieldOrder }: Pick<SourceVideo, "codec" | "fieldOrder">): boolean {
  return codec !== "vp8" && codec !== "vp9" && !mayBeFields({ fieldOrder });
}

/** A picture behind a key frame that has the time of one before it: ffmpeg shows both, the second behind the key frame. */
export const DOUBLE_BEHIND_KEY = "a picture behind a key frame has the time of one before it";
