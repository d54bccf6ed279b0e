// A job with `-b:v` runs in two passes (docs/adr/0008): every segment is measured first, then the bits of the whole
// video are divided among the segments, and each is encoded to its share. These are the two rules that only such jobs
// have.
import type { LeadIn } from "../../../media/model/segment.ts";
import { isFullyAssigned } from "../ability/capability.ts";
import type { Input } from "../model/input.ts";
import type { Job } from "../model/job.ts";
import type { Attempt, Segment } from "../model/segment.ts";
import { tallyOf } from "../model/segment-tally.ts";
import type { Turn } from "../model/turn.ts";
import { budgetOf, claimOf, ENCODE_SLOWDOWN, isMeasuring } from "../sizing/segment-shares.ts";
import { shareBits } from "../sizing/share-bits.ts";
import { becomeProcessing } from "./job-rules.ts";
import { leadInText, nextLeadIn } from "./ladder.ts";
import { heldBy } from "./lease-rules.ts";
import { withSpeed } from "./result-rules.ts";
import { stopSpeculativeAttempts } from "./speculative-attempts.ts";

/** Takes the report of a measuring attempt: once, and under its lease. */
export function takeMeasurement(turn: Turn, input: Extract<Input, { type: "attempt-measured" }>): void {
  const attempt = turn.attempts.get(input.attemptId);
  const client = turn.clients.get(input.clientId);
  if (attempt === undefined || client === undefined || attempt.clientId !== client.id) return;
  const held = heldBy(turn, attempt);
  if (held === null || !isMeasuring(held.job, held.segment)) return;
  const { job, segment } = held;
  turn.removeAttempt(attempt.id);
  stopSpeculativeAttempts(turn, segment, attempt.id, client.name);
  turn.putClient(withSpeed(client, job, attempt.encoder ?? job.encoder, segment, input));
  const leadIn = !job.countsUnreliable && isShort(input, segment) ? nextLeadIn(job, segment) : null;
  if (leadIn !== null) {
    measureAgain(turn, job, segment, { attempt, frames: input.frames, leadIn });
    return;
  }
  const measured: Segment = { ...segment, phase: { kind: "measured" }, rate: { measuredBits: input.bits } };
  becomeProcessing(turn, turn.putSegment(job, measured));
  turn.event(
    "segment-measured",
    { jobId: job.id, clientId: client.id, segmentIndex: segment.index, attemptId: attempt.id },
    `${input.bits} bits at the measuring quality`,
  );
}

/** An encoder that can't be measured reports bits of no frames. */
function isShort({ bits, frames }: Extract<Input, { type: "attempt-measured" }>, segment: Segment): boolean {
  return frames < segment.frames && (frames > 0 || bits === 0);
}

/** Frames are missing, as where a seek came out too late: their bits would be missing from its share. */
function measureAgain(
  turn: Turn,
  job: Job,
  segment: Segment,
  { attempt, frames, leadIn }: { readonly attempt: Attempt; readonly frames: number; readonly leadIn: LeadIn },
): void {
  const note = `measured again ${leadInText(leadIn)}: ${frames} frames where ${segment.frames} are planned`;
  const notes = [...segment.notes, note];
  turn.putSegment(job, { ...segment, phase: { kind: "pending", notBefore: turn.now }, leadIn, notes });
  const subject = { jobId: job.id, segmentIndex: segment.index, attemptId: attempt.id };
  turn.event("segment-retry", { ...subject, clientId: attempt.clientId }, note, "measure");
}

/**
 * Once all segments are measured: gives each its share and frees it for its encode. Its attempts are counted from 0
 * again.
 */
export function settleShares(turn: Turn, job: Job): void {
  if (job.rate === undefined || !isFullyAssigned(job)) return;
  if (job.segments.length === 0 || tallyOf(job).placesOf("measured").size < job.segments.length) return;
  const claims = job.segments.map((segment) => claimOf(job, segment, segment.rate?.measuredBits ?? 1));
  const shares = shareBits(claims, budgetOf(job));
  const segments = job.segments.map((segment, position): Segment => {
    const rate = { ...segment.rate, targetBits: shares[position] ?? 0 };
    return { ...segment, phase: { kind: "pending", notBefore: turn.now }, rate, attempts: 0 };
  });
  turn.putJob({ ...job, segments });
  expectSlowerWork(turn, job);
}

/** The known speeds are those of measuring, which is faster. */
function expectSlowerWork(turn: Turn, job: Job): void {
  for (const client of [...turn.clients.values()]) {
    const fps = client.slotFps[job.id];
    if (fps !== undefined)
      turn.putClient({ ...client, slotFps: { ...client.slotFps, [job.id]: fps / ENCODE_SLOWDOWN } });
  }
}
