// Whose fault a failure is. A segment that gives several clients trouble is the trouble itself: its failures count
// against it alone. A client that fails on segments which nobody else had trouble with, in jobs that others get on
// with, is bad: it gets no more work until somebody resumes it or its process is a new one.
import type { Trouble } from "../model/client.ts";
import type { ClientId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Turn } from "../model/turn.ts";

/** Different segments that a client may fail on, one after the other, before it is quarantined. */
const MOST_TROUBLES = 3;

/** A client failed on a segment; the failure is in the segment's own list already. */
export function recordTrouble(turn: Turn, clientId: ClientId, job: Job, segmentIndex: number, reason: string): void {
  const client = turn.clients.get(clientId);
  if (client === undefined || client.quarantine !== null) return;
  const isSame = (each: Trouble) => each.jobId === job.id && each.segmentIndex === segmentIndex;
  const others = (client.troubles ?? []).filter((each) => !isSame(each));
  const troubles = [...others, { jobId: job.id, segmentIndex }];
  const own = troubles.filter((trouble) => isOwn(turn, clientId, trouble));
  if (own.length < MOST_TROUBLES) {
    turn.putClient({ ...client, troubles });
    return;
  }
  const quarantine = `failed on ${own.length} segments that others had no trouble with; the last time: ${reason}`;
  turn.putClient({ ...client, troubles, quarantine });
  turn.event("client-quarantined", { clientId, jobId: job.id }, quarantine);
}

/** A segment of this client was verified: it is able to work. */
export function clearTroubles(turn: Turn, clientId: ClientId): void {
  const client = turn.clients.get(clientId);
  if (client === undefined || (client.troubles?.length ?? 0) === 0) return;
  turn.putClient({ ...client, troubles: [] });
}

/** Nobody else failed on that segment, and the job is one that others deliver for. */
function isOwn(turn: Turn, clientId: ClientId, { jobId, segmentIndex }: Trouble): boolean {
  const job = turn.jobs.get(jobId);
  const segment = job?.segments[segmentIndex];
  if (job === undefined || segment === undefined) return false;
  if (segment.failedOn.some((id) => id !== clientId)) return false;
  return hasDelivered(job, (id) => id !== clientId);
}

/** Whether a segment of the job is verified that came from such a client. */
export function hasDelivered(job: Job, isOne: (clientId: ClientId) => boolean): boolean {
  return job.segments.some(({ phase }) => phase.kind === "verified" && isOne(phase.landed.clientId));
}
