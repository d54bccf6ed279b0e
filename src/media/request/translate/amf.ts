// The neutral request in AMF's words. Sources: libavcodec/amfenc_h264.c, amfenc_hevc.c and amfenc_av1.c (their option
// tables), ffmpeg wiki Hardware/AMF, and AMD's "FFmpeg and AMF HW Acceleration".
import type { NamedOption } from "../../model/encode-request.ts";
import type { Speed } from "../tables/neutral-codecs.ts";
import { bitrateWords, cannot, hardwareLacks, type Translation } from "./encoder-words.ts";
import type { Neutral } from "./neutral.ts";
import { scaledCrf, wholeCrf } from "./quality.ts";

/** -quality; the alias -preset came later. */
const QUALITIES: Readonly<Record<Speed, "speed" | "balanced" | "quality">> = {
  ultrafast: "speed",
  superfast: "speed",
  veryfast: "speed",
  faster: "speed",
  fast: "balanced",
  medium: "balanced",
  slow: "quality",
  slower: "quality",
  veryslow: "quality",
  placebo: "quality",
};

const PROFILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  h264: { baseline: "constrained_baseline", main: "main", high: "high" },
  hevc: { main: "main" },
};

/** AV1 counts its quantizer to 255, the others to 51. H.264 alone has a quantizer for B-frames. */
function quantizers(ask: Neutral, crf: number): NamedOption[] {
  const { codec } = ask;
  const value = String(codec === "h264" || codec === "hevc" ? wholeCrf(codec, crf) : scaledCrf(crf, 255));
  return [["qp_i", value], ["qp_p", value], ...(codec === "h264" ? [["qp_b", value] as const] : [])];
}

export function inAmfWords(ask: Neutral): Translation {
  const lacks = hardwareLacks(ask);
  if (lacks !== null) return cannot(lacks);
  const { codec, rateControl } = ask;
  if (codec === "vp9") return cannot("AMF has no VP9 encoder");
  if (rateControl.kind === "quality" && rateControl.cap !== null)
    return cannot("AMF bounds no bit rate at constant quality");
  const profile = ask.profile === null ? null : (PROFILES[codec]?.[ask.profile] ?? null);
  const mode = rateControl.kind === "quality" ? "cqp" : rateControl.isConstant ? "cbr" : "vbr_peak";
  // hevc_amf and av1_amf make no B-frames at all.
  const bFrames = codec === "h264" && ask.bFrames !== null ? Math.min(3, ask.bFrames) : null;
  return {
    ok: true,
    words: {
      ...(rateControl.kind === "bitrate" ? { ...bitrateWords(rateControl), minrate: null } : {}),
      profile,
      bFrames,
      privateOptions: [
        ["usage", "transcoding"],
        ["quality", QUALITIES[ask.speed]],
        ["rc", mode],
        ...(rateControl.kind === "quality" ? quantizers(ask, rateControl.crf) : []),
      ],
      pixelFormat: ask.isDeep ? "p010le" : "nv12",
    },
    left: [
      ...(ask.tune === null ? [] : [`tune ${ask.tune}`]),
      ...(ask.profile === null || profile !== null ? [] : [`profile ${ask.profile}`]),
      ...(ask.bFrames === bFrames ? [] : [`${ask.bFrames} B-frames`]),
    ],
  };
}
