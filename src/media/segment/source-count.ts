// Counts the source's pictures in the run that makes a segment, and reads their times. Behind a new rate (fps, `-r`) the
// frames say nothing of them: another picture is shown for longer, or earlier. Before 8.1 the H.264 decoder loses the last
// picture of a stream that it enters at a recovery point just before (measured with 5.1 to 8.0); where a clock leaps
// between two pictures that are decoded in another order, ffmpeg shows pictures at other times than their packets say.
// Pure.
import { sha256Of } from "../../base/digest.ts";
import { formatRational, type Pts, type Rational } from "../../base/rational.ts";
import type { FrameTimes } from "../index/frame-index.ts";
import type { SegmentReport, SegmentTask } from "../model/segment.ts";
import { clockShift } from "../source/source-clock.ts";

/** Writes a line for each picture of the graph's output `[count]`, whose samples are neither copied nor read. */
export function countOutput(countFile: string, timeBase: Rational): string[] {
  const times = ["-fps_mode", "passthrough", "-enc_time_base", formatRational(timeBase)];
  return ["-map", "[count]", "-c:v", "wrapped_avframe", ...times, "-f", "framecrc", "-y", countFile];
}

const PTS_FIELD = 2;

/** The times that it wrote, as they were shown, ticks on the job's clock; kept rising as in a segment (cut-range.ts). */
export function parseTimes(text: string): Pts[] {
  const times: Pts[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    times.push(Math.max(Number(line.split(",")[PTS_FIELD]), (times.at(-1) ?? Number.NEGATIVE_INFINITY) + 1));
  }
  return times;
}

/** The same for the same times, on whichever machine. */
export function timesDigest(times: readonly Pts[]): string {
  return sha256Of(times.join(" "));
}

type Reported = Pick<SegmentReport, "sourceFrames" | "sourceTimes">;

type Times = Pick<FrameTimes, "framePts">;

/**
 * Why the segment lacks pictures of the source, or shows them at other times; null: it does not, or nobody counted.
 * `decoded`: the reference decode, once it is asked; a `-r` that was planned from the index must agree with both.
 */
export function unlikeSource(
  task: SegmentTask,
  report: Reported,
  index: Times,
  decoded: Times | null = null,
): string | null {
  const isPlanned = decoded === null || task.request.video.cadence !== undefined;
  return (
    (decoded === null ? null : unlikeTimes(task, report, decoded)) ??
    (isPlanned ? unlikeTimes(task, report, index) : null)
  );
}

function unlikeTimes(
  { sourceFrames, endPts, clockOffsetUs, timeBase }: SegmentTask,
  report: Reported,
  source: Times,
): string | null {
  const decoded = report.sourceFrames;
  if (sourceFrames === undefined || decoded === undefined) return null;
  const times = source.framePts(sourceFrames.startPts, endPts);
  if (decoded < times.length)
    return `${decoded} of the source's ${times.length} pictures were decoded, which the new rate hides`;
  if (report.sourceTimes === undefined) return null;
  const shift = clockShift(clockOffsetUs, timeBase);
  return report.sourceTimes === timesDigest(times.map((each) => each + shift))
    ? null
    : "the source's pictures are shown at other times than its packets say, which the new rate hides";
}
