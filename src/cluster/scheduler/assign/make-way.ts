// Room for a job that comes first while all slots are taken. What other jobs have only queued goes back. A job that the
// cluster can do in a short time waits for no slot: it gets one at once, and the client suspends a longer encode meanwhile
// (preemption with resumption: nothing is encoded twice).
import { isCapable, isReachable, takesWork } from "../ability/capability.ts";
import { encoderOf, loadOf, occupiesSlot } from "../ability/client-load.ts";
import { encoderFor, poolOf } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import type { JobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Attempt } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";
import { withoutAttempt } from "../rules/speculative-attempts.ts";

/** A job that the whole cluster does in this time is short: as long as the longest segments run, it would wait half of that. */
const SHORT_SECONDS = 120;
/** An encode that ends sooner is not worth suspending. */
const SOON_MS = 2000;

export function isShort(leftSeconds: number, slots: number): boolean {
  return leftSeconds <= SHORT_SECONDS * Math.max(1, slots);
}

/** Whether the attempt's job comes after this one. */
export type ComesAfter = (attempt: Attempt) => boolean;

/** Takes back what waits in the client's queue behind its slots for jobs that come after this one. */
export function takeBackQueued(turn: Turn, client: Client, job: Job, comesAfter: ComesAfter): void {
  const { active, slots } = loadOf(turn, client, job);
  let behind = active - slots;
  for (const attempt of [...turn.attemptsOf(client.id)].reverse()) {
    if (behind <= 0) return;
    if (attempt.stage !== "queued" || attempt.isUrgent === true || !comesAfter(attempt)) continue;
    const holder = turn.jobs.get(attempt.jobId);
    const segment = holder?.segments[attempt.segmentIndex];
    // A speculative attempt, and one of a segment with a history, stay where they are.
    if (holder === undefined || segment?.phase.kind !== "leased" || segment.phase.attemptIds.length > 1) continue;
    behind--;
    const reason = `${job.fileName} comes first`;
    turn.removeAttempt(attempt.id);
    turn.effect({ type: "stop-attempt", clientId: client.id, attemptId: attempt.id, reason });
    const subject = { jobId: holder.id, clientId: client.id, segmentIndex: segment.index, attemptId: attempt.id };
    turn.event("attempt-stopped", subject, reason);
    const free = withoutAttempt(segment, attempt.id, turn.now);
    turn.putSegment(holder, { ...free, attempts: segment.attempts - 1 }); // it never began
    turn.granted.set(holder.id, (turn.granted.get(holder.id) ?? 0) - segment.frames);
  }
}

/** How many encodes the client may suspend for a short job: of jobs that come after it, one for each urgent attempt. */
export function suspendable(turn: Turn, client: Client, job: Job, comesAfter: ComesAfter): number {
  if (!isReachable(client) || !takesWork(client) || !isCapable(client, job)) return 0;
  const encoder = encoderFor(client, job);
  if (encoder === null || poolOf(encoder) !== "software") return 0; // a device holds only so many encodes, suspended or not
  let count = 0;
  for (const attempt of turn.attemptsOf(client.id)) {
    if (!occupiesSlot(attempt) || poolOf(encoderOf(turn, attempt)) !== "software") continue;
    if (attempt.isUrgent === true) count--;
    else if (attempt.stage !== "queued" && comesAfter(attempt) && restMs(turn, client, attempt) > SOON_MS) count++;
  }
  return count;
}

function restMs(turn: Turn, client: Client, attempt: Attempt): number {
  const frames = turn.jobs.get(attempt.jobId)?.segments[attempt.segmentIndex]?.frames ?? 0;
  const fps = attempt.fps > 0 ? attempt.fps : (client.slotFps[attempt.jobId] ?? 0);
  return fps > 0 ? (1000 * Math.max(0, frames - attempt.framesDone)) / fps : Number.POSITIVE_INFINITY;
}

/** By their ranks; a job without a rank comes last. What a job was owed makes way for none. */
export function afterRank(ranks: ReadonlyMap<JobId, number>, jobId: JobId): ComesAfter {
  const own = ranks.get(jobId) ?? Number.POSITIVE_INFINITY;
  return (attempt) => attempt.isDue !== true && (ranks.get(attempt.jobId) ?? Number.POSITIVE_INFINITY) > own;
}
