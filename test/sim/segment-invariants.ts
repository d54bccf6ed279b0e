// What must hold of a segment, and of all segments of a job, after every decision.
import type { Decision } from "../../src/cluster/scheduler/model/decision.ts";
import type { Input } from "../../src/cluster/scheduler/model/input.ts";
import type { Job } from "../../src/cluster/scheduler/model/job.ts";
import type { Segment } from "../../src/cluster/scheduler/model/segment.ts";
import type { SchedulerState } from "../../src/cluster/scheduler/model/state.ts";
import { must } from "./violation.ts";

/** One decision with what led to it. */
export interface Step {
  readonly before: SchedulerState;
  readonly input: Input;
  readonly decision: Decision;
  readonly now: number;
}

/** A segment begins where the one before ends, and keeps its range. */
export function checkRange(job: Job, old: Segment | undefined, segment: Segment): void {
  const name = `${job.id}/${segment.index}`;
  if (old === undefined) {
    const previous = job.segments[segment.index - 1];
    if (previous !== undefined) {
      must(previous.endPts === segment.startPts, () => `${name} does not begin where the one before ends`);
    }
    must(segment.endPts > segment.startPts && segment.frames > 0, () => `${name} is empty`);
  } else {
    must(
      old.startPts === segment.startPts && old.endPts === segment.endPts && old.frames === segment.frames,
      () => `${name} changed its range`,
    );
  }
}

/** A leased segment has one or two live attempts, on different clients. */
export function checkHolders({ next }: Decision, name: string, old: Segment | undefined, { phase }: Segment): void {
  if (phase.kind === "leased") {
    const holders = phase.attemptIds.map((id) => next.attempts.get(id));
    must(holders.length > 0 && !holders.includes(undefined), () => `${name} is leased to an attempt that is not live`);
    const clients = new Set(holders.map((holder) => holder?.clientId));
    must(clients.size === holders.length, () => `${name} is held twice by one client`);
    const working = holders.filter((holder) => next.clients.get(holder?.clientId ?? "")?.isPaused === false);
    const isMore = old?.phase.kind !== "leased" || old.phase.attemptIds.length < holders.length;
    must(!isMore || working.length <= 2, () => `${name} is doubled more than it may be`);
  }
}

/** A result lands only under its lease. */
export function checkLanding(
  { before, decision }: Step,
  name: string,
  old: Segment | undefined,
  { phase }: Segment,
): void {
  if (phase.kind === "verifying") {
    // Fencing: only results made under the lease that held the segment until now.
    const had = old?.phase.kind === "verifying" ? [old.phase.landed, old.phase.spare] : [];
    for (const landed of [phase.landed, phase.spare]) {
      if (landed === undefined || had.includes(landed)) continue;
      must(
        heldBefore(old).includes(landed.attemptId) &&
          before.attempts.get(landed.attemptId)?.clientId === landed.clientId,
        () => `${name} took the result of ${landed.attemptId}, which did not hold it`,
      );
    }
    for (const id of phase.speculative ?? []) {
      const other = decision.next.attempts.get(id);
      must(other !== undefined, () => `${name} is being checked, and its speculative attempt ${id} is not live`);
      must(other?.clientId !== phase.landed.clientId, () => `${name} has two attempts on one client`);
    }
  }
}

/** A segment is committed once, and with the result that was checked. */
export function checkCommit(input: Input, name: string, old: Segment | undefined, { phase }: Segment): void {
  if (phase.kind === "verified" || phase.kind === "referencing") {
    const kind = old?.phase.kind;
    const had = old?.phase.kind === "verified" ? null : old?.phase;
    if (had !== null) {
      must(kind === "verifying" || kind === "referencing", () => `${name} went from ${kind} to ${phase.kind}`);
      must(
        had !== undefined && "landed" in had && had.landed.attemptId === phase.landed.attemptId,
        () => `${name} was committed with a result that was not checked`,
      );
    } else must(phase.kind === "referencing", () => `${name} was committed twice`);
  }
  if (phase.kind === "verified" && phase !== old?.phase) {
    const isOfThese = "attemptId" in input && input.attemptId === phase.landed.attemptId;
    must(isOfThese, () => `${name} was committed by an answer about another result`);
  }
}

