// Leases: what renews an attempt, and what ends it without a result.
import { isReachable, isSuspended } from "../ability/capability.ts";
import type { AttemptId, ClientId } from "../model/ids.ts";
import type { Input } from "../model/input.ts";
import type { Job } from "../model/job.ts";
import type { Attempt, AttemptStage, Segment } from "../model/segment.ts";
import { LEASE_MS } from "../model/timing.ts";
import type { Turn } from "../model/turn.ts";
import { markUnfit, takeOtherWay } from "./election.ts";
import { failJob, openJob } from "./job-rules.ts";
import { askForChange } from "./ladder.ts";
import { rememberLost } from "./lease-reclaim.ts";
import { progressTimeoutMs } from "./progress-timeout.ts";
import { recordTrouble } from "./quarantine.ts";
import { holdersOf, withoutAttempt } from "./speculative-attempts.ts";

/** Leases that a segment may lose beyond its retries: lost links are not its fault, but the job must end some time. */
const EXTRA_LOSSES = 10;
const STAGES: readonly AttemptStage[] = ["queued", "fetching", "encoding", "uploading"];

/** The job and segment that an attempt holds. */
export function heldBy(turn: Turn, attempt: Attempt): { job: Job; segment: Segment } | null {
  const job = openJob(turn, attempt.jobId);
  const segment = job?.segments[attempt.segmentIndex];
  if (job === null || segment === undefined || !holdersOf(segment).includes(attempt.id)) return null;
  return { job, segment };
}

/**
 * Renews the lease, unless the attempt made no progress for longer than its timeout. Stage and frames only move
 * forward, whatever order messages come in.
 */
export function progressAttempt(turn: Turn, input: Extract<Input, { type: "attempt-progressed" }>): void {
  const attempt = turn.attempts.get(input.attemptId);
  const client = turn.clients.get(input.clientId);
  if (attempt === undefined || client === undefined || attempt.clientId !== client.id || !isReachable(client)) return;
  const stage = STAGES.indexOf(input.stage) > STAGES.indexOf(attempt.stage) ? input.stage : attempt.stage;
  // What is suspended makes no progress; its timeout starts again when it goes on.
  const standsStill = isSuspended(client) || isSuspendedForAnother(turn, attempt);
  const hasMoved = stage !== attempt.stage || input.frames > attempt.framesDone || standsStill;
  const reported: Attempt = {
    ...attempt,
    stage,
    framesDone: Math.max(attempt.framesDone, input.frames),
    fps: input.fps,
    progressedAt: hasMoved ? turn.now : attempt.progressedAt,
  };
  const isStuck = turn.now - reported.progressedAt >= progressTimeoutMs(turn, reported);
  turn.putAttempt(isStuck ? reported : { ...reported, leaseEndsAt: turn.now + LEASE_MS });
}

/** Its client runs an urgent encode, perhaps in its slot. */
function isSuspendedForAnother(turn: Turn, { clientId, isUrgent }: Attempt): boolean {
  return isUrgent !== true && turn.attemptsOf(clientId).some((other) => other.isUrgent === true);
}

/** Bytes of its result arrived: that is progress, however slow the network. */
export function advanceUpload(turn: Turn, attemptId: AttemptId): void {
  const attempt = turn.attempts.get(attemptId);
  if (attempt !== undefined) turn.putAttempt({ ...attempt, progressedAt: turn.now });
}

/**
 * The client gives up an attempt. "stopped" and "unfit" are not the segment's fault; anything else counts against its
 * retries.
 */
export function failAttempt(turn: Turn, input: Extract<Input, { type: "attempt-failed" }>): void {
  const attempt = turn.attempts.get(input.attemptId);
  if (attempt === undefined || attempt.clientId !== input.clientId) return;
  if (input.kind === "stopped") {
    const isRest = turn.clients.get(input.clientId)?.resting !== undefined;
    const tell = isRest ? "client rests" : "client knows";
    loseAttempt(turn, attempt, `given back by the client: ${input.reason}`, tell);
    return;
  }
  const held = heldBy(turn, attempt);
  turn.removeAttempt(attempt.id);
  if (held === null) return;
  const { job, segment } = held;
  if (input.kind === "unfit") {
    const encoder = attempt.encoder ?? job.encoder;
    const subject = { jobId: job.id, clientId: attempt.clientId, segmentIndex: segment.index, attemptId: attempt.id };
    turn.event("client-unfit", subject, `${encoder}: ${input.reason}`);
    const freed = withoutAttempt(segment, attempt.id, turn.now);
    const marked = turn.putSegment(markUnfit(job, attempt.clientId, encoder, input.reason), freed);
    // The attempts before it have used up the retries.
    if (freed.phase.kind === "pending" && segment.failures > job.settings.maxRetries) {
      failJob(turn, marked, {
        code: "E_ENCODE_FAILED",
        message: `segment ${segment.index} failed ${segment.failures} times; the last error was: ${input.reason}`,
        hint: FAILURE_HINTS.encode,
      });
    }
    return;
  }
  const failures = segment.failures + 1;
  const failedOn = [...segment.failedOn, attempt.clientId];
  const { maxRetries, retryDelayMs } = job.settings;
  const rest = withoutAttempt(segment, attempt.id, turn.now + retryDelayMs);
  const failed = turn.putSegment(job, { ...rest, failures, failedOn });
  const subject = { jobId: job.id, clientId: attempt.clientId, segmentIndex: segment.index, attemptId: attempt.id };
  turn.event("segment-retry", subject, `failed (${input.kind}): ${input.reason}`, input.kind);
  recordTrouble(turn, attempt.clientId, failed, segment.index, lastLine(input.reason));
  if (failures > maxRetries && rest.phase.kind === "pending") {
    const current = turn.jobs.get(job.id)?.segments[segment.index] ?? rest;
    if (takeOtherWay(turn, failed, current, attempt.clientId, lastLine(input.reason))) return;
    const error = {
      code: "E_ENCODE_FAILED",
      message: `segment ${segment.index} failed ${failures} times${onWhom(turn, failedOn)}; the last error was: ${input.reason}`,
      hint: FAILURE_HINTS[input.kind],
    } as const;
    const where = { jobId: job.id, segmentIndex: segment.index };
    const isAsked =
      input.kind === "encode" &&
      askForChange(turn, failed, current, { ...where, reason: lastLine(input.reason), error });
    if (!isAsked) failJob(turn, failed, error);
  }
}

