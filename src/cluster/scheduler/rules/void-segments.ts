// What is found out late and makes every segment so far void. A source that turns out not to be seekable exactly: one
// segment takes the place of all; the index may say so, or the server's own decoding of a range that no attempt agreed
// with. Frames that do not stand on the declared rate: all segments are cut anew.
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

/** All groups found so far must be told again: after a restart only the later ones are known here. */
export function leaveGrid(turn: Turn, jobId: JobId, reason: string): void {
  const job = openJob(turn, jobId);
  if (job === null || job.split.mode === "whole" || job.split.offGrid !== undefined) return;
  voidSegments(turn, job, "the source's frames do not stand on its declared rate");
  const split = { mode: "keyframes", offGrid: reason } as const;
  turn.putJob({ ...job, ...anyParameterSets(job), split, cursorPts: null, gops: [], segments: [] });
}

/** Voids every segment so far and puts one over everything; said again after a restart, it changes nothing more. */
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

/** One segment over everything, formed like that of any job that is not split: once the index is complete. */
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

/** What is in segments, as one group: after a restart the groups before the cursor are not in memory. */
function assigned({ segments, cursorPts }: Job): IndexedGop[] {
  const [first] = segments;
  if (first === undefined || cursorPts === null) return [];
  const frames = segments.reduce((sum, segment) => sum + segment.frames, 0);
  return [{ startPts: first.startPts, endPts: cursorPts, frames }];
}

/** With nothing left to be joined with, other headers are as good as any. */
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
