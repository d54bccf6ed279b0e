// The only place that changes a status: checks that the transition is allowed (docs/STATES.md draws them) and records
// it.
import { invariant } from "../../../base/assert.ts";
import type { Client, ClientStatus } from "./client.ts";
import type { Job, JobStatus } from "./job.ts";
import type { Turn } from "./turn.ts";

/** Every allowed transition of a job. */
export const JOB_TRANSITIONS: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  Queued: ["WaitingForClients", "Benchmarking", "Failed", "Cancelled"],
  WaitingForClients: ["Queued", "Benchmarking", "Processing", "Failed", "Cancelled"],
  Benchmarking: ["WaitingForClients", "Processing", "Failed", "Cancelled"],
  Processing: ["WaitingForClients", "Combining", "Failed", "Cancelled"],
  Combining: ["Processing", "Completed", "Failed", "Cancelled"],
  Completed: [],
  Failed: ["Queued", "Processing"],
  Cancelled: ["Queued", "Processing"],
};

/** Every allowed transition of a client. */
export const CLIENT_TRANSITIONS: Readonly<Record<ClientStatus, readonly ClientStatus[]>> = {
  Connected: ["Idle", "Benchmarking", "Processing", "Disconnected"],
  Idle: ["Connected", "Benchmarking", "Processing", "Disconnected"],
  Benchmarking: ["Connected", "Idle", "Processing", "Disconnected"],
  Processing: ["Connected", "Idle", "Benchmarking", "Disconnected"],
  Disconnected: ["Connected"],
};

/** Moves a job to another status, together with the fields that change at the same moment. */
export function changeJobStatus(turn: Turn, job: Job, to: JobStatus, also: Partial<Omit<Job, "status">> = {}): Job {
  if (job.status === to) return turn.putJob({ ...job, ...also });
  invariant(JOB_TRANSITIONS[job.status].includes(to), `job ${job.status} → ${to}`);
  turn.event("job-status", { jobId: job.id }, `${job.status} → ${to}`);
  return turn.putJob({ ...job, ...also, status: to });
}

/** Moves a client to another status, unless it has it already. */
export function changeClientStatus(
  turn: Turn,
  client: Client,
  to: ClientStatus,
  also: Partial<Omit<Client, "status">> = {},
): Client {
  if (client.status === to) return Object.keys(also).length === 0 ? client : turn.putClient({ ...client, ...also });
  invariant(CLIENT_TRANSITIONS[client.status].includes(to), `client ${client.status} → ${to}`);
  turn.event("client-status", { clientId: client.id }, `${client.status} → ${to}`);
  const { goneSince: _goneSince, ...rest } = client;
  const gone = to === "Disconnected" ? { goneSince: turn.moment.at } : {};
  return turn.putClient({ ...rest, ...also, ...gone, status: to });
}
