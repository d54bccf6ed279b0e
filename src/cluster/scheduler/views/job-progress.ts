// How far a job is: a pure view of the state for lists, progress bars and estimates.
import { countCapable, isReachable, isSuspended } from "../ability/capability.ts";
import type { ClientId } from "../model/ids.ts";
import { isTerminal, type Job } from "../model/job.ts";
import { attemptsOfClient } from "../model/live-attempts.ts";
import type { Attempt, Segment } from "../model/segment.ts";
import { tallyOf } from "../model/segment-tally.ts";
import type { SchedulerState } from "../model/state.ts";
import { isMeasuring } from "../sizing/segment-shares.ts";
import { videoFrameRate } from "../sizing/sizing.ts";

/** The part of a frame's work that is done when it is measured, in a job of two passes: docs/MEASURED.md §7. */
const MEASURING_SHARE = 0.2;

export interface JobProgress {
  /** Percent of frames; a frame that is only measured counts in part. 100 only when Completed. */
  readonly percent: number;
  readonly framesDone: number;
  /** Null until the index is complete. */
  readonly framesTotal: number | null;
  /** Frames per second of all running encodes together. */
  readonly fps: number;
  readonly etaSeconds: number | null;
  readonly segments: { readonly done: number; readonly running: number; readonly known: number };
  /** Clients that hold an attempt of it, but for those whose link is down. */
  readonly clients: number;
  readonly capableClients: number;
}

export function jobProgress(state: SchedulerState, job: Job): JobProgress {
  const tally = tallyOf(job);
  let framesDone = tally.landedFrames + (job.rate === undefined ? 0 : MEASURING_SHARE * framesMeasured(job));
  /** Of two attempts on one segment only the one that is ahead counts. */
  const leading = new Map<number, Attempt>();
  /** The same, without attempts of clients that are suspended, or whose link is down. */
  const moving = new Map<number, Attempt>();
  const clients = new Set<ClientId>();
  for (const attempt of state.attempts.values()) {
    if (attempt.jobId !== job.id) continue;
    putAhead(leading, attempt);
    const client = state.clients.get(attempt.clientId);
    if (client === undefined || !isReachable(client)) continue;
    clients.add(attempt.clientId);
    if (!isSuspended(client)) putAhead(moving, attempt);
  }
  let fps = 0;
  let pace = 0;
  let slowest = 0;
  for (const attempt of leading.values()) {
    const segment = job.segments[attempt.segmentIndex];
    if (segment === undefined) continue;
    const share = shareOfPass(job, segment);
    framesDone += share * Math.min(attempt.framesDone, segment.frames);
    const runner = moving.get(attempt.segmentIndex);
    if (runner?.stage !== "encoding") continue;
    fps += runner.fps;
    pace += share * runner.fps;
    if (runner.fps > 0) slowest = Math.max(slowest, (segment.frames - runner.framesDone) / runner.fps);
  }
  framesDone = Math.floor(framesDone);
  const total = job.totalFrames ?? estimatedFrames(job);
  return {
    percent: percentOf(job, framesDone, total),
    framesDone,
    framesTotal: job.totalFrames,
    fps,
    etaSeconds: etaOf(job, total === null ? null : total - framesDone, pace, slowest),
    segments: { done: tally.verified, running: leading.size, known: job.segments.length },
    clients: clients.size,
    capableClients: countCapable(state.clients, job),
  };
}

/** In segments that are measured and have no result yet. */
function framesMeasured({ segments }: Job): number {
  let measured = 0;
  for (const { phase, rate, frames } of segments)
    if (!("landed" in phase) && rate?.measuredBits !== undefined) measured += frames;
  return measured;
}

function putAhead(ahead: Map<number, Attempt>, attempt: Attempt): void {
  const known = ahead.get(attempt.segmentIndex);
  if (known === undefined || known.framesDone < attempt.framesDone) ahead.set(attempt.segmentIndex, attempt);
}

/** What a frame of the running attempt counts; a frame of a job in one pass counts 1. */
function shareOfPass(job: Job, segment: Segment): number {
  if (isMeasuring(job, segment)) return MEASURING_SHARE;
  return segment.rate?.measuredBits === undefined ? 1 : 1 - MEASURING_SHARE;
}

/** Frames of the job that still have to be made, as far as its length is known. */
export function framesLeft(job: Job, { framesDone }: JobProgress): number {
  return Math.max(0, (job.totalFrames ?? estimatedFrames(job) ?? 0) - framesDone);
}

function estimatedFrames(job: Job): number | null {
  return job.durationSeconds === null ? null : Math.round(job.durationSeconds * videoFrameRate(job));
}

function percentOf(job: Job, done: number, total: number | null): number {
  if (job.status === "Completed") return 100;
  if (total === null || total <= 0) return 0;
  return Math.min(99.9, Math.floor((done / total) * 1000) / 10);
}

/**
 * Null: not known, because nothing runs or the length is unknown. `slowest`: seconds that the running encode with the most to
 * do still needs; no other client shortens them.
 */
function etaOf(job: Job, left: number | null, pace: number, slowest: number): number | null {
  if (isTerminal(job.status)) return job.status === "Completed" ? 0 : null;
  if (job.status === "Combining") return 0;
  if (left === null || pace <= 0) return null;
  return Math.ceil(Math.max(0, left / pace, slowest));
}

/** The job of which a client holds segments; null when it holds nothing. */
export function heldJobOf(state: SchedulerState, clientId: ClientId): string | null {
  return attemptsOfClient(state.attempts, clientId)[0]?.jobId ?? null;
}
