// The encode request of a submit: --ffmpeg-params as given, or with --codec, --quality and --speed written before it.
import { AppError } from "../../base/errors.ts";

/** x264's presets, which every encoder is asked in. */
export const SPEEDS = [
  ...["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"],
] as const;

export interface Asked {
  readonly "ffmpeg-params": string | null;
  readonly codec: string | null;
  readonly quality: number | null;
  readonly speed: string | null;
}

/** Null: the server's default. Errors: E_USAGE when --quality or --speed have no --codec. */
export function ffmpegParamsOf(asked: Asked): string | null {
  const { codec, quality, speed, "ffmpeg-params": params } = asked;
  if (codec === null) {
    const lonely = quality !== null ? "--quality" : speed !== null ? "--speed" : null;
    if (lonely === null) return params;
    const hint =
      "Say for which codec, for example --codec h264, or write the encoder's own options in --ffmpeg-params.";
    throw new AppError("E_USAGE", `${lonely} needs --codec`, hint);
  }
  const words = ["-c:v", codec];
  if (quality !== null) words.push("-quality", String(quality));
  if (speed !== null) words.push("-speed", speed);
  if (params !== null) words.push(params);
  return words.join(" ");
}
