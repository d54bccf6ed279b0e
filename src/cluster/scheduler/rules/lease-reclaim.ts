// A client that was silent for longer than its lease comes back with an encode half way or a finished segment. If the
// segment still waits as that lease left it, the same attempt gets a new lease. Any change to the segment meanwhile,
// such as a lease to another client, replaces its phase and forgets the lost attempt.
import { canUse } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import type { AttemptId, ClientId } from "../model/ids.ts";
import type { Input } from "../model/input.ts";
import type { Job } from "../model/job.ts";
import { openJobs } from "../model/open-jobs.ts";
import type { Attempt, Segment } from "../model/segment.ts";
import { segmentsOf } from "../model/segment-tally.ts";
import type { SchedulerState } from "../model/state.ts";
import { LEASE_MS } from "../model/timing.ts";
import type { Turn } from "../model/turn.ts";

/** The attempt of this id whose lease ended in silence and can be reclaimed; null: there is none. */
export function findLost(state: Pick<SchedulerState, "jobs">, attemptId: AttemptId): Attempt | null {
  for (const { lost } of lostIn(state)) if (lost.id === attemptId) return lost;
  return null;
}

interface Lost {
  readonly job: Job;
  readonly segment: Segment;
  readonly lost: Attempt;
}

function lostIn({ jobs }: Pick<SchedulerState, "jobs">): readonly Lost[] {
  const found: Lost[] = [];
  for (const job of openJobs(jobs).values()) {
    for (const segment of segmentsOf(job, "pending")) {
      const { phase } = segment;
      if (phase.kind === "pending" && phase.lost !== undefined) found.push({ job, segment, lost: phase.lost });
    }
  }
  return found;
}

/** The segment that just lost its only attempt to silence: it waits for any client, and remembers that attempt. */
export function rememberLost(segment: Segment, lost: Attempt): Segment {
  return segment.phase.kind === "pending" ? { ...segment, phase: { ...segment.phase, lost } } : segment;
}

/** At a client's hello: leases again the lost attempts that it names and may go on with, and forgets its others. */
export function reclaimLeases(turn: Turn, client: Client, named: readonly AttemptId[]): AttemptId[] {
  const taken: AttemptId[] = [];
  for (const {
    job: { id: jobId },
    segment: { index },
    lost,
  } of lostIn(turn)) {
    const job = turn.jobs.get(jobId);
    const segment = job?.segments[index];
    if (lost.clientId !== client.id || job === undefined || segment === undefined) continue;
    if (named.includes(lost.id) && mayGoOn(client, job, lost)) {
      reclaim(turn, job, segment, lost, client);
      taken.push(lost.id);
    } else if (segment.phase.kind === "pending") {
      const { lost: _lost, ...phase } = segment.phase;
      turn.putSegment(job, { ...segment, phase });
    }
  }
  return taken;
}

/** A client hands in a result before its link is back. */
export function reclaimAttempt(turn: Turn, input: Extract<Input, { type: "attempt-reclaimed" }>): void {
  const { attemptId, clientId } = input;
  const client = turn.clients.get(clientId);
  const found = lostIn(turn).find(({ lost }) => lost.id === attemptId && lost.clientId === clientId);
  if (client === undefined || found === undefined || !mayGoOn(client, found.job, found.lost)) return;
  reclaim(turn, found.job, found.segment, found.lost, client);
}

function mayGoOn(client: Client, job: Job, { encoder = job.encoder }: Attempt): boolean {
  const isOfJob = encoder === job.encoder || job.settings.election?.allowMixed === true;
  return client.quarantine === null && isOfJob && canUse(client, job, encoder);
}

/** Gives the same attempt a new lease. The loss no longer counts. */
function reclaim(turn: Turn, job: Job, segment: Segment, lost: Attempt, client: Client): void {
  turn.putAttempt({ ...lost, leaseEndsAt: turn.now + LEASE_MS, progressedAt: turn.now });
  turn.putSegment(job, {
    ...segment,
    phase: { kind: "leased", attemptIds: [lost.id] },
    losses: Math.max(0, segment.losses - 1),
    lostOn: withoutLast(segment.lostOn ?? [], client.id),
  });
  const subject = { jobId: job.id, clientId: client.id, segmentIndex: segment.index, attemptId: lost.id };
  turn.event("lease-renewed", subject, `${client.name} came back before another client had taken the segment`);
}

function withoutLast(ids: readonly ClientId[], id: ClientId): readonly ClientId[] {
  const at = ids.lastIndexOf(id);
  return ids.filter((_, position) => position !== at);
}
