// A segment with a speculative attempt: who holds it, which of its results are on the disk, and what happens to one
// attempt when the other's result is checked. The first verified result counts.
import { isReachable, isSuspended } from "../ability/capability.ts";
import type { AttemptId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Attempt, LandedResult, Segment, SegmentPhase } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";

const NO_ATTEMPTS: readonly AttemptId[] = [];

/** The live attempts of a segment; while a result is checked, those that still run. */
export function holdersOf({ phase }: Pick<Segment, "phase">): readonly AttemptId[] {
  if (phase.kind === "leased") return phase.attemptIds;
  return phase.kind === "verifying" ? (phase.speculative ?? NO_ATTEMPTS) : NO_ATTEMPTS;
}

/** It does not stand still, or it is uploaded: a client that stands still does that. */
export function isWorkedOn(turn: Turn, { clientId, stage }: Attempt): boolean {
  const client = turn.clients.get(clientId);
  return stage === "uploading" || client === undefined || !isSuspended(client);
}

/** The results of a segment that are on the server's disk. */
export function resultsOf(phase: SegmentPhase): readonly LandedResult[] {
  if (!("landed" in phase)) return [];
  return phase.kind === "verifying" && phase.spare !== undefined ? [phase.landed, phase.spare] : [phase.landed];
}

/** The segment without one of its attempts: still held by another, or being checked, else free from `notBefore` on. */
export function withoutAttempt(segment: Segment, attemptId: AttemptId, notBefore: number): Segment {
  const { phase } = segment;
  if (phase.kind !== "leased" && phase.kind !== "verifying") return segment;
  const left = holdersOf(segment).filter((id) => id !== attemptId);
  if (phase.kind === "verifying") return { ...segment, phase: verifying(phase.landed, left, phase.spare) };
  return { ...segment, phase: left.length > 0 ? { kind: "leased", attemptIds: left } : { kind: "pending", notBefore } };
}

function verifying(landed: LandedResult, speculative: readonly AttemptId[], spare?: LandedResult): SegmentPhase {
  return {
    kind: "verifying",
    landed,
    ...(speculative.length === 0 ? {} : { speculative }),
    ...(spare === undefined ? {} : { spare }),
  };
}

/** The segment with a result that landed: it is checked now, or kept while an earlier one is checked. */
export function withResult(segment: Segment, landed: LandedResult): Segment {
  const { phase } = segment;
  if (phase.kind === "verifying") return { ...segment, phase: verifying(phase.landed, [], landed) };
  return {
    ...segment,
    phase: verifying(
      landed,
      holdersOf(segment).filter((id) => id !== landed.attemptId),
    ),
  };
}

/** Stops all attempts of a segment but the winner's. `winner`: the client's name. */
export function stopSpeculativeAttempts(turn: Turn, segment: Segment, winnerId: AttemptId, winner: string): void {
  for (const id of holdersOf(segment)) {
    const other = turn.attempts.get(id);
    if (other === undefined || id === winnerId) continue;
    const { clientId, jobId, segmentIndex } = other;
    const reason = `${winner} finished first`;
    turn.removeAttempt(id);
    turn.event("attempt-stopped", { jobId, clientId, segmentIndex, attemptId: id }, reason);
    const loser = turn.clients.get(clientId);
    if (loser !== undefined && isReachable(loser))
      turn.effect({ type: "stop-attempt", clientId, attemptId: id, reason });
  }
}

/** The first result is decided: stops the other attempt, or drops its result. */
export function dropSpeculativeAttempts(
  turn: Turn,
  job: Job,
  segment: Segment,
  { attemptId, clientName }: LandedResult,
): void {
  stopSpeculativeAttempts(turn, segment, attemptId, clientName);
  const { phase } = segment;
  if (phase.kind !== "verifying" || phase.spare === undefined) return;
  turn.effect({ type: "drop-result", jobId: job.id, segmentIndex: segment.index, attemptId: phase.spare.attemptId });
}

/**
 * When the first result is not as planned, the speculative one counts if it is here or on its way. False: there is
 * none.
 */
export function useSpeculativeResult(
  turn: Turn,
  job: Job,
  segment: Segment,
  landed: LandedResult,
  reason: string,
): boolean {
  const { phase, index: segmentIndex } = segment;
  if (phase.kind !== "verifying") return false;
  const running = holdersOf(segment);
  const { spare } = phase;
  const isAnyWorkedOn = running.some((id) => {
    const attempt = turn.attempts.get(id);
    return attempt !== undefined && isWorkedOn(turn, attempt);
  });
  if (spare === undefined && !isAnyWorkedOn) return false;
  const { attemptId, clientId } = landed;
  const note = `another client's result counts instead of that of ${landed.clientName}: ${reason}`;
  turn.putSegment(job, {
    ...segment,
    phase: spare === undefined ? { kind: "leased", attemptIds: running } : verifying(spare, running),
    mismatches: [...(segment.mismatches ?? []), { clientId, leadIn: segment.leadIn }],
    notes: [...segment.notes, note],
  });
  turn.effect({ type: "drop-result", jobId: job.id, segmentIndex, attemptId });
  turn.event("segment-retry", { jobId: job.id, segmentIndex, attemptId, clientId }, note, "check");
  if (spare !== undefined) turn.effect({ type: "verify", jobId: job.id, segmentIndex, attemptId: spare.attemptId });
  return true;
}