/** " on 3 clients (a, b, c)": it shows whether the segment or a client is at fault. */
function onWhom(turn: Turn, failedOn: readonly ClientId[]): string {
  const names = [...new Set(failedOn)].map((id) => turn.clients.get(id)?.name ?? id);
  return names.length > 1 ? ` on ${names.length} clients (${names.join(", ")})` : "";
}

function lastLine(reason: string): string {
  return reason.trimEnd().split("\n").at(-1)?.slice(0, 200) ?? "";
}

const FAILURE_HINTS: Readonly<Record<"encode" | "source" | "io" | "refused" | "stalled", string>> = {
  encode: "Try the same options with plain ffmpeg on this source; `ffcluster jobs show` lists every attempt.",
  source: "The clients could not read the source from the server; check the network and that the file is still there.",
  io: "The clients could not write their work directory; check its free space and permissions.",
  stalled: "ffmpeg hangs on it; check the clients' disks and mounts, and try the same range with plain ffmpeg.",
  refused: "The clients refuse these options; check that server and clients have the same version.",
};

/**
 * A lease ends without a result, and the segment is free at once. A silent client gets no message: it may come back
 * with the attempt before another client has the segment, and gets its answer then.
 */
export function loseAttempt(
  turn: Turn,
  attempt: Attempt,
  reason: string,
  tell: "tell client" | "client knows" | "client rests" | "client is silent",
): void {
  turn.removeAttempt(attempt.id);
  const { id: attemptId, clientId, jobId, segmentIndex } = attempt;
  const client = turn.clients.get(clientId);
  if (tell === "tell client" && client !== undefined && isReachable(client)) {
    turn.effect({ type: "stop-attempt", clientId, attemptId, reason });
  }
  const held = heldBy(turn, attempt);
  if (held === null) return;
  const { job, segment } = held;
  // A client that rests gives back what it holds as it said it would: that is nobody's trouble.
  const isLoss = tell !== "client rests";
  const losses = segment.losses + (isLoss ? 1 : 0);
  const lostOn = isLoss ? [...(segment.lostOn ?? []), clientId] : (segment.lostOn ?? []);
  const free = withoutAttempt(segment, attemptId, turn.now);
  const rest = tell === "client is silent" ? rememberLost(free, attempt) : free;
  const freed = turn.putSegment(job, { ...rest, losses, lostOn });
  turn.event("lease-lost", { jobId, clientId, segmentIndex, attemptId }, reason);
  const { maxRetries } = job.settings;
  if (rest.phase.kind !== "pending") return; // another attempt goes on, or a result is being checked
  if (losses > maxRetries + EXTRA_LOSSES || segment.failures > maxRetries) {
    failJob(turn, freed, {
      code: "E_ENCODE_FAILED",
      message: `segment ${segmentIndex} was lost ${losses} times; the last time: ${reason}`,
      hint: "Clients keep disappearing while they work on it; check their memory, disk and network.",
    });
  }
}

export function loseAttemptsOf(turn: Turn, clientId: ClientId, reason: string): void {
  for (const attempt of turn.attemptsOf(clientId)) loseAttempt(turn, attempt, reason, "tell client");
}

/** Leases of a client whose link is down end no later than `at`. */
export function shortenLeases(turn: Turn, clientId: ClientId, at: number): void {
  for (const attempt of turn.attemptsOf(clientId)) {
    if (attempt.leaseEndsAt > at) turn.putAttempt({ ...attempt, leaseEndsAt: at });
  }
}

export function expireLeases(turn: Turn): void {
  for (const attempt of turn.attempts.values()) {
    // Safe while deleting: the first write copies the map, and this loop goes on over the original.
    if (attempt.leaseEndsAt <= turn.now && turn.attempts.has(attempt.id)) expire(turn, attempt);
  }
}

function expire(turn: Turn, attempt: Attempt): void {
  const idleMs = turn.now - attempt.progressedAt;
  if (idleMs >= progressTimeoutMs(turn, attempt)) {
    const reason = `no progress for ${Math.round(idleMs / 1000)} s while ${attempt.stage}`;
    loseAttempt(turn, attempt, reason, "tell client");
    return;
  }
  const client = turn.clients.get(attempt.clientId);
  const isSilent = client !== undefined && !isReachable(client);
  const reason = "the lease ended while the client was silent";
  loseAttempt(turn, attempt, reason, isSilent ? "client is silent" : "tell client");
}
