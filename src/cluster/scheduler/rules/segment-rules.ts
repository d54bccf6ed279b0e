// The state machine of a segment after its result has landed: verification, the answers of the server's own decoding, and
// the comparison of seams. What happens to a segment that is not as planned is in ladder.ts.
import type { SegmentFacts } from "../../../media/model/segment.ts";
import { isCapable, isReachable } from "../ability/capability.ts";
import type { AttemptId, ClientId, JobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { LandedResult, Segment } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";
import { takeOtherWay } from "./election.ts";
import { becomeProcessing, failJob, openJob } from "./job-rules.ts";
import {
  decodeFromTheBeginning,
  encodeAgain,
  hasSought,
  mayBeConcealedOtherwise,
  nextLeadIn,
  refer,
} from "./ladder.ts";
import { settleParameterSets } from "./parameter-sets.ts";
import { clearTroubles, hasDelivered, recordTrouble } from "./quarantine.ts";
import { dropSpeculativeAttempts, useSpeculativeResult } from "./speculative-attempts.ts";
import { runWhole } from "./void-segments.ts";

/**
 * Starts the note of a segment that the server's own decoding confirmed. A seam between two such segments is not
 * compared.
 */
const REFERENCE_NOTE = "believed by reference decoding";

export interface SegmentAnswer {
  readonly attemptId: AttemptId;
  readonly jobId: JobId;
  readonly segmentIndex: number;
}

interface Found {
  readonly job: Job;
  readonly segment: Segment;
  readonly landed: LandedResult;
}

/** The segment that an answer is about; null: it does not wait for this answer. */
function awaited(turn: Turn, answer: SegmentAnswer, kind: "verifying" | "referencing"): Found | null {
  const job = openJob(turn, answer.jobId);
  const segment = job?.segments[answer.segmentIndex];
  if (job === null || segment === undefined) return null;
  const { phase } = segment;
  if (phase.kind !== "verifying" && phase.kind !== "referencing") return null;
  if (phase.kind !== kind || phase.landed.attemptId !== answer.attemptId) return null;
  return { job, segment, landed: phase.landed };
}

export function verifySegment(turn: Turn, answer: SegmentAnswer, facts: SegmentFacts): void {
  const found = awaited(turn, answer, "verifying");
  if (found === null) return;
  const { job, segment, landed } = found;
  if (!mayBeConcealedOtherwise(job, segment, landed)) return believe(turn, job, segment, landed, facts);
  dropSpeculativeAttempts(turn, job, segment, landed);
  decodeFromTheBeginning(turn, job, segment, landed);
}

/** Counts or PTS are not as planned: tries a longer lead-in, and after the longest the server's own decoding. */
export function mismatchSegment(turn: Turn, answer: SegmentAnswer, reason: string, isOfSource = false): void {
  const found = awaited(turn, answer, "verifying");
  if (found === null) return;
  const { job, segment, landed } = found;
  if (!job.countsUnreliable && useSpeculativeResult(turn, job, segment, landed, reason)) return;
  dropSpeculativeAttempts(turn, job, segment, landed);
  if (!isOfSource && hasOnlyFailed(job, landed.clientId) && canAskAnother(turn, job, segment, landed)) {
    encodeAgain(turn, job, segment, landed, {
      leadIn: segment.leadIn,
      reason: `${landed.clientName} has delivered no right result so far: ${reason}`,
    });
    return;
  }
  const leadIn = job.countsUnreliable ? null : nextLeadIn(job, segment);
  if (leadIn === null) refer(turn, job, segment, landed, reason);
  else encodeAgain(turn, job, segment, landed, { leadIn, reason });
}

export function decideByReference(turn: Turn, answer: SegmentAnswer, facts: SegmentFacts | null, reason: string): void {
  const found = awaited(turn, answer, "referencing");
  if (found === null) return;
  const { job, segment, landed } = found;
  const leadIn = nextLeadIn(job, segment);
  if (facts === null && leadIn !== null) {
    // The server was asked early, because packet counts can't be trusted here: the ladder still has rungs.
    encodeAgain(turn, job, segment, landed, { leadIn, reason });
    return;
  }
  if (facts === null && canAskAnother(turn, job, segment, landed)) {
    encodeAgain(turn, job, segment, landed, {
      leadIn: segment.leadIn,
      reason: `the result of ${landed.clientName} is wrong: ${reason}`,
    });
    return;
  }
  if (facts === null && takeOtherWay(turn, job, segment, landed.clientId, reason)) {
    const subject = { jobId: job.id, segmentIndex: segment.index, attemptId: landed.attemptId };
    turn.effect({ type: "drop-result", ...subject });
    return;
  }
  if (facts === null && hasSought(job, segment)) {
    decodeFromTheBeginning(turn, job, segment, landed, reason);
    return;
  }
  if (facts === null && job.split.mode === "keyframes") {
    runWhole(turn, job, `segment ${segment.index} could not be shown exact: ${reason}`);
    return;
  }
  if (facts === null) {
    failJob(turn, job, {
      code: "E_NOT_EXACT",
      message: `segment ${segment.index} does not hold the source's frames: ${reason}`,
      hint: "The source may be damaged there; `ffmpeg -v error -i FILE -f null -` shows where.",
    });
    return;
  }
  if (mayBeConcealedOtherwise(job, segment, landed)) {
    decodeFromTheBeginning(turn, turn.putJob({ ...job, countsUnreliable: true }), segment, landed);
    return;
  }
  const believed = turn.putJob({ ...job, countsUnreliable: true });
  const noted = { ...segment, notes: [...segment.notes, `${REFERENCE_NOTE}: ${reason}`] };
  believe(turn, believed, noted, landed, facts);
}

/** So many clients may encode a segment on one rung of the ladder. */
const MOST_MAKERS = 3;

/** The client has delivered nothing right for this job, while others have. */
function hasOnlyFailed(job: Job, clientId: ClientId): boolean {
  return !hasDelivered(job, (id) => id === clientId) && hasDelivered(job, (id) => id !== clientId);
}

/**
 * Whether another client can be asked for the same, because a result that is not as planned may be its maker's fault
 * and not the segment's.
 */
function canAskAnother(turn: Turn, job: Job, segment: Segment, { clientId }: LandedResult): boolean {
  const onThisRung = (segment.mismatches ?? []).filter((each) => each.leadIn === segment.leadIn);
  const makers = new Set([...onThisRung.map((each) => each.clientId), clientId]);
  if (makers.size >= MOST_MAKERS || onThisRung.some((each) => each.clientId === clientId)) return false;
  for (const other of turn.clients.values()) {
    if (!makers.has(other.id) && isReachable(other) && isCapable(other, job)) return true;
  }
  return false;
}

/** A result with the same lead-in is right: earlier wrong ones were their makers' fault. */
function recordMakersTrouble(turn: Turn, job: Job, segment: Segment, landed: LandedResult): void {
  for (const { clientId, leadIn } of segment.mismatches ?? []) {
    if (clientId === landed.clientId || leadIn !== segment.leadIn) continue;
    recordTrouble(turn, clientId, job, segment.index, "its result was not as planned, another client's was");
  }
}

function believe(turn: Turn, job: Job, segment: Segment, landed: LandedResult, facts: SegmentFacts): void {
  dropSpeculativeAttempts(turn, job, segment, landed);
  const verified: Segment = { ...segment, phase: { kind: "verified", landed, facts } };
  const processing = becomeProcessing(turn, turn.putSegment(job, verified));
  turn.event(
    "segment-verified",
    { jobId: job.id, clientId: landed.clientId, segmentIndex: segment.index, attemptId: landed.attemptId },
    `${facts.frames} frames, ${facts.bytes} bytes`,
  );
  clearTroubles(turn, landed.clientId);
  recordMakersTrouble(turn, processing, segment, landed);
  if (!settleParameterSets(turn, job.id, segment.index)) return;
  const settled = openJob(turn, job.id);
  if (settled !== null) compareSeam(turn, settled, segment.index - 1);
  const afterFirst = openJob(turn, job.id);
  if (afterFirst !== null) compareSeam(turn, afterFirst, segment.index);
}

export function isReferenced({ notes }: Pick<Segment, "notes">): boolean {
  return notes.some((note) => note.startsWith(REFERENCE_NOTE));
}

/** Compares the picture after the end of segment `index` with the first one of the next, once both are verified. */
function compareSeam(turn: Turn, job: Job, index: number): void {
  const earlier = job.segments[index];
  const later = job.segments[index + 1];
  if (earlier?.phase.kind !== "verified" || later?.phase.kind !== "verified") return;
  const expected = earlier.phase.landed.report.seamAfterEnd;
  const found = later.phase.landed.report.seamStart;
  if (expected === null || found === null || expected === found) return;
  if (isReferenced(later)) {
    if (isReferenced(earlier)) return; // both match a decode in sequence: the source is damaged and decodes by chance
    const reason = `segment ${later.index}, which the server's own decoding confirms, begins with another picture`;
    const { landed } = earlier.phase;
    seamDiffers(turn, job, earlier, landed, reason);
    refer(turn, job, earlier, landed, reason);
    return;
  }

  const { landed } = later.phase;
  const reason = `its first frame is not the one that segment ${index} saw after its end`;
  seamDiffers(turn, job, later, landed, reason);
  const leadIn = nextLeadIn(job, later);
  if (leadIn === null) refer(turn, job, later, landed, reason);
  else encodeAgain(turn, job, later, landed, { leadIn, reason });
}

function seamDiffers(turn: Turn, job: Job, segment: Segment, landed: LandedResult, reason: string): void {
  const subject = { jobId: job.id, segmentIndex: segment.index, attemptId: landed.attemptId };
  turn.event("seam-mismatch", { ...subject, clientId: landed.clientId }, reason);
}
