// Leases a segment to a client: creates the attempt and the offer, and updates the job.
import { isCapable, isReachable } from "../ability/capability.ts";
import { encoderFor, slotsFor } from "../ability/encoders.ts";
import { fixedPrint, textPrint } from "../ability/text-rendering.ts";
import type { Client } from "../model/client.ts";
import type { Job } from "../model/job.ts";
import type { Attempt, Segment } from "../model/segment.ts";
import { changeJobStatus } from "../model/state-changes.ts";
import { LEASE_MS } from "../model/timing.ts";
import type { Turn } from "../model/turn.ts";
import { becomeProcessing } from "../rules/job-rules.ts";
import { isMeasuring, withTarget } from "../sizing/segment-shares.ts";

export interface GrantNotes {
  /** Goes into the job's history. */
  readonly why?: string;
  readonly isUrgent?: boolean;
  readonly isDue?: boolean;
  readonly isFollowed?: boolean;
}

/** Adds a lease to those that the segment may already have. */
export function grant(
  turn: Turn,
  job: Job,
  asked: Segment,
  client: Client,
  { why = "", isUrgent = false, isDue = false, isFollowed = false }: GrantNotes = {},
): void {
  const segment = withTarget(job, asked, job.rate === undefined ? 1 : slotsOf(turn, job));
  const isBenchmark = client.slotFps[job.id] === undefined;
  const attempt: Attempt = {
    id: turn.moment.newId(),
    jobId: job.id,
    segmentIndex: segment.index,
    clientId: client.id,
    encoder: encoderFor(client, job) ?? job.encoder,
    leadIn: segment.leadIn,
    isBenchmark,
    ...(isUrgent ? { isUrgent } : {}),
    ...(isDue ? { isDue } : {}),
    ...(isFollowed ? { isFollowed } : {}),
    leaseEndsAt: turn.now + LEASE_MS,
    stage: "queued",
    framesDone: 0,
    fps: 0,
    startedAt: turn.now,
    progressedAt: turn.now,
  };
  const holders = segment.phase.kind === "leased" ? segment.phase.attemptIds : [];
  const leased: Segment = {
    ...segment,
    attempts: segment.attempts + 1,
    phase: { kind: "leased", attemptIds: [...holders, attempt.id] },
  };
  turn.putAttempt(attempt);
  turn.granted.set(job.id, (turn.granted.get(job.id) ?? 0) + segment.frames);
  startJob(turn, turn.putSegment(withPrint(job, client), leased), isBenchmark);
  const subject = { jobId: job.id, clientId: client.id, segmentIndex: segment.index, attemptId: attempt.id };
  const words = [
    `${segment.frames} frames to ${client.name}`,
    isMeasuring(job, segment) ? "to measure it" : "",
    why,
    isUrgent ? "at once" : "",
  ];
  turn.event("segment-leased", subject, words.filter((each) => each !== "").join(", "));
  turn.effect({ type: "offer", clientId: client.id, attempt, segment: leased });
}

/** How many encodes of the job may run at a time. */
function slotsOf(turn: Turn, job: Job): number {
  let slots = 0;
  for (const client of turn.clients.values()) {
    if (!isReachable(client) || !isCapable(client, job)) continue;
    slots += slotsFor(client, encoderFor(client, job) ?? job.encoder);
  }
  return slots;
}

/** The first client decides how text looks. */
function withPrint(job: Job, client: Client): Job {
  if (job.text === undefined || fixedPrint(job) !== null) return job;
  return { ...job, text: { ...job.text, print: textPrint(client, job.text) } };
}

function startJob(turn: Turn, job: Job, isBenchmark: boolean): void {
  const started =
    job.startedAt === null ? changeJobStatus(turn, job, "Benchmarking", { startedAt: turn.moment.at }) : job;
  if (!isBenchmark) becomeProcessing(turn, started);
}
