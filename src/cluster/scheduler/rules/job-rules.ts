// The state machine of a job: submission, progress of index and audio, waiting for clients, combining, and every end.
import type { ErrorBody } from "../../../base/errors.ts";
import {
  countCapable,
  firstUnassignedGop,
  hasReachableClient,
  isFullyAssigned,
  isReachable,
  needsClients,
} from "../ability/capability.ts";
import type { Verdict } from "../model/decision.ts";
import { withGops } from "../model/gop-list.ts";
import type { JobId } from "../model/ids.ts";
import type { NewJob } from "../model/input.ts";
import { type IndexedGop, isTerminal, type Job } from "../model/job.ts";
import { tallyOf } from "../model/segment-tally.ts";
import { changeJobStatus } from "../model/state-changes.ts";
import { LEASE_MS } from "../model/timing.ts";
import type { Turn } from "../model/turn.ts";
import { knownUnassignedFrames } from "../sizing/sizing.ts";
import { holdersOf, withoutAttempt } from "./speculative-attempts.ts";

const OK: Verdict = { ok: true };

export function submitJob(turn: Turn, job: NewJob): void {
  if (turn.jobs.has(job.id)) return; // a repetition
  const { hasSoundWork, ...facts } = job;
  turn.putJob({
    ...facts,
    createdAt: turn.moment.at,
    startedAt: null,
    completedAt: null,
    status: "Queued",
    error: null,
    gops: [],
    indexComplete: false,
    totalFrames: null,
    cursorPts: null,
    segments: [],
    audio: hasSoundWork ? "running" : "none",
    aloneSince: null,
    countsUnreliable: false,
    output: null,
  });
  turn.event("job-status", { jobId: job.id }, "Submitted → Queued");
  turn.effect({ type: "start-index", jobId: job.id });
  if (hasSoundWork) turn.effect({ type: "start-audio", jobId: job.id });
}

/** A job that has not ended, or null: inputs about any other job come too late and are ignored. */
export function openJob(turn: Turn, jobId: JobId): Job | null {
  const job = turn.jobs.get(jobId);
  return job === undefined || isTerminal(job.status) ? null : job;
}

/** Appends the new groups. After a restart, groups that are in segments already come again. */
export function advanceIndex(turn: Turn, jobId: JobId, gops: readonly IndexedGop[]): void {
  const job = openJob(turn, jobId);
  if (job === null || job.indexComplete) return;
  const fresh: IndexedGop[] = [];
  let reached = job.gops.at(-1)?.endPts ?? job.cursorPts;
  for (const gop of gops) {
    if (reached !== null && gop.endPts <= reached) continue;
    if (reached !== null && gop.startPts < reached) {
      failJob(turn, job, {
        code: "E_INDEX",
        message: `the index found a group at ${gop.startPts} that begins before ${reached}, where the last one ended`,
        hint: "The source may have changed while the job ran; submit it again.",
      });
      return;
    }
    fresh.push(gop);
    reached = gop.endPts;
  }
  if (fresh.length > 0) turn.putJob({ ...job, gops: withGops(job.gops, fresh) });
}

/** The index is complete. Its total must equal the sum of its groups, or frames would be lost silently. */
export function finishIndex(turn: Turn, jobId: JobId, totalFrames: number): void {
  const job = openJob(turn, jobId);
  if (job === null || job.indexComplete) return;
  if (job.gops.length === 0 && job.segments.length === 0) {
    failJob(turn, job, {
      code: "E_SOURCE_NO_VIDEO",
      message: "the video stream holds no frames",
      hint: "Check the file with ffprobe; it may be truncated.",
    });
    return;
  }
  if (job.split.mode === "keyframes") {
    let counted = knownUnassignedFrames(job, firstUnassignedGop(job));
    for (const segment of job.segments) counted += segment.frames;
    if (counted !== totalFrames) {
      failJob(turn, job, {
        code: "E_INDEX",
        message: `the index counted ${totalFrames} frames, its groups hold ${counted}`,
        hint: "The source may have changed while the job ran; submit it again.",
      });
      return;
    }
  }
  turn.putJob({ ...job, indexComplete: true, totalFrames });
}

export function finishAudio(turn: Turn, jobId: JobId): void {
  const job = openJob(turn, jobId);
  if (job !== null && job.audio !== "none") turn.putJob({ ...job, audio: "done" });
}

export function finishStitch(turn: Turn, jobId: JobId, output: NonNullable<Job["output"]>): void {
  const job = openJob(turn, jobId);
  if (job?.status === "Combining") endJob(turn, job, "Completed", { output });
}

