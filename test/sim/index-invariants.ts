// What the scheduler keeps beside its state to find things fast (live-attempts.ts, open-jobs.ts, segment-tally.ts,
// changes.ts) says the same as a look at everything.
import { differences, differingSegments } from "../../src/cluster/scheduler/model/changes.ts";
import type { Decision } from "../../src/cluster/scheduler/model/decision.ts";
import { isTerminal, type Job } from "../../src/cluster/scheduler/model/job.ts";
import { attemptsOfClient } from "../../src/cluster/scheduler/model/live-attempts.ts";
import { openJobs } from "../../src/cluster/scheduler/model/open-jobs.ts";
import { type SegmentTally, tallyOf } from "../../src/cluster/scheduler/model/segment-tally.ts";
import type { SchedulerState } from "../../src/cluster/scheduler/model/state.ts";
import { must } from "./violation.ts";

const KINDS = ["pending", "leased", "measured", "verifying", "referencing"] as const;

export function checkIndexes(before: SchedulerState, { next, changes }: Decision): void {
  if (next === before) return;
  const found = differences(before, next);
  for (const what of ["clients", "jobs", "attempts"] as const) {
    for (const id of found[what]) must(changes[what].has(id), () => `${id} of ${what} changed and was not named`);
  }
  for (const id of found.jobs) checkJob(before.jobs.get(id), next, id, changes);
  for (const id of found.attempts) {
    const clientId = (next.attempts.get(id) ?? before.attempts.get(id))?.clientId ?? "";
    const own = [...next.attempts.values()].filter((each) => each.clientId === clientId);
    must(isSame(own, attemptsOfClient(next.attempts, clientId)), () => `other attempts are known of ${clientId}`);
  }
}

function checkJob(before: Job | undefined, next: SchedulerState, id: string, changes: Decision["changes"]): void {
  const job = next.jobs.get(id);
  if (job === undefined) return;
  const open = [...next.jobs.values()].filter(({ status }) => !isTerminal(status));
  must(isSame(open, [...openJobs(next.jobs).values()]), () => "other jobs are open");
  for (const at of differingSegments(before, job)) {
    must(changes.segments.get(id)?.has(at) === true, () => `segment ${at} changed and was not named`);
  }
  const fresh = tallyOf({ segments: [...job.segments] });
  must(isSame(textOf(fresh), textOf(tallyOf(job))), () => `the segments of ${id} are counted wrong`);
}

function textOf(tally: SegmentTally): unknown[] {
  const places = KINDS.map((kind) => [...tally.placesOf(kind)].sort((a, b) => a - b).join(" "));
  return [tally.frames, tally.landedFrames, tally.verified, tally.isAlike(), ...places];
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}
