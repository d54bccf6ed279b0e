// A source that turns out, once its whole index is known, not to be seekable exactly: one segment takes the place of all.
import { failJob, openJob, stopAttempts } from "./job-rules.ts";
import type { Turn } from "./turn.ts";
import type { Input, Job, Segment } from "./types.ts";

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
  stopAttempts(turn, job.id, "the source can't be split");
  for (const { index: segmentIndex, phase } of job.segments) {
    if (!("landed" in phase)) continue;
    turn.effect({ type: "drop-result", jobId: job.id, segmentIndex, attemptId: phase.landed.attemptId });
  }
  const whole: Job = { ...job, ...known, split: { mode: "whole", reason } };
  const segment: Segment = {
    index: 0,
    startPts,
    endPts,
    frames: totalFrames,
    phase: { kind: "pending", notBefore: turn.now },
    leadIn: 0,
    failures: 0,
    losses: 0,
    attempts: 0,
    failedOn: [],
    notes: [`not split: ${reason}`],
  };
  turn.putJob({ ...whole, segments: [segment] });
}
