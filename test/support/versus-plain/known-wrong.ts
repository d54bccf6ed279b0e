// Where plain ffmpeg is known to be wrong, and what is right instead. Every row names why. Keep it short: whatever
// stands here is not looked for any more.

export interface KnownWrong {
  readonly why: string;
  /** Of ffprobe's format_name. */
  readonly format: RegExp;
  /** The source's own times jump by more than this many seconds from one picture to the next. */
  readonly jumpSeconds: number;
  /** Arguments before the input with which the plain run is right. */
  readonly inputArgs: readonly string[];
}

export const KNOWN_WRONG: readonly KnownWrong[] = [
  {
    why:
      "in formats whose clock may jump ffmpeg takes a step of more than 10 s (-dts_delta_threshold) for a jump of the " +
      "clock and closes it, so that a slide show loses its times",
    format: /^(mpegts|mpeg)$/,
    jumpSeconds: 10,
    inputArgs: ["-dts_delta_threshold", "3600"],
  },
];
