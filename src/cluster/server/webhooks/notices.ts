// Which events of the scheduler become events of webhooks. Pure: it compares two states around one decision.
import type { SchedulerEvent } from "../../scheduler/model/decision.ts";
import type { JobStatus } from "../../scheduler/model/job.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import type { JobEvent, WebhookEvent } from "../webhook-views.ts";

export type Happening =
  | { readonly event: JobEvent; readonly jobId: string }
  | { readonly event: Exclude<WebhookEvent, JobEvent>; readonly clientId: string };

const ENDS: Partial<Record<JobStatus, JobEvent>> = {
  Completed: "job.completed",
  Failed: "job.failed",
  Cancelled: "job.cancelled",
};

function ofJob(previous: SchedulerState, next: SchedulerState, jobId: string): Happening[] {
  const job = next.jobs.get(jobId);
  const before = previous.jobs.get(jobId);
  if (job === undefined || job.status === before?.status) return [];
  const end = ENDS[job.status];
  if (end !== undefined) return [{ event: end, jobId }];
  return job.startedAt !== null && (before?.startedAt ?? null) === null ? [{ event: "job.started", jobId }] : [];
}

function ofClient(previous: SchedulerState, next: SchedulerState, clientId: string): Happening[] {
  const isHere = (state: SchedulerState) => (state.clients.get(clientId)?.status ?? "Disconnected") !== "Disconnected";
  if (isHere(previous) === isHere(next)) return [];
  return [{ event: isHere(next) ? "client.joined" : "client.left", clientId }];
}

/** What a decision did, each thing once. `events`: its own. */
export function happenings(
  previous: SchedulerState,
  next: SchedulerState,
  events: readonly SchedulerEvent[],
): readonly Happening[] {
  const jobs = new Set<string>();
  const clients = new Set<string>();
  const found: Happening[] = [];
  for (const { type, jobId, clientId } of events) {
    if (type === "job-status" && jobId !== null) jobs.add(jobId);
    if (type === "client-status" && clientId !== null) clients.add(clientId);
    if (type === "client-quarantined" && clientId !== null) found.push({ event: "client.quarantined", clientId });
  }
  for (const jobId of jobs) found.push(...ofJob(previous, next, jobId));
  for (const clientId of clients) found.push(...ofClient(previous, next, clientId));
  return found;
}
