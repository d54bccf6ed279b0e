// What differs between two states, by name. A decision knows what it changed; of any other two states it is found by
// comparing references, because states share structure.
import type { AttemptId, ClientId, JobId } from "./ids.ts";
import type { Job } from "./job.ts";
import type { SchedulerState } from "./state.ts";

export interface Changes {
  readonly clients: ReadonlySet<ClientId>;
  readonly jobs: ReadonlySet<JobId>;
  /** Begun, gone on with, or ended. */
  readonly attempts: ReadonlySet<AttemptId>;
  /** Places in the later list of those segments that differ, by job. */
  readonly segments: ReadonlyMap<JobId, ReadonlySet<number>>;
}

function differing<V>(before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>): Set<string> {
  const keys = new Set<string>();
  if (before === after) return keys;
  for (const [key, value] of after) if (before.get(key) !== value) keys.add(key);
  for (const key of before.keys()) if (!after.has(key)) keys.add(key);
  return keys;
}

export function differences(before: SchedulerState, after: SchedulerState): Changes {
  const jobs = differing(before.jobs, after.jobs);
  const segments = new Map<JobId, ReadonlySet<number>>();
  for (const id of jobs) segments.set(id, differingSegments(before.jobs.get(id), after.jobs.get(id)));
  return {
    clients: differing(before.clients, after.clients),
    jobs,
    attempts: differing(before.attempts, after.attempts),
    segments,
  };
}

export function differingSegments(before: Job | undefined, after: Job | undefined): ReadonlySet<number> {
  const places = new Set<number>();
  if (after === undefined || before?.segments === after.segments) return places;
  for (const [at, segment] of after.segments.entries()) if (before?.segments[at] !== segment) places.add(at);
  return places;
}
