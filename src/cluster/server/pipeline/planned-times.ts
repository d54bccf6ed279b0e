// The times that the output's frames must have according to the index and the filters.
import { AppError } from "../../../base/errors.ts";
import { rescale } from "../../../base/rational.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import { plannedFrames } from "../../../media/plan/planned-frames.ts";
import { absolutePts, readSegmentPackets } from "../../../media/segment/verify-segment.ts";
import type { Job } from "../../scheduler/model/job.ts";
import { isReferenced } from "../../scheduler/rules/segment-rules.ts";
import { clockOf } from "../job/job-grid.ts";
import type { FinishedSegment } from "./finished-segments.ts";
import type { JobWork } from "./job-work.ts";

/**
 * Sorted PTS of every output frame on the job's clock, encoder ticks. They come from the index; for segments whose packets
 * are not frames, or have other times, from the segment that the reference decode confirmed. Null when filters make them.
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
  const timing = work.frameTimingFor(job);
  if (timing === null) return null;
  const planned: number[] = [];
  for (const { segment, facts, path } of segments) {
    const isFirst = segment.index === 0;
    const isLast = segment.index === job.segments.length - 1;
    const range = { startPts: isFirst ? null : segment.startPts, endPts: isLast ? null : segment.endPts };
    const indexed = plannedFrames(timing, index, info, range);
    const hasTimes = index.uncounted.withoutPts === 0 && index.falseTimes === null;
    if (hasTimes && indexed.length === facts.frames && !isReferenced(segment)) {
      for (const pts of indexed) planned.push(rescale(pts, timing.timeBase, encoderTimeBase));
      continue;
    }
    const packets = await readSegmentPackets(tools, path, work.signal);
    if (typeof packets === "string") throw new AppError("E_STITCH", packets, "Submit the source again.");
    planned.push(...absolutePts(packets, encoderTimeBase));
  }
  return planned;
}
