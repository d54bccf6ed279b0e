// The frame rate that ffmpeg takes a video for, by what ffprobe shows of its headers and first packets. Pure.
import { type Rational, toNumber } from "../../base/rational.ts";
import type { SourceVideo } from "../model/source.ts";

type Rates = Pick<SourceVideo, "realFrameRate" | "averageFrameRate">;

/**
 * av_guess_frame_rate (libavformat/avformat.c): where there is no mean rate, the other one stands (0/0 compares false).
 * Null where it uses data that ffprobe does not show.
 */
export function guessedFrameRate({ realFrameRate: real, averageFrameRate: mean }: Rates): Rational | null {
  if (real === null || mean === null) return real;
  if (toNumber(mean) < 70 && toNumber(real) > 210) return mean;
  return Math.abs(1 - toNumber(mean) / toNumber(real)) > 0.1 ? null : real;
}

/** Whether ffmpeg takes both for one rate; where that can't be told, whether they look alike. */
export function seemOfOneRate(a: Rates, b: Rates): boolean {
  const seeming = (rates: Rates) => {
    const rate = guessedFrameRate(rates) ?? rates.realFrameRate;
    return rate === null ? null : toNumber(rate);
  };
  return (guessedFrameRate(a) === null) === (guessedFrameRate(b) === null) && seeming(a) === seeming(b);
}
