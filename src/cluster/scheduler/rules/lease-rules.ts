// Leases and fencing: what renews an attempt, what ends it, and which result is accepted. A result counts once, and
// only under the lease it was made under.
import type { SegmentReport } from "../../../media/model/segment.ts";
import { isReachable } from "../ability/capability.ts";
import { slotsFor } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import type { Verdict } from "../model/decision.ts";
import { leadFramesAt } from "../model/gop-list.ts";
import type { AttemptId, ClientId } from "../model/ids.ts";
import type { Input } from "../model/input.ts";
import type { Job } from "../model/job.ts";
import type { Attempt, AttemptStage, Segment } from "../model/segment.ts";
import type { SchedulerState } from "../model/state.ts";
import { LEASE_MS } from "../model/timing.ts";
import type { Turn } from "../model/turn.ts";
import { decodeRatioOf } from "../sizing/cut-rule.ts";
import { isMeasuring } from "../sizing/segment-shares.ts";
import { markUnfit, takeOtherWay } from "./election.ts";
import { failJob, openJob, refusal } from "./job-rules.ts";
import { rememberLost } from "./lease-reclaim.ts";
import { progressTimeoutMs } from "./progress-timeout.ts";
import { recordTrouble } from "./quarantine.ts";
import { holdersOf, resultsOf, stopSpeculativeAttempts, withoutAttempt, withResult } from "./speculative-attempts.ts";

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
 * How a result would be received: "wanted" under a live lease of this client, "had" when this attempt's result was
 * accepted already (an upload repeated after a lost answer), else "stale". The shell asks before it reads a body.
 */
export function resultStanding(
  state: SchedulerState,
  attemptId: AttemptId,
  clientId: ClientId,
): "wanted" | "had" | "stale" {
  const attempt = state.attempts.get(attemptId);
  if (attempt !== undefined) {
    const job = state.jobs.get(attempt.jobId);
    const segment = job?.segments[attempt.segmentIndex];
    const isHolder =
      attempt.clientId === clientId &&
      job !== undefined &&
      segment !== undefined &&
      holdersOf(segment).includes(attemptId) &&
      !isMeasuring(job, segment);
    return isHolder ? "wanted" : "stale";
  }
  return acceptedFrom(state, attemptId) === clientId ? "had" : "stale";
}

