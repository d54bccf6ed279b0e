// The encoders that are worth a trial: those that an encode request may name.

import type { EncoderFamily } from "../../media/model/encoder-family.ts";
import { VIDEO_ENCODERS } from "../../media/request/tables/encoders.ts";

/** ffmpeg's names of a family's encoders, the most widely supported first. */
export function encodersOf(family: EncoderFamily): readonly string[] {
  return [...VIDEO_ENCODERS.values()].filter((encoder) => encoder.family === family).map((encoder) => encoder.name);
}
