// How far a job is: pure views over the state for lists, bars and estimates.
import { countCapable } from "./capability.ts";
import { videoFrameRate } from "./sizing.ts";
import { isTerminal } from "./state-changes.ts";
import type { Attempt, ClientId, Job, SchedulerState } from "./types.ts";

export interface JobProgress {
  /** Percent of frames; 100 only when Completed. */
  readonly percent: number;
  readonly framesDone: number;
  /** Null until the index is complete. */
  readonly framesTotal: number | null;
  /** Frames per second of all running encodes together. */
  readonly fps: number;
  readonly etaSeconds: number | null;
  readonly segments: { readonly done: number; readonly running: number; readonly known: number };
  /** Clients that hold an attempt of it. */
  readonly clients: number;
  readonly capableClients: number;
}

export function jobProgress(state: SchedulerState, job: Job): JobProgress {
  let framesDone = 0;
  let done = 0;
  for (const { phase, frames } of job.segments) {
    if (phase.kind === "verified") done++;
    if (phase.kind !== "pending" && phase.kind !== "leased") framesDone += frames;
  }
  /** Of two rivals on one segment only the one that is ahead counts. */
  const leading = new Map<number, Attempt>();
  const clients = new Set<ClientId>();
  for (const attempt of state.attempts.values()) {
    if (attempt.jobId !== job.id) continue;
    clients.add(attempt.clientId);
    const rival = leading.get(attempt.segmentIndex);
    if (rival === undefined || rival.framesDone < attempt.framesDone) leading.set(attempt.segmentIndex, attempt);
  }
  let fps = 0;
  for (const { segmentIndex, framesDone: frames, stage, fps: speed } of leading.values()) {
    framesDone += Math.min(frames, job.segments[segmentIndex]?.frames ?? 0);
    if (stage === "encoding") fps += speed;
  }
  const total = job.totalFrames ?? estimatedFrames(job);
  return {
    percent: percentOf(job, framesDone, total),
    framesDone,
    framesTotal: job.totalFrames,
    fps,
    etaSeconds: etaOf(job, framesDone, total, fps),
    segments: { done, running: leading.size, known: job.segments.length },
    clients: clients.size,
    capableClients: countCapable(state.clients, job),
  };
}

function estimatedFrames(job: Job): number | null {
  return job.durationSeconds === null ? null : Math.round(job.durationSeconds * videoFrameRate(job));
}

function percentOf(job: Job, done: number, total: number | null): number {
  if (job.status === "Completed") return 100;
  if (total === null || total <= 0) return 0;
  return Math.min(99.9, Math.floor((done / total) * 1000) / 10);
}

/** Null when it cannot be told: nothing runs, or the length is unknown. */
function etaOf(job: Job, done: number, total: number | null, fps: number): number | null {
  if (isTerminal(job.status)) return job.status === "Completed" ? 0 : null;
  if (job.status === "Combining") return 0;
  if (total === null || fps <= 0) return null;
  return Math.ceil(Math.max(0, total - done) / fps);
}

/** The job a client works on now; null when it holds nothing. */
export function currentJobOf(state: SchedulerState, clientId: ClientId): string | null {
  for (const attempt of state.attempts.values()) if (attempt.clientId === clientId) return attempt.jobId;
  return null;
}
