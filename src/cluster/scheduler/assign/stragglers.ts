// The end of a job, when all is handed out and clients fall idle. A segment that waits in a busy client's queue moves
// to an idle client; one that runs gets a speculative attempt on a second client, if that one would finish sooner by
// measured speed. The first verified result counts; the other attempt is stopped then.
import { isFullyAssigned } from "../ability/capability.ts";
import { framesAhead, hasFreeSlot, isReady, loadOf } from "../ability/client-load.ts";
import type { Client } from "../model/client.ts";
import { leadFramesAt } from "../model/gop-list.ts";
import type { AttemptId, JobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Attempt, Segment } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";
import { isWorkedOn, withoutAttempt } from "../rules/speculative-attempts.ts";
import { decodeRatioOf } from "../sizing/cut-rule.ts";
import { measureSpeeds, type Speeds } from "../sizing/speeds.ts";
import { grant } from "./grant.ts";

/** The second client must be much sooner than the first: its speed was measured on other pictures. */
const SOONER_BY = 0.75;
/** Offer, first blocks and seek: with less than this left, no other client is faster. */
const START_MS = 2000;
/** After this long without progress, an attempt is slower than its speed says. */
const HESITATES_MS = 5000;

/** Moves or doubles the slowest segments of jobs that have no other work for their idle clients. */
export function relieveStragglers(turn: Turn, clients: readonly Client[]): void {
  for (const job of turn.openJobs) {
    if (!hasStragglers(turn, job)) continue;
    const idle = clients.filter((client) => isReady(turn, client, job));
    if (idle.length === 0) continue;
    const speeds = measureSpeeds(turn, job);
    idle.sort((a, b) => speeds.of(b) - speeds.of(a));
    for (const client of idle) while (hasFreeSlot(turn, client, job) && relieve(turn, job.id, client, speeds));
  }
}

/** All is in segments, and some segment has at most one attempt that is worked on. */
function hasStragglers(turn: Turn, job: Job): boolean {
  if (job.status !== "Processing" && job.status !== "Benchmarking") return false;
  if (!isFullyAssigned(job)) return false;
  for (const attempt of turn.attempts.values()) {
    if (attempt.jobId !== job.id || attempt.stage === "uploading") continue;
    const phase = job.segments[attempt.segmentIndex]?.phase;
    if (phase?.kind === "leased" && countWorking(turn, phase.attemptIds) <= 1) return true;
  }
  return false;
}

function countWorking(turn: Turn, attemptIds: readonly AttemptId[]): number {
  let count = 0;
  for (const id of attemptIds) {
    const attempt = turn.attempts.get(id);
    if (attempt !== undefined && isWorkedOn(turn, attempt)) count++;
  }
  return count;
}

interface Held {
  readonly segment: Segment;
  readonly attempt: Attempt;
  readonly holder: Client;
  /** Until its holder has encoded it, by that client's speed. Infinity: its holder is paused. */
  readonly restMs: number;
}

/** Moves or doubles the segment that would take longest. False: this client would finish none of them sooner. */
function relieve(turn: Turn, jobId: JobId, client: Client, speeds: Speeds): boolean {
  const job = turn.jobs.get(jobId);
  const fps = speeds.of(client);
  if (job === undefined) return false;
  let longest: Held | null = null;
  for (const { jobId: heldFor, segmentIndex } of turn.attempts.values()) {
    const segment = heldFor === jobId ? job.segments[segmentIndex] : undefined;
    if (segment === undefined) continue;
    // Its retries are used up: the attempt that still runs is the last one.
    if (segment.failures > job.settings.maxRetries) continue;
    const held = heldAlone(turn, job, segment, client, speeds);
    if (held === null || (longest !== null && held.restMs <= longest.restMs)) continue;
    const lead = leadFramesAt(job.gops, segment.startPts) / decodeRatioOf(job.encoder);
    // Any client is sooner than a paused one, even when its speed is not known.
    const ownMs = START_MS + (fps > 0 ? (1000 * (lead + segment.frames)) / fps : Number.MAX_VALUE);
    if (ownMs < SOONER_BY * held.restMs) longest = held;
  }
  if (longest === null) return false;
  const { segment, attempt, holder } = longest;
  if (isBehindSlots(turn, attempt, holder, job)) move(turn, job, longest, client);
  else grant(turn, job, segment, client, { why: `in addition to ${holder.name}` });
  return true;
}

/**
 * A segment that exactly one other client works on, and that caused no trouble elsewhere. Paused clients do not work: a
 * segment that only they hold is as good as free, whatever trouble it caused.
 */
function heldAlone(turn: Turn, job: Job, segment: Segment, client: Client, speeds: Speeds): Held | null {
  if (segment.phase.kind !== "leased") return null;
  const holders = segment.phase.attemptIds.flatMap((id) => {
    const attempt = turn.attempts.get(id);
    const holder = attempt === undefined ? undefined : turn.clients.get(attempt.clientId);
    return attempt === undefined || holder === undefined ? [] : [{ segment, attempt, holder }];
  });
  if (holders.some(({ holder }) => holder.id === client.id)) return null;
  const working = holders.filter(({ attempt }) => isWorkedOn(turn, attempt));
  const [first] = holders;
  const [only, second] = working;
  if (first !== undefined && only === undefined) return { ...first, restMs: Number.POSITIVE_INFINITY };
  // A segment that has failed may fail again: doubled, it would use up its retries twice as fast.
  if (only === undefined || second !== undefined || segment.failures > 0) return null;
  const { attempt, holder } = only;
  if (segment.lostOn?.includes(client.id) || attempt.stage === "uploading") return null;
  if (segment.mismatches?.some(({ leadIn }) => leadIn === segment.leadIn)) return null;
  const fps = attempt.stage === "encoding" && attempt.fps > 0 ? attempt.fps : speeds.of(holder);
  if (fps <= 0) return null;
  const ahead = isBehindSlots(turn, attempt, holder, job) ? framesAhead(turn, holder, job) : 0;
  const quietMs = turn.now - attempt.progressedAt;
  const encodeMs = (1000 * (ahead + Math.max(0, segment.frames - attempt.framesDone))) / fps;
  return { ...only, restMs: encodeMs + (quietMs > HESITATES_MS ? quietMs : 0) };
}

/** It has not begun: its holder has more attempts than slots. */
function isBehindSlots(turn: Turn, attempt: Attempt, holder: Client, job: Job): boolean {
  const { active, slots } = loadOf(turn, holder, job);
  return attempt.stage === "queued" && active > slots;
}

function move(turn: Turn, job: Job, { segment, attempt, holder }: Held, client: Client): void {
  const reason = `moved to ${client.name}, which is idle`;
  turn.removeAttempt(attempt.id);
  turn.effect({ type: "stop-attempt", clientId: holder.id, attemptId: attempt.id, reason });
  const subject = { jobId: job.id, clientId: holder.id, segmentIndex: segment.index, attemptId: attempt.id };
  turn.event("attempt-stopped", subject, reason);
  grant(turn, job, withoutAttempt(segment, attempt.id, turn.now), client, { why: `from the queue of ${holder.name}` });
}
