// Whether a segment lacks pictures of its source that the number of its frames does not show.
import type { FrameIndex, FrameTimes } from "../../../media/index/frame-index.ts";
import type { SegmentTask } from "../../../media/model/segment.ts";
import { unlikeSource } from "../../../media/segment/source-count.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { LandedResult } from "../../scheduler/model/segment.ts";

/**
 * The run counts the pictures and reads their times where a new rate hides a loss. Where `-r` was planned from every
 * frame, an error that the decoder reported counts as a loss too. `decoded`: the reference decode, once it is asked.
 */
export function lostFrames(
  { job, landed }: { readonly job: Job; readonly landed: LandedResult },
  task: SegmentTask,
  index: FrameIndex,
  decoded: FrameTimes | null = null,
): string | null {
  const lost = unlikeSource(task, landed.report, index, decoded);
  if (lost !== null) return lost;
  const [complaint] = landed.report.decodeErrors;
  if (job.split.mode === "whole" || task.request.video.cadence === undefined || complaint === undefined) return null;
  return `-r was planned from every frame, and the decoder reported an error: ${complaint}`;
}
