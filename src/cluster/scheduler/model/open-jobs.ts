// The jobs that have not ended, in the order of all jobs: a server that has finished thousands looks at none of them again.
// As in live-attempts.ts, the list belongs to one map of jobs, and the decision that makes the next map takes it over.
import type { JobId } from "./ids.ts";
import { isTerminal, type Job } from "./job.ts";

type Jobs = ReadonlyMap<JobId, Job>;

const lists = new WeakMap<Jobs, Map<JobId, Job>>();

export function openJobs(jobs: Jobs): ReadonlyMap<JobId, Job> {
  const known = lists.get(jobs);
  if (known !== undefined) return known;
  const open = new Map<JobId, Job>();
  for (const job of jobs.values()) if (!isTerminal(job.status)) open.set(job.id, job);
  lists.set(jobs, open);
  return open;
}

/** `change` makes the next map of jobs; `id` is the job that it sets. */
export function changeJob(jobs: Jobs, id: JobId, change: () => Jobs): void {
  const open = lists.get(jobs);
  const before = jobs.get(id);
  const next = change();
  if (open === undefined) return;
  lists.delete(jobs);
  const after = next.get(id);
  // A retried job goes back to its old place among the others: the list is made again.
  if (after === undefined || (before !== undefined && isTerminal(before.status) && !isTerminal(after.status))) return;
  if (isTerminal(after.status)) open.delete(id);
  else open.set(id, after);
  lists.set(next, open);
}