/** A verified segment is encoded again only for a reason. */
export function checkReopening(
  { input, decision }: Step,
  job: Job,
  old: Segment,
  segment: Segment,
  isStartedOver: boolean,
): void {
  const isSeam = decision.events.some(
    (event) => event.type === "seam-mismatch" && event.jobId === job.id && event.segmentIndex === segment.index,
  );
  const isLost = input.type === "retry-requested" && input.lost.includes(segment.index);
  const isUnjoined =
    old.notes.length < segment.notes.length && unjoinedNotes(segment).includes(segment.notes.at(-1) ?? "");
  must(
    isSeam || isLost || isStartedOver || isUnjoined,
    () => `${job.id}/${segment.index} was verified and is ${segment.phase.kind} again without a seam that differs`,
  );
}

/** Notes that it was encoded again because its parameter sets could not be joined with the others. */
export function unjoinedNotes({ notes }: Segment): string[] {
  return notes.filter((note) => note.startsWith("encoded again: ") && note.includes("headers"));
}

export function heldBefore(old: Segment | undefined): readonly string[] {
  if (old?.phase.kind === "leased") return old.phase.attemptIds;
  return old?.phase.kind === "verifying" ? (old.phase.speculative ?? []) : [];
}

/** When the bits are divided, the shares add up to the budget. */
export function sharesOut(job: Job): void {
  let ticks = 0;
  let given = 0;
  for (const segment of job.segments) {
    ticks += segment.endPts - segment.startPts;
    given += segment.rate?.targetBits ?? 0;
  }
  const budget = ((job.rate?.bitrate ?? 0) * ticks * job.timeBase.num) / job.timeBase.den;
  // Leases in the same decision correct nothing, because nothing is encoded yet. Each share rounds by half a bit.
  must(Math.abs(given - budget) <= 1 + job.segments.length, () => `${job.id} shares out ${given} of ${budget} bits`);
}

/** Two passes: nothing is encoded before all is measured, and nothing is measured twice. */
export function passes(job: Job, old: Segment | undefined, segment: Segment): void {
  const name = `${job.id}/${segment.index}`;
  const { phase, rate } = segment;
  if (job.rate === undefined) {
    must(rate === undefined && phase.kind !== "measured", () => `${name} was measured in a job of one pass`);
    return;
  }
  const measured = old?.rate?.measuredBits;
  must(measured === undefined || measured === rate?.measuredBits, () => `${name} was measured twice`);
  must(old?.rate?.targetBits === undefined || rate?.targetBits !== undefined, () => `${name} lost its share`);
  must(
    (phase.kind === "measured") === (rate !== undefined && rate.targetBits === undefined),
    () => `${name} is ${phase.kind}`,
  );
  if (rate?.targetBits !== undefined && old?.rate?.targetBits === undefined && job.segments.length > 1) {
    must(job.indexComplete, () => `${name} got its share before the whole was known`);
    for (const each of job.segments) {
      must(each.rate?.measuredBits !== undefined, () => `${name} got its share before ${each.index} was measured`);
    }
  }
  must(!("landed" in phase) || rate?.targetBits !== undefined, () => `${name} was encoded without a share`);
}

/** The verified segments cover the stream without gaps and add up to its frames. */
export function completeness(job: Job): void {
  let frames = 0;
  let reached: number | null = null;
  for (const segment of job.segments) {
    must(
      segment.phase.kind === "verified",
      () => `${job.id} is ${job.status}, segment ${segment.index} is ${segment.phase.kind}`,
    );
    must(
      reached === null || segment.startPts === reached,
      () => `${job.id} has a hole before segment ${segment.index}`,
    );
    reached = segment.endPts;
    frames += segment.frames;
  }
  must(job.totalFrames === frames, () => `${job.id} holds ${frames} of ${job.totalFrames} frames`);
}
