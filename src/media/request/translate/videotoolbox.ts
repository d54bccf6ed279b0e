// The neutral request in VideoToolbox's words. Sources: libavcodec/videotoolboxenc.c (option tables and how -q:v is
// read: on Apple silicon only) and Apple's VTCompressionProperties.
import { bitrateWords, cannot, hardwareLacks, type Translation } from "./encoder-words.ts";
import type { Neutral } from "./neutral.ts";
import { percentOfCrf } from "./quality.ts";

const PROFILES: Readonly<Record<string, ReadonlySet<string>>> = {
  h264: new Set(["baseline", "main", "high"]),
  hevc: new Set(["main", "main10"]),
};

export function inVideotoolboxWords(ask: Neutral): Translation {
  const lacks = hardwareLacks(ask);
  if (lacks !== null) return cannot(lacks);
  const { codec, rateControl } = ask;
  if (codec !== "h264" && codec !== "hevc") return cannot(`VideoToolbox has no ${codec} encoder`);
  if (rateControl.kind === "quality" && rateControl.cap !== null)
    return cannot("VideoToolbox bounds no bit rate at constant quality");
  const profile = ask.profile !== null && PROFILES[codec]?.has(ask.profile) ? ask.profile : null;
  return {
    ok: true,
    words: {
      ...(rateControl.kind === "bitrate"
        ? { ...bitrateWords(rateControl), minrate: null }
        : { quality: { kind: "qscale", value: percentOfCrf(rateControl.crf) } }),
      profile,
      bFrames: ask.bFrames,
      privateOptions: [
        ["allow_sw", "0"],
        ["realtime", "0"],
      ],
      pixelFormat: ask.isDeep ? "p010le" : "nv12",
    },
    left: [
      ...(ask.speed === "medium" ? [] : [`speed ${ask.speed}`]),
      ...(ask.tune === null ? [] : [`tune ${ask.tune}`]),
      ...(ask.profile === profile ? [] : [`profile ${ask.profile}`]),
    ],
  };
}
