// `jobs retry`: a job that failed or was cancelled goes on from what is finished.
import type { Verdict } from "../model/decision.ts";
import type { JobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Segment } from "../model/segment.ts";
import { changeJobStatus } from "../model/state-changes.ts";
import type { Turn } from "../model/turn.ts";
import { refusal } from "./job-rules.ts";
import { resultsOf } from "./speculative-attempts.ts";

/**
 * Failed or Cancelled → Processing if finished segments are left, else Queued. `lost`: verified segments whose files
 * are gone or changed. Every unfinished segment starts over, with all its retries; if none is unfinished, only the
 * stitch is left.
 */
export function retryJob(turn: Turn, jobId: JobId, lost: readonly number[]): Verdict {
  const job = turn.jobs.get(jobId);
  if (job === undefined) return refusal("E_UNKNOWN_ID", `no job with id ${jobId}`, "`ffcluster jobs list` shows them.");
  if (job.status !== "Failed" && job.status !== "Cancelled") {
    return refusal(
      "E_WRONG_STATE",
      `job ${jobId} is ${job.status}`,
      "Only a job that failed or was cancelled can be tried again.",
    );
  }
  const segments = job.segments.map((segment) => {
    const isDone = segment.phase.kind === "verified" && !lost.includes(segment.index);
    return isDone || segment.phase.kind === "measured" ? segment : startOver(turn, job, segment);
  });
  const isBegun = segments.some(({ phase }) => phase.kind === "verified" || phase.kind === "measured");
  changeJobStatus(turn, job, isBegun ? "Processing" : "Queued", {
    segments,
    ...(job.unfit === undefined ? {} : { unfit: [] }),
    error: null,
    completedAt: null,
    startedAt: isBegun ? (job.startedAt ?? turn.moment.at) : null,
    gops: [],
    indexComplete: false,
    aloneSince: null,
    audio: job.audio === "none" ? "none" : "running",
  });
  turn.effect({ type: "start-index", jobId });
  if (job.audio !== "none") turn.effect({ type: "start-audio", jobId });
  return { ok: true };
}

function startOver(turn: Turn, job: Job, segment: Segment): Segment {
  const { mismatches: _mismatches, lostOn: _lostOn, ...kept } = segment;
  for (const { attemptId } of resultsOf(segment.phase))
    turn.effect({ type: "drop-result", jobId: job.id, segmentIndex: segment.index, attemptId });
  return {
    ...kept,
    phase: { kind: "pending", notBefore: turn.now },
    leadIn: 0,
    failures: 0,
    losses: 0,
    failedOn: [],
  };
}
