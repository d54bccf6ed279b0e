// The codecs that a request may name instead of an encoder, and the options it may then use. The server picks one of
// the encoders that clients have proven; translate/ converts the request to that encoder's options.

export const NEUTRAL_CODECS = ["h264", "hevc", "av1", "vp9"] as const;
export type NeutralCodec = (typeof NEUTRAL_CODECS)[number];

export function isNeutralCodec(name: string): name is NeutralCodec {
  return NEUTRAL_CODECS.some((codec) => codec === name);
}

/** x264's presets, the fastest first. */
export const SPEEDS = [
  "ultrafast",
  "superfast",
  "veryfast",
  "faster",
  "fast",
  "medium",
  "slow",
  "slower",
  "veryslow",
  "placebo",
] as const;
export type Speed = (typeof SPEEDS)[number];

/** Options that mean the same to every encoder; any other belongs to one of them, which must then be named. */
export const NEUTRAL_OPTIONS: ReadonlySet<string> = new Set([
  ...[
    "c",
    "crf",
    "quality",
    "b",
    "size",
    "minrate",
    "maxrate",
    "bufsize",
    "preset",
    "speed",
    "tune",
    "profile",
    "pix_fmt",
  ],
  ...["g", "bf", "r", "s", "filter", "tag", "color_range", "colorspace", "color_trc", "color_primaries"],
  ...["chroma_sample_location", "field_order"],
]);
