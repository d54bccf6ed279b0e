// Discoveries that void every segment so far. A source that can't be sought exactly becomes one segment; the index may
// show that, or the server's own decoding of a range that no attempt agreed with. Where frames do not match the
// declared rate, all segments are cut again.
import { firstUnassignedGop } from "../ability/capability.ts";
import { withGops } from "../model/gop-list.ts";
import type { JobId } from "../model/ids.ts";
import type { Input } from "../model/input.ts";
import type { IndexedGop, Job } from "../model/job.ts";
import { newSegment } from "../model/new-segment.ts";
import type { Turn } from "../model/turn.ts";
import { failJob, openJob, stopAttempts } from "./job-rules.ts";
import { resultsOf } from "./speculative-attempts.ts";

const NOT_SPLIT = "the source can't be split";

/**
 * Drops all segments and groups; the index reports its groups again, because after a restart only later ones are known.
 */
export function leaveGrid(turn: Turn, jobId: JobId, reason: string): void {
  const job = openJob(turn, jobId);
  if (job === null || job.split.mode === "whole" || job.split.offGrid !== undefined) return;
  voidSegments(turn, job, "the source's frames do not stand on its declared rate");
  const split = { mode: "keyframes", offGrid: reason } as const;
  turn.putJob({ ...job, ...anyParameterSets(job), split, cursorPts: null, gops: [], segments: [] });
}

/** Replaces all segments by one over everything. Idempotent: it is repeated after a restart. */
export function mergeSegments(turn: Turn, input: Extract<Input, { type: "index-unsplittable" }>): void {
  const job = openJob(turn, input.jobId);
  if (job === null || job.indexComplete) return;
  const { startPts, endPts, totalFrames, reason } = input;
  if (totalFrames <= 0) {
    failJob(turn, job, {
      code: "E_SOURCE_NO_VIDEO",
      message: "the video stream holds no frames",
      hint: "Check the file with ffprobe; it may be truncated.",
    });
    return;
  }
  const known = { indexComplete: true, totalFrames, cursorPts: endPts, gops: [] };
  const [only, second] = job.segments;
  if (only?.startPts === startPts && only.endPts === endPts && second === undefined) {
    turn.putJob({ ...job, ...known });
    return;
  }
  voidSegments(turn, job, NOT_SPLIT);
  const whole: Job = { ...job, ...anyParameterSets(job), ...known, split: { mode: "whole", reason } };
  const segment = newSegment({ index: 0, startPts, endPts, frames: totalFrames }, whole.split, turn.now);
  turn.putJob({ ...whole, segments: [segment] });
}

/** Makes the job one that is not split: its one segment is formed when the index is complete. */
export function runWhole(turn: Turn, job: Job, reason: string): void {
  voidSegments(turn, job, NOT_SPLIT);
  const gops = withGops([], [...assigned(job), ...job.gops.slice(firstUnassignedGop(job))]);
  turn.putJob({
    ...job,
    ...anyParameterSets(job),
    split: { mode: "whole", reason },
    cursorPts: null,
    segments: [],
    gops,
  });
}

/** All that is in segments, as one group: after a restart the groups before the cursor are not in memory. */
function assigned({ segments, cursorPts }: Job): IndexedGop[] {
  const [first] = segments;
  if (first === undefined || cursorPts === null) return [];
  const frames = segments.reduce((sum, segment) => sum + segment.frames, 0);
  return [{ startPts: first.startPts, endPts: cursorPts, frames }];
}

/** With no segments left to join, clients with other parameter sets may work again. */
function anyParameterSets({ unfit }: Job): Pick<Job, "unfit"> {
  return unfit === undefined ? {} : { unfit: unfit.filter(({ parameterSets }) => parameterSets === undefined) };
}

function voidSegments(turn: Turn, job: Job, reason: string): void {
  stopAttempts(turn, job.id, reason);
  for (const { index: segmentIndex, phase } of job.segments) {
    for (const { attemptId } of resultsOf(phase))
      turn.effect({ type: "drop-result", jobId: job.id, segmentIndex, attemptId });
  }
}
