// The neutral request in VA-API's words. Sources: ffmpeg-codecs "VAAPI encoders" (-global_quality, -compression_level,
// rate control modes), `ffmpeg -h encoder=h264_vaapi`, libavcodec/vaapi_encode_av1.c, ffmpeg wiki Hardware/VAAPI.
import type { Speed } from "../tables/neutral-codecs.ts";
import { bitrateWords, cannot, hardwareLacks, SPEED_STEPS, type Translation } from "./encoder-words.ts";
import type { Neutral } from "./neutral.ts";
import { scaledCrf, wholeCrf } from "./quality.ts";

/** -compression_level: higher is faster. Intel's drivers count 1 to 7; a driver with fewer levels takes its highest. */
function levelOf(speed: Speed): number {
  return Math.min(7, Math.max(1, SPEED_STEPS[speed]));
}

const PROFILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  h264: { baseline: "constrained_baseline", main: "main", high: "high" },
  hevc: { main: "main", main10: "main10" },
};

export function inVaapiWords(ask: Neutral): Translation {
  const lacks = hardwareLacks(ask);
  if (lacks !== null) return cannot(lacks);
  const { codec, rateControl } = ask;
  // QVBR and ICQ are Intel's alone; CQP is what every driver has.
  if (rateControl.kind === "quality" && rateControl.cap !== null)
    return cannot("VA-API bounds no bit rate at constant quality");
  const profile = ask.profile === null ? null : (PROFILES[codec]?.[ask.profile] ?? null);
  const crf = rateControl.kind === "quality" ? rateControl.crf : 0;
  const quality =
    codec === "h264" || codec === "hevc"
      ? ({ kind: "qp", value: wholeCrf(codec, crf) } as const)
      : ({ kind: "global_quality", value: scaledCrf(crf, 255) } as const);
  // A bit rate is VBR by default; unsaid, a run that measures with -qp can be constant QP.
  const mode = rateControl.kind === "quality" ? "CQP" : rateControl.isConstant ? "CBR" : null;
  return {
    ok: true,
    words: {
      ...(rateControl.kind === "bitrate" ? { ...bitrateWords(rateControl), minrate: null } : { quality }),
      profile,
      bFrames: ask.bFrames,
      privateOptions: [
        ...(mode === null ? [] : [["rc_mode", mode] as const]),
        ["compression_level", String(levelOf(ask.speed))],
      ],
      pixelFormat: ask.isDeep ? "p010le" : "nv12",
    },
    left: [
      ...(ask.tune === null ? [] : [`tune ${ask.tune}`]),
      ...(ask.profile === null || profile !== null ? [] : [`profile ${ask.profile}`]),
    ],
  };
}