export function cancelJob(turn: Turn, jobId: JobId): Verdict {
  const job = turn.jobs.get(jobId);
  if (job === undefined) {
    return refusal("E_UNKNOWN_ID", `no job with id ${jobId}`, "`ffcluster jobs list` shows the ids.");
  }
  if (isTerminal(job.status)) {
    const message = `job ${jobId} has ended: it is ${job.status}`;
    return refusal("E_WRONG_STATE", message, "There is nothing to cancel.");
  }
  endJob(turn, job, "Cancelled");
  return OK;
}

export function refusal(code: ErrorBody["code"], message: string, hint: string): Verdict {
  return { ok: false, error: { code, message, hint } };
}

export function failJob(turn: Turn, job: Job, error: ErrorBody): void {
  endJob(turn, job, "Failed", { error });
}

/** Ends a job: stops its attempts and drops what was kept only for the work. */
function endJob(
  turn: Turn,
  job: Job,
  status: "Completed" | "Failed" | "Cancelled",
  also: Partial<Pick<Job, "error" | "output">> = {},
): void {
  stopAttempts(turn, job.id, `the job is ${status}`);
  for (const client of [...turn.clients.values()]) {
    if (client.slotFps[job.id] === undefined) continue;
    const { [job.id]: _ended, ...slotFps } = client.slotFps;
    turn.putClient({ ...client, slotFps });
  }
  const segments = job.segments.map((segment) =>
    holdersOf(segment).reduce((rest, id) => withoutAttempt(rest, id, 0), segment),
  );
  changeJobStatus(turn, job, status, {
    ...also,
    segments,
    gops: [],
    aloneSince: null,
    completedAt: turn.moment.at,
  });
  turn.effect({ type: "release-job", jobId: job.id, status });
}

/** Stops every attempt of a job. */
export function stopAttempts(turn: Turn, jobId: JobId, reason: string): void {
  for (const attempt of [...turn.attempts.values()]) {
    if (attempt.jobId !== jobId) continue;
    turn.removeAttempt(attempt.id);
    const client = turn.clients.get(attempt.clientId);
    if (client !== undefined && isReachable(client)) {
      turn.effect({ type: "stop-attempt", clientId: client.id, attemptId: attempt.id, reason });
    }
  }
}

/** Before work is assigned: sets whether the job waits for clients. */
export function settleWaiting(turn: Turn, job: Job): void {
  if (job.status === "Combining") return;
  if (job.startedAt === null) {
    const hasEnough = countCapable(turn.clients, job) >= job.settings.requiredClients;
    if (!hasEnough) changeJobStatusOnce(turn, job, "WaitingForClients");
    else if (job.status === "WaitingForClients") changeJobStatus(turn, job, "Queued");
    return;
  }
  const isAlone = needsClients(job) && !hasReachableClient(turn, job);
  if (!isAlone) {
    if (job.status === "WaitingForClients") {
      changeJobStatus(turn, job, hasDelivered(turn, job) ? "Processing" : "Benchmarking", { aloneSince: null });
    } else if (job.aloneSince !== null) turn.putJob({ ...job, aloneSince: null });
    return;
  }
  if (job.aloneSince === null) turn.putJob({ ...job, aloneSince: turn.now });
  else if (turn.now - job.aloneSince >= LEASE_MS) changeJobStatusOnce(turn, job, "WaitingForClients");
}

/** After everything else: when all segments are verified and the audio is done, only the stitch is left. */
export function settleCombining(turn: Turn, job: Job): void {
  if (job.status === "Combining" || job.audio === "pending" || job.audio === "running") return;
  if (!isFullyAssigned(job)) return;
  if (tallyOf(job).verified < job.segments.length) return;
  const processing = job.status === "Processing" ? job : becomeProcessing(turn, job);
  changeJobStatus(turn, processing, "Combining", { aloneSince: null });
  turn.effect({ type: "start-stitch", jobId: job.id });
}

/** Called when a first segment is verified, or a second one goes to the same client. */
export function becomeProcessing(turn: Turn, job: Job): Job {
  return job.status === "Benchmarking" || job.status === "WaitingForClients"
    ? changeJobStatus(turn, job, "Processing")
    : job;
}

function changeJobStatusOnce(turn: Turn, job: Job, to: "WaitingForClients"): void {
  if (job.status !== to) changeJobStatus(turn, job, to);
}

function hasDelivered(turn: Turn, job: Job): boolean {
  if (tallyOf(job).verified > 0) return true;
  for (const client of turn.clients.values()) if (client.slotFps[job.id] !== undefined) return true;
  return false;
}
