// The list for ffmpeg's concat demuxer: each segment's file and how long it lasts, so that every segment begins at its
// exact time. Pure.
import { MICROSECONDS, type Pts, type Rational, rescale } from "../base/rational.ts";

export interface ConcatSegment {
  readonly path: string;
  /** Absolute PTS of the first and last output frame, encoder ticks. */
  readonly firstPts: Pts;
  readonly lastPts: Pts;
}

/** How ffmpeg's concat scripts quote: single quotes, a quote inside as '\''. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

/** Microseconds of a tick count, as ffmpeg would round it. */
export function toMicroseconds(ticks: Pts, timeBase: Rational): number {
  return rescale(ticks, timeBase, MICROSECONDS);
}

function seconds(microseconds: number): string {
  return `${Math.trunc(microseconds / 1e6)}.${String(microseconds % 1e6).padStart(6, "0")}`;
}

/**
 * concat adds durations up in microseconds and puts a file's first timestamp on the running sum, so each duration is the
 * difference of two rounded absolute times; rounding differences by themselves drifts (FACTS §3).
 * `lastDuration`: encoder ticks that the very last frame is shown.
 */
export function concatList(segments: readonly ConcatSegment[], timeBase: Rational, lastDuration: number): string {
  const lines = ["ffconcat version 1.0"];
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    const end = next === undefined ? segment.lastPts + lastDuration : next.firstPts;
    const duration = toMicroseconds(end, timeBase) - toMicroseconds(segment.firstPts, timeBase);
    lines.push(`file ${quoted(`file:${segment.path}`)}`, `duration ${seconds(duration)}`);
  }
  return `${lines.join("\n")}\n`;
}