/** The client whose result of this attempt was accepted; null: none was. */
function acceptedFrom(state: Pick<SchedulerState, "jobs">, attemptId: AttemptId): ClientId | null {
  for (const job of state.jobs.values()) {
    for (const { phase } of job.segments) {
      for (const landed of resultsOf(phase)) if (landed.attemptId === attemptId) return landed.clientId;
    }
  }
  return null;
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
  // A paused client makes no progress; its timeout starts again when it goes on.
  const hasMoved = stage !== attempt.stage || input.frames > attempt.framesDone || client.isPaused;
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

/** Bytes of its result arrived: that is progress, however slow the network. */
export function advanceUpload(turn: Turn, attemptId: AttemptId): void {
  const attempt = turn.attempts.get(attemptId);
  if (attempt !== undefined) turn.putAttempt({ ...attempt, progressedAt: turn.now });
}

/**
 * Fencing: the result of a live attempt is verified, or waits while an earlier one is. Any other result is refused and
 * its file dropped.
 */
export function landResult(turn: Turn, input: Extract<Input, { type: "result-landed" }>): Verdict {
  const { attemptId, clientId, report } = input;
  const standing = resultStanding(turn, attemptId, clientId);
  if (standing === "had") return { ok: true };
  const attempt = turn.attempts.get(attemptId);
  const held = attempt === undefined ? null : heldBy(turn, attempt);
  const client = turn.clients.get(clientId);
  if (standing === "stale" || attempt === undefined || held === null || client === undefined) {
    return refuseResult(turn, input);
  }
  const { job, segment } = held;
  turn.removeAttempt(attemptId);
  turn.putClient(withSpeed(client, job, attempt.encoder ?? job.encoder, segment, report));
  const landed = { attemptId, clientId, clientName: client.name, report };
  turn.putSegment(job, withResult(segment, landed));
  if (segment.phase.kind === "leased") {
    turn.effect({ type: "verify", jobId: job.id, segmentIndex: segment.index, attemptId });
  } else {
    stopSpeculativeAttempts(turn, segment, attemptId, client.name); // two results are enough
  }
  return { ok: true };
}

function refuseResult(turn: Turn, input: Extract<Input, { type: "result-landed" }>): Verdict {
  const { attemptId, clientId } = input;
  const place = turn.attempts.get(attemptId) ?? input.place;
  const subject = place === undefined ? {} : { jobId: place.jobId, segmentIndex: place.segmentIndex };
  turn.event("attempt-refused", { ...subject, attemptId, clientId }, "the result came after its lease had ended");
  if (place !== undefined && acceptedFrom(turn, attemptId) === null) {
    turn.effect({ type: "drop-result", jobId: place.jobId, segmentIndex: place.segmentIndex, attemptId });
  }
  return refusal(
    "E_STALE_ATTEMPT",
    `attempt ${attemptId} no longer holds its segment`,
    "The segment went to another client; drop this result.",
  );
}

/**
 * Updates the speed of one slot on this job: the mean of new and known. Frames decoded before the segment count as
 * work.
 */
export function withSpeed(
  client: Client,
  job: Job,
  encoder: string,
  { startPts }: Segment,
  { frames, seconds }: Pick<SegmentReport, "frames" | "seconds">,
): Client {
  if (frames <= 0) return client;
  const { picture } = job.settings;
  const work = frames + leadFramesAt(job.gops, startPts) / decodeRatioOf(encoder);
  const fps = work / Math.max(seconds, 0.001);
  const known = client.slotFps[job.id];
  const slotFps = known === undefined ? fps : (known + fps) / 2;
  return {
    ...client,
    slotFps: { ...client.slotFps, [job.id]: slotFps },
    performance: slotFps * slotsFor(client, encoder),
    ...(picture === undefined
      ? {}
      : { encoderRates: { ...client.encoderRates, [encoder]: slotFps * picture.width * picture.height } }),
  };
}

/**
 * The client gives up an attempt. "stopped" and "unfit" are not the segment's fault; anything else counts against its
 * retries.
 */
export function failAttempt(turn: Turn, input: Extract<Input, { type: "attempt-failed" }>): void {
  const attempt = turn.attempts.get(input.attemptId);
  if (attempt === undefined || attempt.clientId !== input.clientId) return;
  if (input.kind === "stopped") {
    loseAttempt(turn, attempt, `given back by the client: ${input.reason}`, "client knows");
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
  turn.event("segment-retry", subject, `failed (${input.kind}): ${input.reason}`);
  recordTrouble(turn, attempt.clientId, failed, segment.index, lastLine(input.reason));
  if (failures > maxRetries && rest.phase.kind === "pending") {
    const current = turn.jobs.get(job.id)?.segments[segment.index] ?? rest;
    if (takeOtherWay(turn, failed, current, attempt.clientId, lastLine(input.reason))) return;
    failJob(turn, failed, {
      code: "E_ENCODE_FAILED",
      message: `segment ${segment.index} failed ${failures} times${onWhom(turn, failedOn)}; the last error was: ${input.reason}`,
      hint: FAILURE_HINTS[input.kind],
    });
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
  tell: "tell client" | "client knows" | "client is silent",
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
  const losses = segment.losses + 1;
  const lostOn = [...(segment.lostOn ?? []), clientId];
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
  for (const attempt of [...turn.attempts.values()]) {
    if (attempt.clientId === clientId) loseAttempt(turn, attempt, reason, "tell client");
  }
}

/** Leases of a client whose link is down end no later than `at`. */
export function shortenLeases(turn: Turn, clientId: ClientId, at: number): void {
  for (const attempt of [...turn.attempts.values()]) {
    if (attempt.clientId === clientId && attempt.leaseEndsAt > at) turn.putAttempt({ ...attempt, leaseEndsAt: at });
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
