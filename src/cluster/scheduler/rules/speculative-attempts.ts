// A segment that two clients work on: who holds it, which results of it lie on the disk, and what becomes of the second
// when the first is checked. The first verified result counts.
import { isReachable } from "../ability/capability.ts";
import type { AttemptId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Attempt, LandedResult, Segment, SegmentPhase } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";

const NO_ATTEMPTS: readonly AttemptId[] = [];

/** The live attempts of a segment: of one that is being checked, those that still run beside. */
export function holdersOf({ phase }: Pick<Segment, "phase">): readonly AttemptId[] {
  if (phase.kind === "leased") return phase.attemptIds;
  return phase.kind === "verifying" ? (phase.speculative ?? NO_ATTEMPTS) : NO_ATTEMPTS;
}

/** A client that is paused still uploads what it has. */
export function isWorkedOn(turn: Turn, { clientId, stage }: Attempt): boolean {
  return stage === "uploading" || turn.clients.get(clientId)?.isPaused !== true;
}

/** Results of a segment whose bytes are on the disk. */
export function resultsOf(phase: SegmentPhase): readonly LandedResult[] {
  if (!("landed" in phase)) return [];
  return phase.kind === "verifying" && phase.spare !== undefined ? [phase.landed, phase.spare] : [phase.landed];
}

/** The segment after one of its attempts is over: still held by another, or being checked, else free from `notBefore` on. */
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

/** A result has landed: it is checked, or waits for the check of the one that was sooner. */
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

/** All attempts but one of a segment are told to stop, because `winner` was sooner. */
export function stopSpeculativeAttempts(turn: Turn, segment: Segment, winnerId: AttemptId, winner: string): void {
  for (const id of holdersOf(segment)) {
    const other = turn.attempts.get(id);
    if (other === undefined || id === winnerId) continue;
    const { clientId, jobId, segmentIndex } = other;
    const reason = `${winner} was sooner`;
    turn.removeAttempt(id);
    turn.event("attempt-stopped", { jobId, clientId, segmentIndex, attemptId: id }, reason);
    const loser = turn.clients.get(clientId);
    if (loser !== undefined && isReachable(loser))
      turn.effect({ type: "stop-attempt", clientId, attemptId: id, reason });
  }
}

/** The first result is decided: what runs or lies beside it is let go. */
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

/** When the first result is not as planned, the speculative one counts if it is here or on its way. False: there is none. */
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
  const note = `another client's result, made beside that of ${landed.clientName}, counts: ${reason}`;
  turn.putSegment(job, {
    ...segment,
    phase: spare === undefined ? { kind: "leased", attemptIds: running } : verifying(spare, running),
    mismatches: [...(segment.mismatches ?? []), { clientId, leadIn: segment.leadIn }],
    notes: [...segment.notes, note],
  });
  turn.effect({ type: "drop-result", jobId: job.id, segmentIndex, attemptId });
  turn.event("segment-retry", { jobId: job.id, segmentIndex, attemptId, clientId }, note);
  if (spare !== undefined) turn.effect({ type: "verify", jobId: job.id, segmentIndex, attemptId: spare.attemptId });
  return true;
}
