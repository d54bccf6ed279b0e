// The distance of key frames in a request, and whether it is fixed: segments must then begin where one machine's run
// would set a key frame. Pure.
import type { EncodeRequest, VideoRequest } from "../../model/encode-request.ts";
import { findVideoEncoder, type ParamsKind } from "../tables/encoders.ts";
import { isNeutralCodec } from "../tables/neutral-codecs.ts";

export interface KeyDistance {
  /** Frames of the output; at least two. */
  readonly frames: number;
  /**
   * "every": a key frame stands at each multiple and nowhere else. "usual": so encoders do as long as nothing makes them
   * set one earlier. "most": the pictures decide, within this bound.
   */
  readonly kind: "every" | "usual" | "most";
  /** False: it has not been measured whether this encoder keeps the bound, so the output is not checked against it. */
  readonly isHeld: boolean;
}

/** Of mpegvideo's scores (`-sc_threshold`): 1000000000 is what everybody writes for "never". */
const NO_SCENE_CUT = 100_000_000;

type Facts = Omit<KeyDistance, "frames">;
const EVERY: Facts = { kind: "every", isHeld: true };
const USUAL: Facts = { kind: "usual", isHeld: true };
const MOST: Facts = { kind: "most", isHeld: true };
const UNMEASURED: Facts = { kind: "usual", isHeld: false };

function optionOf({ privateOptions }: VideoRequest, ...names: readonly string[]): string | null {
  return privateOptions.find(([key]) => names.includes(key))?.[1] ?? null;
}

function paramOf({ encoderParams }: VideoRequest, name: string): string | null {
  // The libraries keep the last of two.
  return encoderParams.findLast(([key]) => key === name)?.[1] ?? null;
}

function isOn(value: string | null): boolean {
  return value !== null && !/^(0|false|no)$/i.test(value);
}

/** `-g`, or the library's own word, which is read after it; null: not said, endless, or every frame is a key frame. */
function askedFrames(video: VideoRequest, params: ParamsKind | null): number | null {
  const own = params === "aom" || params === null ? null : paramOf(video, "keyint");
  if (own !== null && !/^\d{1,9}$/.test(own)) return null;
  const frames = own === null ? video.gop : Number(own);
  return frames === null || frames < 2 ? null : frames;
}

/** Both read scene cuts so: nothing or less than one is none (x264 param.c, x265 param.cpp: atobool, then atoi). */
function hasSceneCuts(video: VideoRequest, byPreset: boolean): boolean {
  const param = paramOf(video, "scenecut");
  if (param !== null) return isOn(param) && !param.startsWith("-");
  const option = optionOf(video, "sc_threshold");
  return option === null || option.startsWith("-") ? byPreset : isOn(option);
}

function x264(video: VideoRequest): Facts | null {
  if (isOn(optionOf(video, "intra-refresh")) || isOn(paramOf(video, "intra-refresh"))) return null;
  if (optionOf(video, "avcintra-class") !== null || paramOf(video, "avcintra-class") !== null) return null;
  // Its least distance is no more than half of the greatest: only scene cuts can be turned off.
  return hasSceneCuts(video, video.preset !== "ultrafast") ? MOST : EVERY;
}

function x265(video: VideoRequest, frames: number): Facts | null {
  if (isOn(paramOf(video, "intra-refresh")) || isOn(paramOf(video, "gop-lookahead"))) return null;
  const least = paramOf(video, "min-keyint") ?? String(video.keyintMin ?? "");
  if (least === String(frames)) return EVERY;
  const isQuick = video.preset === "ultrafast" || /zero-?latency/.test(video.tune ?? "");
  return hasSceneCuts(video, !isQuick) || isOn(paramOf(video, "hist-scenecut")) ? MOST : EVERY;
}

/** ffmpeg tells libvpx and libaom of a least distance only where it is the greatest too (libvpxenc.c, libaomenc.c). */
function vpx(video: VideoRequest, frames: number): Facts {
  return video.keyintMin === frames ? EVERY : USUAL;
}

function mpegvideo(video: VideoRequest): Facts {
  const isFixed = Number(optionOf(video, "sc_threshold") ?? 0) >= NO_SCENE_CUT;
  // With B-frames a group ends a few frames early or late (mpegvideo_enc.c: strict_gop, cgop).
  if ((video.bFrames ?? 0) > 0) return { kind: isFixed ? "usual" : "most", isHeld: false };
  return isFixed ? EVERY : MOST;
}

/** Measured with 5.1, 6.0, 7.1, 8.1 and 9.0 on clips with scene cuts (docs/adr/0018-key-frames-at-fixed-distances.md). */
function factsOf(video: VideoRequest, frames: number): Facts | null {
  const encoder = findVideoEncoder("-c:v", video.encoder);
  if (encoder.family !== "software" || isNeutralCodec(video.encoder)) return UNMEASURED;
  switch (encoder.name) {
    case "libx264":
    case "libx264rgb":
      return x264(video);
    case "libx265":
      return x265(video, frames);
    case "libsvtav1":
      return isOn(optionOf(video, "sc_detection")) || isOn(paramOf(video, "scd")) ? USUAL : EVERY;
    case "libaom-av1":
    case "libvpx":
    case "libvpx-vp9":
      return vpx(video, frames);
    case "mpeg4":
    case "mpeg2video":
      return mpegvideo(video);
    case "libxvid":
      return { kind: "most", isHeld: (video.bFrames ?? 0) === 0 };
    case "ffv1":
      return EVERY;
    default:
      return null; // every picture of theirs is a key frame
  }
}

/** Null: the request does not state it, or it has no meaning for the encoder. */
export function keyDistance({ video }: EncodeRequest): KeyDistance | null {
  const frames = askedFrames(video, findVideoEncoder("-c:v", video.encoder).params);
  const facts = frames === null ? null : factsOf(video, frames);
  return frames === null || facts === null ? null : { frames, ...facts };
}

/**
 * What the encoder that was chosen makes of the distance that was asked for. A codec that is translated for hardware states
 * one of its own, so that all families agree: nobody asked for that.
 */
export function keyDistanceAsked(asked: EncodeRequest, resolved: EncodeRequest): KeyDistance | null {
  return keyDistance(asked) === null ? null : keyDistance(resolved);
}

/** Segments begin at multiples of so many frames of the output; null: anywhere. */
export function cutDistance(request: EncodeRequest): number | null {
  const distance = keyDistance(request);
  return distance === null || distance.kind === "most" ? null : distance.frames;
}
