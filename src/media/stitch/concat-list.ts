// The list for ffmpeg's concat demuxer: each segment's file and duration, so that every segment begins at its exact
// time. Pure.
import { AppError } from "../../base/errors.ts";
import { MICROSECONDS, type Pts, type Rational, rescale } from "../../base/rational.ts";

export interface ConcatSegment {
  readonly path: string;
  /** First timestamp on the file's own clock, microseconds (a muxer shifts a file that would begin before zero). */
  readonly ownStartUs: number;
  /** PTS of the first and last output frame on the job's clock, encoder ticks. */
  readonly firstPts: Pts;
  readonly lastPts: Pts;
}

/**
 * inpoint is also a seek: rounded below the first frame, it would find no position. The same constant for all files
 * cancels out.
 */
export const INPOINT_MARGIN_US = 1;

/** How ffmpeg's concat scripts quote: single quotes, a quote inside as '\''. */
function quoted(path: string): string {
  if (/[\0\r\n]/.test(path)) {
    const hint = "Give --work-dir a folder without line ends in its name.";
    throw new AppError("E_WORK_DIR", `${JSON.stringify(path)} cannot be joined: its name has more than one line`, hint);
  }
  return `'${path.replaceAll("'", "'\\''")}'`;
}

/** A tick count in microseconds, rounded as ffmpeg does. */
export function toMicroseconds(ticks: Pts, timeBase: Rational): number {
  return rescale(ticks, timeBase, MICROSECONDS);
}

function seconds(microseconds: number): string {
  return `${Math.trunc(microseconds / 1e6)}.${String(microseconds % 1e6).padStart(6, "0")}`;
}

/**
 * concat adds durations up in microseconds and puts a file's first timestamp on the running sum, so each duration is the
 * difference of two rounded absolute times; rounding differences by themselves drifts (docs/MEASURED.md §3).
 * `inpoint` says where a file begins: left to itself, libavformat finds no start time for a file of a few frames
 * (fewer than it needs to guess the decoding delay) and takes 0, which puts that segment at twice its time.
 * `lastDuration`: encoder ticks that the very last frame is shown.
 */
export function concatList(segments: readonly ConcatSegment[], timeBase: Rational, lastDuration: number): string {
  const lines = ["ffconcat version 1.0"];
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    const end = next === undefined ? segment.lastPts + lastDuration : next.firstPts;
    const duration = toMicroseconds(end, timeBase) - toMicroseconds(segment.firstPts, timeBase);
    lines.push(
      `file ${quoted(`file:${segment.path}`)}`,
      `inpoint ${seconds(segment.ownStartUs + INPOINT_MARGIN_US)}`,
      `duration ${seconds(duration)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
