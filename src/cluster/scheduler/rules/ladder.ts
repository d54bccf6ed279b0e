// The ladder of a segment that is not as planned (docs/FAILURES.md): encoded again with a longer lead-in, decoded by the
// server itself, encoded again from the beginning of the source.
import type { LeadIn } from "../../../media/model/segment.ts";
import type { FailedSegment } from "../model/decision.ts";
import type { Input } from "../model/input.ts";
import type { Job } from "../model/job.ts";
import type { LandedResult, Segment } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";
import { failJob, openJob } from "./job-rules.ts";
import { runWhole } from "./void-segments.ts";

/**
 * Decoders conceal damage with earlier pictures, some even with data from the source's first packets. After a seek the
 * result may differ from a decode in one run.
 */
export function mayBeConcealedOtherwise(job: Job, segment: Segment, { report }: LandedResult): boolean {
  return hasSought(job, segment) && report.decodeErrors.length > 0;
}

/** It was decoded from a key frame that the index names. */
export function hasSought(job: Job, { index, leadIn }: Segment): boolean {
  return job.split.mode !== "whole" && index > 0 && leadIn !== "beginning";
}

/**
 * Such a segment costs a decode of everything before it. If more segments than this need it, one run over all is
 * cheaper.
 */
const MOST_FROM_THE_BEGINNING = 32;

export function decodeFromTheBeginning(
  turn: Turn,
  job: Job,
  segment: Segment,
  landed: LandedResult,
  reason = "the decoder complained",
): void {
  const damaged = job.segments.filter(({ leadIn }) => leadIn === "beginning").length;
  if (damaged >= MOST_FROM_THE_BEGINNING) {
    runWhole(turn, job, `more than ${damaged} segments must be decoded from the beginning of the source`);
    return;
  }
  encodeAgain(turn, job, segment, landed, { leadIn: "beginning", reason });
}

/** Null: the ladder has no rung left. A run over everything has none at all, since it does not seek. */
export function nextLeadIn(job: Job, segment: Segment): LeadIn | null {
  if (job.split.mode === "whole") return null;
  switch (segment.leadIn) {
    case 0:
      return 1;
    case 1:
      return 3;
    case 3:
    case "beginning":
      return null;
  }
}

export function leadInText(leadIn: LeadIn): string {
  return leadIn === "beginning" ? "from the beginning of the source" : `with a lead-in of ${leadIn}`;
}

export function encodeAgain(
  turn: Turn,
  job: Job,
  segment: Segment,
  landed: LandedResult,
  { leadIn, reason }: { readonly leadIn: LeadIn; readonly reason: string },
): void {
  const how = leadIn === segment.leadIn ? "by another client" : leadInText(leadIn);
  const note = `encoded again ${how}: ${reason}`;
  turn.putSegment(job, {
    ...segment,
    phase: { kind: "pending", notBefore: turn.now },
    leadIn,
    mismatches: [...(segment.mismatches ?? []), { clientId: landed.clientId, leadIn: segment.leadIn }],
    notes: [...segment.notes, note],
  });
  const subject = { jobId: job.id, segmentIndex: segment.index, attemptId: landed.attemptId };
  turn.effect({ type: "drop-result", ...subject });
  turn.event("segment-retry", { ...subject, clientId: landed.clientId }, note, "check");
}

/** The answer takes as long as ffprobe reads the source's key frames; a segment that waits longer is encoded once more. */
const CHANGE_LOOKED_FOR_MS = 60_000;

/**
 * Encodes of a segment failed as often as they may. Where pictures change inside it, filters that are set up anew may have
 * given no picture at all; so the source is asked. False: one run over everything has no other way.
 */
export function askForChange(turn: Turn, job: Job, segment: Segment, failed: FailedSegment): boolean {
  if (job.split.mode === "whole") return false;
  turn.putSegment(job, { ...segment, phase: { kind: "pending", notBefore: turn.now + CHANGE_LOOKED_FOR_MS } });
  turn.effect({ type: "look-for-change", ...failed });
  return true;
}

/** A late answer finds another segment there, or one that was given new tries. */
export function decideByChange(turn: Turn, answer: Extract<Input, { type: "change-looked-for" }>): void {
  const job = openJob(turn, answer.jobId);
  const segment = job?.segments[answer.segmentIndex];
  if (job === null || segment === undefined || job.split.mode === "whole") return;
  if (segment.failures <= job.settings.maxRetries) return;
  if (answer.whyWhole !== null) runWhole(turn, job, answer.whyWhole);
  else if (!climbAfterFailures(turn, job, segment, answer.reason)) failJob(turn, job, answer.error);
}

/**
 * A run that began at a key frame failed as often as it may. Where that is no key frame, ffmpeg may have decoded nothing
 * to begin an output with; so it is tried once more from the beginning of the source. False: there is no such rung.
 */
function climbAfterFailures(turn: Turn, job: Job, segment: Segment, reason: string): boolean {
  const damaged = job.segments.filter(({ leadIn }) => leadIn === "beginning").length;
  if (!hasSought(job, segment) || damaged >= MOST_FROM_THE_BEGINNING) return false;
  const note = `encoded again ${leadInText("beginning")}: ${reason}`;
  const notes = [...segment.notes, note];
  const { phase } = segment;
  const free = phase.kind === "pending" ? { ...phase, notBefore: turn.now } : phase;
  turn.putSegment(job, { ...segment, phase: free, leadIn: "beginning", failures: 0, failedOn: [], notes });
  turn.event("segment-retry", { jobId: job.id, segmentIndex: segment.index }, note, "encode");
  return true;
}

export function refer(turn: Turn, job: Job, segment: Segment, landed: LandedResult, reason: string): void {
  turn.putSegment(job, {
    ...segment,
    phase: { kind: "referencing", landed },
    notes: [...segment.notes, `the server decodes the range itself: ${reason}`],
  });
  turn.effect({ type: "reference", jobId: job.id, segmentIndex: segment.index, attemptId: landed.attemptId });
}
