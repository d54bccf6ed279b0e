// The neutral request in Quick Sync's words. Sources: `ffmpeg -h encoder=h264_qsv`, ffmpeg-codecs "QSV Encoders" (which
// rate control follows from which options), libavcodec/qsvenc_av1.c, and Intel's media-delivery guide for its plugins.
import type { Speed } from "../tables/neutral-codecs.ts";
import { bitrateWords, cannot, hardwareLacks, type Translation } from "./encoder-words.ts";
import type { Neutral } from "./neutral.ts";
import { scaledCrf, wholeCrf } from "./quality.ts";

const PRESETS: Readonly<Record<Speed, string>> = {
  ultrafast: "veryfast",
  superfast: "veryfast",
  veryfast: "veryfast",
  faster: "faster",
  fast: "fast",
  medium: "medium",
  slow: "slow",
  slower: "slower",
  veryslow: "veryslow",
  placebo: "veryslow",
};

const PROFILES: Readonly<Record<string, ReadonlySet<string>>> = {
  h264: new Set(["baseline", "main", "high"]),
  hevc: new Set(["main", "main10"]),
};

export function inQsvWords(ask: Neutral): Translation {
  const lacks = hardwareLacks(ask);
  if (lacks !== null) return cannot(lacks);
  const { codec, rateControl } = ask;
  const profile = ask.profile !== null && PROFILES[codec]?.has(ask.profile) ? ask.profile : null;
  // ICQ: 1 to 51 for every codec. With a cap it becomes QVBR, which wants a target below that cap.
  const value =
    codec === "h264" || codec === "hevc" ? wholeCrf(codec, rateControl.kind === "quality" ? rateControl.crf : 0) : 0;
  return {
    ok: true,
    words: {
      ...(rateControl.kind === "bitrate"
        ? bitrateWords(rateControl)
        : {
            quality: { kind: "global_quality", value: value === 0 ? scaledCrf(rateControl.crf, 51) : value },
            bitrate: rateControl.cap === null ? null : Math.round(rateControl.cap / 2),
            maxrate: rateControl.cap,
            bufsize: rateControl.buffer,
          }),
      preset: PRESETS[ask.speed],
      profile,
      bFrames: codec === "vp9" ? null : ask.bFrames,
      pixelFormat: ask.isDeep ? "p010le" : "nv12",
    },
    left: [
      ...(ask.tune === null ? [] : [`tune ${ask.tune}`]),
      ...(ask.profile === profile ? [] : [`profile ${ask.profile}`]),
    ],
  };
}
