// Decides whether a failure is the segment's fault or the client's. A segment that fails on several clients is at fault
// itself. A client that fails on segments that no other client failed on, in jobs that others make progress with, is
// put in quarantine: it gets no more work until a user resumes it or a new process takes its place.
import type { Trouble } from "../model/client.ts";
import type { ClientId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Turn } from "../model/turn.ts";

/** So many different segments in a row may a client fail on before it is quarantined. */
const MOST_TROUBLES = 3;

/**
 * Records that a client failed on a segment, and quarantines it after too many. The segment lists the failure already.
 */
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
  const quarantine = `failed on ${own.length} segments that others had no trouble with; the last error was: ${reason}`;
  turn.putClient({ ...client, troubles, quarantine });
  turn.event("client-quarantined", { clientId, jobId: job.id }, quarantine);
}

/** A segment of this client was verified: it works. */
export function clearTroubles(turn: Turn, clientId: ClientId): void {
  const client = turn.clients.get(clientId);
  if (client === undefined || (client.troubles?.length ?? 0) === 0) return;
  turn.putClient({ ...client, troubles: [] });
}

/** No other client failed on that segment, and others have delivered for the job. */
function isOwn(turn: Turn, clientId: ClientId, { jobId, segmentIndex }: Trouble): boolean {
  const job = turn.jobs.get(jobId);
  const segment = job?.segments[segmentIndex];
  if (job === undefined || segment === undefined) return false;
  if (segment.failedOn.some((id) => id !== clientId)) return false;
  return hasDelivered(job, (id) => id !== clientId);
}

/** Whether some verified segment of the job came from such a client. */
export function hasDelivered(job: Job, isOne: (clientId: ClientId) => boolean): boolean {
  return job.segments.some(({ phase }) => phase.kind === "verified" && isOne(phase.landed.clientId));
}
