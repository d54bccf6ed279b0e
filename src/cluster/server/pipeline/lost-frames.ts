// Whether a segment lacks pictures of its source that the number of its frames does not show.
import type { SegmentTask } from "../../../media/model/segment.ts";
import { missingPictures } from "../../../media/segment/source-count.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { LandedResult } from "../../scheduler/model/segment.ts";

/**
 * The run counts the pictures where a new rate hides a loss. Where `-r` was planned from every frame, an error that the
 * decoder reported counts as a loss too. `frames`: so many the source has there.
 */
export function lostFrames(
  { job, landed }: { readonly job: Job; readonly landed: LandedResult },
  task: SegmentTask,
  frames = task.sourceFrames?.frames,
): string | null {
  const missing = missingPictures(task, landed.report, frames);
  if (missing !== null) return missing;
  const [complaint] = landed.report.decodeErrors;
  if (job.split.mode === "whole" || task.request.video.cadence === undefined || complaint === undefined) return null;
  return `-r was planned from every frame, and the decoder reported an error: ${complaint}`;
}
