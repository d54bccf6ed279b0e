// The times that the frames of the output must have, by the index and the filters.
import { AppError } from "../../../base/errors.ts";
import { formatRational, type Rational, rescale } from "../../../base/rational.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { FrameGrid } from "../../../media/index/frame-grid.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import type { SourceInfo } from "../../../media/model/source.ts";
import { lastFrameTicks, plannedFrames } from "../../../media/plan/planned-frames.ts";
import { absolutePts, readSegmentPackets } from "../../../media/segment/verify-segment.ts";
import type { Job } from "../../scheduler/model/job.ts";
import { isReferenced } from "../../scheduler/rules/segment-rules.ts";
import { clockOf } from "../job/job-grid.ts";
import type { FinishedSegment } from "./finished-segments.ts";
import type { JobWork } from "./job-work.ts";

/**
 * Sorted PTS of every output frame on the job's clock, encoder ticks: the index's; of segments whose packets are not
 * their frames, or not at the index's times, those that the reference decode confirmed. Null when filters make the times.
 */
export async function plannedPts(
  tools: Tools,
  work: JobWork,
  job: Job,
  index: FrameIndex,
  segments: readonly FinishedSegment[],
): Promise<number[] | null> {
  const { info } = work.record;
  const encoderTimeBase = clockOf(work.record, index, job);
  const plan = work.frameTimingFor(job);
  if (plan === null) return null;
  const planned: number[] = [];
  for (const { segment, facts, path } of segments) {
    const isFirst = segment.index === 0;
    const isLast = segment.index === job.segments.length - 1;
    const range = { startPts: isFirst ? null : segment.startPts, endPts: isLast ? null : segment.endPts };
    const indexed = plannedFrames(plan, index, info, range);
    const hasTimes = index.uncounted.withoutPts === 0 && index.falseTimes === null;
    if (hasTimes && indexed.length === facts.frames && !isReferenced(segment)) {
      for (const pts of indexed) planned.push(rescale(pts, plan.timeBase, encoderTimeBase));
      continue;
    }
    const packets = await readSegmentPackets(tools, path, work.signal);
    if (typeof packets === "string") throw new AppError("E_STITCH", packets, "Submit the source again.");
    planned.push(...absolutePts(packets, encoderTimeBase));
  }
  return planned;
}

/** How long the last frame is shown, in ticks of the encoder; one frame of the grid where the rate is constant. */
export function lastDuration(work: JobWork, job: Job, index: FrameIndex, encoderTimeBase: Rational): number {
  const plan = work.frameTimingFor(job);
  if (plan === null) return 1;
  return Math.max(1, rescale(lastFrameTicks(plan, index), plan.timeBase, encoderTimeBase));
}

/** What the planned times are, for the check's words. */
export function timesAre(grid: FrameGrid | null, info: SourceInfo): string {
  if (grid === null) return "the source's times";
  const source = formatRational(info.video.timeBase);
  return `the exact times of ${formatRational(grid.rate)} frames a second, which the source rounds to ${source} s`;
}
