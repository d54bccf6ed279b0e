// A client that was silent for longer than its lease comes back with what it still has: an encode half way, or a
// finished segment. While the segment waits as that lease left it, the same attempt gets a new lease. Anything else that
// happened to the segment meanwhile (another lease, above all) makes another phase of it, which remembers nobody.
import { canUse } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import type { AttemptId, ClientId } from "../model/ids.ts";
import type { Input } from "../model/input.ts";
import type { Job } from "../model/job.ts";
import type { Attempt, Segment } from "../model/segment.ts";
import type { SchedulerState } from "../model/state.ts";
import { isTerminal } from "../model/state-changes.ts";
import { LEASE_MS } from "../model/timing.ts";
import type { Turn } from "../model/turn.ts";

/** The attempt whose lease ended in silence and that could be taken up again; null: there is none of this id. */
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
  for (const job of jobs.values()) {
    if (isTerminal(job.status)) continue;
    for (const segment of job.segments) {
      const { phase } = segment;
      if (phase.kind === "pending" && phase.lost !== undefined) found.push({ job, segment, lost: phase.lost });
    }
  }
  return found;
}

/** The segment that just lost its only attempt to silence, as it waits for anybody, or for that client again. */
export function rememberLost(segment: Segment, lost: Attempt): Segment {
  return segment.phase.kind === "pending" ? { ...segment, phase: { ...segment.phase, lost } } : segment;
}

/** A hello settles what was lost of a client: what it names and may go on with is leased to it again, the rest is forgotten. */
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

/** A client hands in what it made before its link is back. */
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

/** Nothing was lost after all: the loss counts no more, and the attempt is still the same one. */
function reclaim(turn: Turn, job: Job, segment: Segment, lost: Attempt, client: Client): void {
  turn.putAttempt({ ...lost, leaseEndsAt: turn.now + LEASE_MS, progressedAt: turn.now });
  turn.putSegment(job, {
    ...segment,
    phase: { kind: "leased", attemptIds: [lost.id] },
    losses: Math.max(0, segment.losses - 1),
    lostOn: withoutLast(segment.lostOn ?? [], client.id),
  });
  const subject = { jobId: job.id, clientId: client.id, segmentIndex: segment.index, attemptId: lost.id };
  turn.event("lease-renewed", subject, `${client.name} came back with it, and nobody else had taken it`);
}

function withoutLast(ids: readonly ClientId[], id: ClientId): readonly ClientId[] {
  const at = ids.lastIndexOf(id);
  return ids.filter((_, position) => position !== at);
}
