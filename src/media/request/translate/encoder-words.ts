// The result of a translation: the fields of a request in one encoder's own options, or why that encoder can't do it.
import type { VideoRequest } from "../../model/encode-request.ts";
import type { Speed } from "../tables/neutral-codecs.ts";

export type Words = Partial<
  Pick<
    VideoRequest,
    | "quality"
    | "bitrate"
    | "minrate"
    | "maxrate"
    | "bufsize"
    | "preset"
    | "tune"
    | "profile"
    | "bFrames"
    | "encoderParams"
    | "privateOptions"
  >
> & {
  /** What the encoder is given: its own name for 4:2:0 of 8 or 10 bits. */
  readonly pixelFormat: string;
};

export type Translation =
  /** `left`: requested settings that this encoder does not support. */
  | { readonly ok: true; readonly words: Words; readonly left: readonly string[] }
  | { readonly ok: false; readonly reason: string };

export function cannot(reason: string): Translation {
  return { ok: false, reason };
}

/**
 * The speeds as the numbers of libaom's -cpu-used, 0 the slowest and 8 the fastest; VA-API's -compression_level takes the
 * same ones within its bounds.
 */
export const SPEED_STEPS: Readonly<Record<Speed, number>> = {
  ultrafast: 8,
  superfast: 8,
  veryfast: 7,
  faster: 6,
  fast: 5,
  medium: 4,
  slow: 3,
  slower: 2,
  veryslow: 1,
  placebo: 0,
};

/** Features that no hardware encoder here supports. */
export function hardwareLacks(ask: {
  readonly codec: string;
  readonly isDeep: boolean;
  readonly unusualFormat: string | null;
}): string | null {
  if (ask.unusualFormat !== null) return `the pixel format ${ask.unusualFormat} needs a software encoder`;
  if (ask.codec === "h264" && ask.isDeep) return "H.264 of 10 bits needs a software encoder";
  return null;
}

/** -b:v with its bounds. */
export function bitrateWords(rateControl: {
  readonly bits: number;
  readonly isConstant: boolean;
  readonly cap: number | null;
  readonly buffer: number | null;
}): Pick<Words, "bitrate" | "minrate" | "maxrate" | "bufsize"> {
  return {
    bitrate: rateControl.bits,
    minrate: rateControl.isConstant ? rateControl.bits : null,
    maxrate: rateControl.cap,
    bufsize: rateControl.buffer,
  };
}
