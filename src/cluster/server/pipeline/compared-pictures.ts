// What a job's pictures are compared with: the file that the video is read from, the filters with the server's own burn-in
// files, and how far each segment can be trusted.
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import { inOneRun } from "../../../media/request/args/split-mode.ts";
import { withBurnInFiles } from "../../../media/subtitles/burn-in-files.ts";
import type { ComparedPictures } from "../../../media/verify/check-output.ts";
import type { SampledSegment } from "../../../media/verify/picture/choose-samples.ts";
import type { Job } from "../../scheduler/model/job.ts";
import { isReferenced } from "../../scheduler/rules/segment-rules.ts";
import { gridOf } from "../job/job-grid.ts";
import { requestOf } from "../job/job-request.ts";
import type { FinishedSegment } from "./finished-segments.ts";
import type { JobWork } from "./job-work.ts";

type VerifiedSegment = Pick<FinishedSegment, "segment" | "landed" | "facts">;

/** A segment that climbed the ladder shows that the index is not exact there: only a decode from the beginning is sure. */
function toSampled(job: Job, { segment, landed, facts }: VerifiedSegment): SampledSegment {
  const isLast = segment.index === job.segments.length - 1;
  const isSure = segment.leadIn === 0 && !isReferenced(segment);
  return {
    startPts: job.split.mode === "whole" || segment.index === 0 ? null : segment.startPts,
    endPts: job.split.mode === "whole" || isLast ? null : segment.endPts,
    frames: facts.frames,
    leadIn: isSure ? 0 : "beginning",
    complaint: landed.report.decodeErrors[0] ?? null,
  };
}

export async function comparedPictures(
  work: JobWork,
  job: Job,
  index: FrameIndex,
  segments: readonly VerifiedSegment[],
): Promise<ComparedPictures> {
  const { path, info } = await work.video();
  const asked = withBurnInFiles(requestOf(work.record, job.encoder), await work.burnInPaths());
  return {
    info,
    index,
    request: job.split.mode === "whole" ? inOneRun(asked) : asked,
    segments: segments.map((segment) => toSampled(job, segment)),
    grid: gridOf(index, job)?.tick ?? null,
    sourcePath: path,
    ...(work.pictures.stated === undefined ? {} : { picture: work.pictures.stated }),
    kept: work.ahead.kept,
    findChange: () => work.pictures.findChange(),
    container: work.record.container,
    every: work.record.verify === "full",
  };
}
