// The encode request of a submit: --ffmpeg-params, preceded by --codec, --quality and --speed in the same form.
import { AppError } from "../../base/errors.ts";

/** x264's presets, which stand for the speed of every encoder. */
export const SPEEDS = [
  ...["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"],
] as const;

/** EBU R 128: the loudness of a programme, LUFS. */
const NORMAL_LOUDNESS = -23;

export interface Asked {
  readonly "ffmpeg-params": string | null;
  readonly codec: string | null;
  readonly quality: number | null;
  readonly speed: string | null;
  /** Of the whole output: `700M`. */
  readonly size: string | null;
  readonly audio: "normalize" | null;
}

/** Null: the server's default. `isOver`: the codec may be a preset's. Errors: E_USAGE for --quality or --speed without --codec. */
export function ffmpegParamsOf(asked: Asked, isOver = false): string | null {
  const { codec, quality, speed, size, audio, "ffmpeg-params": params } = asked;
  const lonely = quality !== null ? "--quality" : speed !== null ? "--speed" : null;
  if (codec === null && lonely !== null && !isOver) {
    const hint = "Name the codec, for example --codec h264, or write the encoder's own options in --ffmpeg-params.";
    throw new AppError("E_USAGE", `${lonely} needs --codec`, hint);
  }
  const words = codec === null ? [] : ["-c:v", codec];
  if (quality !== null) words.push("-quality", String(quality));
  if (speed !== null) words.push("-speed", speed);
  if (size !== null) words.push("-size", size);
  if (audio !== null) words.push("-loudness:a", String(NORMAL_LOUDNESS));
  if (params !== null) words.push(params);
  return words.length === 0 ? null : words.join(" ");
}
