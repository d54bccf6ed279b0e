// Models ffmpeg's output stage for a video with a constant rate from `-r`: how often each frame is shown, from times
// and durations alone (fftools: do_video_out of 5.x and 6.0, video_sync_process since 6.1). Pure; tests compare it with
// real versions of ffmpeg.
import { invert, type Pts, type Rational, rescale, toNumber } from "../../base/rational.ts";

/**
 * Two generations of ffmpeg assume different frame durations. `rounded`: the packet's duration in whole frames of the
 * output, and with filters, the source's rate. `exact`: the frame's own duration.
 */
export type SyncRule = "rounded" | "exact";

export interface SyncedFrames {
  readonly rule: SyncRule;
  /** Sorted, on the job's clock. */
  readonly pts: readonly Pts[];
  /** Of each frame's packet, in the same ticks; 0: not stated. */
  readonly durations: readonly number[];
  readonly timeBase: Rational;
  /** The requested frame rate. */
  readonly rate: Rational;
  /** The source's frame rate as filters see it; null: none. */
  readonly sourceFrameRate: Rational | null;
  /** The request has filters. */
  readonly hasFilters: boolean;
  /** The file holds this one stream: then a late first frame is not shown from zero on. */
  readonly isAlone: boolean;
}

export interface SyncedOutput {
  /** The output frame at which each frame of the source begins to be shown, or would be; shown until the next one's. */
  readonly begins: readonly number[];
  /** Frames of the output. */
  readonly frames: number;
  /** Number of the first one: not 0 where the first frame comes late and is not shown before. */
  readonly first: number;
}

/** ffmpeg skips what would repeat a frame more often (dts_error_threshold · 30). */
const MOST_REPEATS = 108_000;

/** llrintf: the nearest whole number of the single-precision value, halves to even. */
function roundSingle(value: number): number {
  const single = Math.fround(value);
  const floor = Math.floor(single);
  const rest = single - floor;
  if (rest !== 0.5) return Math.round(single);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Half of the finest step of a time: with it no time lies exactly halfway. */
const HALF_STEP = 1 / 2 ** 17;

/**
 * adjust_frame_pts_to_encoder_tb: 16 more bits than the clock has, and never exactly a half. Up to 6.0 whole times are
 * moved like others (zero: back), which decides where a duration ends on a half.
 */
function fineTime(rule: SyncRule, pts: Pts, timeBase: Rational, tick: Rational): number {
  const bits = Math.min(16, Math.max(0, 29 - Math.floor(Math.log2(tick.den))));
  const scale = 2 ** bits;
  const fine = rescale(pts, timeBase, { num: tick.num, den: tick.den * scale }) / scale;
  if (rule === "exact" && Number.isInteger(fine)) return fine;
  return fine + (fine > 0 ? HALF_STEP : -HALF_STEP);
}

function durationRule(source: SyncedFrames, tick: Rational): (duration: number) => number {
  const { rule, timeBase, rate, sourceFrameRate, hasFilters } = source;
  const ticks = (duration: number) => (duration * toNumber(timeBase)) / toNumber(tick);
  if (rule === "exact") {
    const guessed = sourceFrameRate === null ? 0 : rescale(1, invert(sourceFrameRate), timeBase);
    return (duration) => ticks(duration > 0 ? duration : guessed);
  }
  const bySource = sourceFrameRate === null ? 0 : 1 / (toNumber(sourceFrameRate) * toNumber(tick));
  const guessed = Math.min(bySource, 1 / (toNumber(rate) * toNumber(tick)));
  return (duration) => {
    const whole = roundSingle(ticks(duration));
    return hasFilters || whole <= 0 ? guessed : whole;
  };
}

/** Null: ffmpeg would skip a repetition, which a cadence can't express. */
export function syncOutput(source: SyncedFrames): SyncedOutput | null {
  const tick = invert(source.rate);
  const durationOf = durationRule(source, tick);
  const begins: number[] = [];
  const repeatsOfPrevious = [0, 0, 0];
  let next = 0;
  let first = 0;
  for (const [position, pts] of source.pts.entries()) {
    let early = fineTime(source.rule, pts, source.timeBase, tick) - next;
    const duration = durationOf(source.durations[position] ?? 0);
    let delta = early + duration;
    if (early < 0 && delta > 0) early = 0;
    if (source.isAlone && next === first && position === 0 && early >= 0.5) {
      first = Math.round(early);
      next = first;
      delta = duration;
      early = 0;
    }
    const frames = delta < -1.1 ? 0 : delta > 1.1 ? roundSingle(delta) : 1;
    const before = delta > 1.1 && early > 1.1 ? Math.min(frames, roundSingle(early - 0.6)) : 0;
    if (frames > MOST_REPEATS) return null;
    repeatsOfPrevious.unshift(before);
    repeatsOfPrevious.pop();
    begins.push(position === 0 ? next : next + before);
    next += frames;
  }
  // At the end the last frame is repeated as often as the middle one of the last three were.
  const atEnd = repeatsOfPrevious.toSorted((a, b) => a - b)[1] ?? 0;
  return { begins, frames: next + atEnd - first, first };
}
