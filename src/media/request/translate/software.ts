// The neutral request in the words of the software encoders. Sources: ffmpeg-codecs (libx264, libx265, libsvtav1,
// libaom-av1, libvpx), x265's "Command Line Options", SVT-AV1's Docs/Parameters.md and Docs/CommonQuestions.md,
// ffmpeg wiki Encode/H.264, H.265, AV1, VP9, and Google's "VP9 Encoding: Recommended Settings".
import type { NamedOption } from "../../model/encode-request.ts";
import type { Speed } from "../tables/neutral-codecs.ts";
import { bitrateWords, SPEED_STEPS, type Translation } from "./encoder-words.ts";
import type { Neutral, Tune } from "./neutral.ts";
import { codecCrf } from "./quality.ts";

const X265_TUNES: ReadonlySet<Tune> = new Set(["psnr", "ssim", "grain", "fastdecode", "zerolatency", "animation"]);

/** -preset of SVT-AV1: 13 is the fastest of 1.x, 12 the fastest meant for files; 4 to 6 are for offline encodes. */
const SVTAV1_PRESETS: Readonly<Record<Speed, number>> = {
  ultrafast: 12,
  superfast: 11,
  veryfast: 10,
  faster: 10,
  fast: 9,
  medium: 8,
  slow: 6,
  slower: 5,
  veryslow: 4,
  placebo: 2,
};

/** -deadline and -cpu-used of libvpx-vp9: 0 to 5 for files, above that it wants "realtime". */
const VP9_SPEEDS: Readonly<Record<Speed, readonly ["good" | "realtime", number]>> = {
  ultrafast: ["realtime", 8],
  superfast: ["realtime", 7],
  veryfast: ["realtime", 6],
  faster: ["good", 5],
  fast: ["good", 4],
  medium: ["good", 3],
  slow: ["good", 2],
  slower: ["good", 1],
  veryslow: ["good", 0],
  placebo: ["good", 0],
};

function planar(ask: Neutral): string {
  return ask.unusualFormat ?? (ask.isDeep ? "yuv420p10le" : "yuv420p");
}

/** x264 and x265: their own words are the neutral ones. */
function x26x(ask: Neutral, tunes: ReadonlySet<Tune> | null): Translation {
  const { rateControl, tune } = ask;
  const isTuned = tune !== null && (tunes === null || tunes.has(tune));
  return {
    ok: true,
    words: {
      ...(rateControl.kind === "bitrate"
        ? bitrateWords(rateControl)
        : {
            quality: { kind: "crf", value: codecCrf(ask.codec, rateControl.crf) },
            maxrate: rateControl.cap,
            bufsize: rateControl.buffer ?? (rateControl.cap === null ? null : 2 * rateControl.cap),
          }),
      preset: ask.speed,
      tune: isTuned ? tune : null,
      profile: ask.profile,
      bFrames: ask.bFrames,
      pixelFormat: planar(ask),
    },
    left: tune === null || isTuned ? [] : [`tune ${tune}`],
  };
}

function leftOf(ask: Neutral, isTuned: boolean): string[] {
  return [
    ...(ask.tune === null || isTuned ? [] : [`tune ${ask.tune}`]),
    ...(ask.profile === null ? [] : [`profile ${ask.profile}`]),
    ...(ask.bFrames === null ? [] : ["B-frames: the codec has none to count"]),
  ];
}

function svtav1(ask: Neutral): Translation {
  const { rateControl, tune } = ask;
  // 0 is "visual quality", 1 PSNR, which is the default of 1.x.
  const params: readonly NamedOption[] = tune === "psnr" ? [["tune", "1"]] : [];
  return {
    ok: true,
    words: {
      ...(rateControl.kind === "bitrate"
        ? { ...bitrateWords(rateControl), minrate: null }
        : {
            quality: { kind: "crf", value: Math.max(1, codecCrf("av1", rateControl.crf)) },
            maxrate: rateControl.cap,
            bufsize: rateControl.buffer,
          }),
      preset: String(SVTAV1_PRESETS[ask.speed]),
      encoderParams: params,
      pixelFormat: planar(ask),
    },
    left: leftOf(ask, params.length > 0),
  };
}

/** With -b:v above zero libvpx and libaom read -crf as a floor of quality below that cap: "constrained quality". */
function vpxRateControl(ask: Neutral) {
  const { rateControl } = ask;
  if (rateControl.kind === "bitrate") return bitrateWords(rateControl);
  const quality = { kind: "crf", value: codecCrf(ask.codec, rateControl.crf) } as const;
  return { quality, bitrate: rateControl.cap ?? 0, maxrate: rateControl.cap, bufsize: rateControl.buffer };
}

/** The measures that libaom and libvpx-vp9 tune for. */
function measureTuned({ tune }: Neutral): "psnr" | "ssim" | null {
  return tune === "psnr" || tune === "ssim" ? tune : null;
}

function aom(ask: Neutral): Translation {
  const tune = measureTuned(ask);
  return {
    ok: true,
    words: {
      ...vpxRateControl(ask),
      tune,
      privateOptions: [
        ["cpu-used", String(SPEED_STEPS[ask.speed])],
        ["row-mt", "1"],
      ],
      pixelFormat: planar(ask),
    },
    left: leftOf(ask, tune !== null),
  };
}

function vp9(ask: Neutral): Translation {
  const [deadline, speed] = VP9_SPEEDS[ask.speed];
  const tune = measureTuned(ask);
  const isFilm = ask.tune === "film" || ask.tune === "grain";
  return {
    ok: true,
    words: {
      ...vpxRateControl(ask),
      tune,
      privateOptions: [
        ["deadline", deadline],
        ["cpu-used", String(speed)],
        ["row-mt", "1"],
        ...(isFilm ? [["tune-content", "film"] as const] : []),
      ],
      pixelFormat: planar(ask),
    },
    left: leftOf(ask, tune !== null || isFilm),
  };
}

/** Null for an encoder that this file does not know. */
export function inSoftwareWords(ask: Neutral, encoder: string): Translation | null {
  switch (encoder) {
    case "libx264":
      return x26x(ask, null);
    case "libx265":
      return x26x(ask, X265_TUNES);
    case "libsvtav1":
      return svtav1(ask);
    case "libaom-av1":
      return aom(ask);
    case "libvpx-vp9":
      return vp9(ask);
    default:
      return null;
  }
}
