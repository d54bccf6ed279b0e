// The neutral request in NVENC's words. Sources: `ffmpeg -h encoder=h264_nvenc`, libavcodec/nvenc_av1.c for AV1, NVIDIA's
// "Using FFmpeg with NVIDIA GPU Hardware Acceleration" and the Video Codec SDK's "NVENC Video Encoder API" guide.
import type { NamedOption } from "../../model/encode-request.ts";
import type { Speed } from "../tables/neutral-codecs.ts";
import { bitrateWords, cannot, hardwareLacks, type Translation } from "./encoder-words.ts";
import type { Neutral } from "./neutral.ts";
import { codecCrf, scaledCrf } from "./quality.ts";

/** p4 is "medium (default)", p1 "fastest", p7 "slowest" in the encoder's own table. */
const PRESETS: Readonly<Record<Speed, string>> = {
  ultrafast: "p1",
  superfast: "p1",
  veryfast: "p1",
  faster: "p2",
  fast: "p3",
  medium: "p4",
  slow: "p5",
  slower: "p6",
  veryslow: "p7",
  placebo: "p7",
};

const PROFILES: ReadonlySet<string> = new Set(["baseline", "main", "high", "main10"]);

/** A bit rate is VBR by default; unsaid, a run that measures with -qp can be constant QP. */
function rateControlOption(rateControl: Neutral["rateControl"]): readonly NamedOption[] {
  if (rateControl.kind === "quality") return [["rc", "vbr"]];
  return rateControl.isConstant ? [["rc", "cbr"]] : [];
}

export function inNvencWords(ask: Neutral): Translation {
  const lacks = hardwareLacks(ask);
  if (lacks !== null) return cannot(lacks);
  if (ask.codec === "vp9") return cannot("NVENC has no VP9 encoder");
  const { codec, rateControl, tune } = ask;
  const isQuick = tune === "zerolatency";
  const profile = codec !== "av1" && ask.profile !== null && PROFILES.has(ask.profile) ? ask.profile : null;
  return {
    ok: true,
    words: {
      // -b:v 0 lifts the default of 2 Mbit/s, which would cap -cq. 0 means "automatic" to -cq.
      ...(rateControl.kind === "bitrate"
        ? bitrateWords(rateControl)
        : {
            quality: {
              kind: "cq",
              value: codec === "av1" ? scaledCrf(rateControl.crf, 51) : Math.max(1, codecCrf(codec, rateControl.crf)),
            },
            bitrate: 0,
            maxrate: rateControl.cap,
            bufsize: rateControl.buffer,
          }),
      preset: PRESETS[ask.speed],
      tune: isQuick ? "ll" : "hq",
      profile,
      bFrames: ask.bFrames,
      privateOptions: rateControlOption(rateControl),
      pixelFormat: ask.isDeep ? "p010le" : "yuv420p",
    },
    left: [
      ...(tune === null || isQuick ? [] : [`tune ${tune}`]),
      ...(ask.profile === profile ? [] : [`profile ${ask.profile}`]),
    ],
  };
}
