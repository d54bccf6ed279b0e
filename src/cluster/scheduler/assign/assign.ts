// Decides who gets which work: jobs in fair order (fair-order.ts), returned segments before new ones, fast clients first,
// and one slot per client and round.
import { firstUnassignedGop, hasUnassignedGops, isCapable, isReachable, takesWork } from "../ability/capability.ts";
import { framesAhead, hasFreeSlot, isReady, loadOf, mayHaveCapacity } from "../ability/client-load.ts";
import type { Client } from "../model/client.ts";
import type { JobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import { segmentsOf, tallyOf } from "../model/segment-tally.ts";
import type { Turn } from "../model/turn.ts";
import { knownUnassignedFrames, unassignedFrames } from "../sizing/sizing.ts";
import { measureSpeeds, type Speeds } from "../sizing/speeds.ts";
import { type Contender, compareText, contendersAmong, inFairOrder, settleOwed } from "./fair-order.ts";
import { type Formed, formSegment } from "./form-segment.ts";
import { type GrantNotes, grant } from "./grant.ts";
import { afterRank, type ComesAfter, isShort, suspendable, takeBackQueued } from "./make-way.ts";
import { returnedSegmentFor } from "./returned-segments.ts";
import { relieveStragglers } from "./stragglers.ts";

/** Jobs beyond these wait for a free slot, however short they are. */
const MOST_URGENT_JOBS = 8;

/**
 * Offers work to every free slot. `mayMakeWay`: takes slots from jobs that come later, too; that follows from the order of
 * jobs, which need not be looked at after every message.
 */
export function assignWork(turn: Turn, mayMakeWay: boolean): void {
  const reachable: Client[] = [];
  for (const client of turn.clients.values()) if (isReachable(client) && takesWork(client)) reachable.push(client);
  const clients = reachable.filter((client) => mayHaveCapacity(turn, client));
  if (reachable.length === 0 || (clients.length === 0 && !mayMakeWay)) return;
  const queue = queueOf(turn, reachable);
  const makesWay = mayMakeWay && queue.isContested;
  if (makesWay) makeWay(turn, queue, reachable);
  for (const contender of queue.waiting) fillSlots(turn, contender, clients, queue);
  if (makesWay) startUrgent(turn, queue, reachable);
  prefetch(turn, queue, clients);
  settleOwed(turn, queue.contenders);
  relieveStragglers(turn, clients);
}

/** The jobs in the order in which they get slots. */
interface Queue {
  readonly contenders: readonly Contender[];
  readonly waiting: readonly Contender[];
  /** Several jobs want slots, and some work waits. */
  readonly isContested: boolean;
  readonly slots: number;
  /** Whether an attempt's job comes after this one. */
  after(jobId: JobId): ComesAfter;
}

function queueOf(turn: Turn, clients: readonly Client[]): Queue {
  const waiting = workableJobs(turn);
  let slots = 0;
  for (const client of clients) slots += client.slots;
  const contenders = waiting.length === 0 ? [] : inFairOrder(turn, contendersAmong(turn, waiting, slots));
  const ranks = new Map(contenders.map(({ id }, rank) => [id, rank]));
  return {
    contenders,
    waiting: contenders.filter(({ isWaiting }) => isWaiting),
    isContested: contenders.length > 1,
    slots,
    after: (jobId) => afterRank(ranks, jobId),
  };
}

/** The job that comes first on this client; undefined: none that waits can use it. */
function firstFor(turn: Turn, client: Client, waiting: readonly Contender[]): Job | undefined {
  for (const { id } of waiting) {
    const job = turn.jobs.get(id);
    if (job !== undefined && isCapable(client, job)) return job;
  }
  return undefined;
}

function makeWay(turn: Turn, queue: Queue, clients: readonly Client[]): void {
  const short = queue.waiting.filter(({ leftSeconds }) => isShort(leftSeconds, queue.slots));
  if (short.length === 0) return;
  for (const client of clients) {
    const first = firstFor(turn, client, queue.waiting);
    const isFirstShort = first !== undefined && short.some(({ id }) => id === first.id);
    if (isFirstShort) takeBackQueued(turn, client, first, queue.after(first.id));
  }
}

/** Leases segments of short jobs beyond the slots, while encodes of jobs that come later can be suspended for them. */
function startUrgent(turn: Turn, queue: Queue, clients: readonly Client[]): void {
  for (const { id, job: asked, leftSeconds } of queue.waiting.slice(0, MOST_URGENT_JOBS)) {
    if (!isShort(leftSeconds, queue.slots) || asked.split.mode === "whole") continue;
    const job = turn.jobs.get(id);
    if (job === undefined || !hasWork(turn, job)) continue;
    const comesAfter = queue.after(id);
    const speeds = measureSpeeds(turn, job, comesAfter);
    for (const client of clients) {
      for (let count = suspendable(turn, client, job, comesAfter); count > 0; count--)
        if (!giveOne(turn, id, client, speeds, { isUrgent: true })) break;
    }
  }
}

function workableJobs(turn: Turn): readonly Job[] {
  const jobs: Job[] = [];
  for (const job of turn.openJobs) {
    if (job.status === "Combining") continue;
    if (job.status === "WaitingForClients" && job.startedAt === null) continue;
    if (hasWork(turn, job)) jobs.push(job);
  }
  return jobs;
}

function hasWork(turn: Turn, job: Job): boolean {
  if (hasUnassignedGops(job) && (job.split.mode === "keyframes" || job.indexComplete)) return true;
  return segmentsOf(job, "pending").some(({ phase }) => phase.kind === "pending" && phase.notBefore <= turn.now);
}

function fillSlots(turn: Turn, { id, isOverdue: isDue }: Contender, clients: readonly Client[], queue: Queue): void {
  const start = turn.jobs.get(id);
  if (start === undefined) return;
  let ready = clients.filter((client) => isReady(turn, client, start));
  if (ready.length === 0) return;
  const speeds = measureSpeeds(turn, start, queue.after(id));
  const notes = { isDue, isFollowed: queue.waiting.length > 1 };
  ready.sort((a, b) => speeds.of(b) - speeds.of(a) || compareText(a.id, b.id));
  // Each round gives every ready client at most one segment. A client that gets none drops out.
  while (ready.length > 0) {
    ready = ready.filter((client) => giveOne(turn, id, client, speeds, notes) && hasFreeSlot(turn, client, start));
  }
}

/**
 * Offers one segment beyond the slots, so that its blocks are fetched meanwhile: of the job that comes first on that client,
 * and not near its end.
 */
function prefetch(turn: Turn, queue: Queue, clients: readonly Client[]): void {
  const waiting = queue.waiting.filter(({ id }) => {
    const job = turn.jobs.get(id);
    return job !== undefined && hasWork(turn, job);
  });
  const short = new Set(waiting.filter(({ leftSeconds }) => isShort(leftSeconds, queue.slots)).map(({ id }) => id));
  const speeds = new Map<JobId, Speeds>();
  const speedsOf = (job: Job): Speeds => {
    const known = speeds.get(job.id) ?? measureSpeeds(turn, job, queue.after(job.id));
    speeds.set(job.id, known);
    return known;
  };
  // By the job as it is: it is another object after each lease.
  const inFlight = new Map<Job, number>();
  const inFlightOf = (job: Job): number => {
    const known = inFlight.get(job) ?? framesInFlight(job);
    inFlight.set(job, known);
    return known;
  };
  for (const client of clients) {
    const job = firstFor(turn, client, waiting);
    if (job === undefined || job.split.mode === "whole" || client.slotFps[job.id] === undefined) continue;
    if (queue.isContested && short.has(job.id)) continue; // it would wait behind what can be suspended for it
    if (!hasUnassignedGops(job)) continue;
    const { active, slots, hasCapacity } = loadOf(turn, client, job);
    if (active !== slots || !hasCapacity) continue;
    const unassigned = unassignedFrames(job, knownUnassignedFrames(job, firstUnassignedGop(job)));
    if (unassigned < 2 * inFlightOf(job)) continue;
    // A returned segment waits for its next free slot.
    if (returnedSegmentFor(turn, job, client, speedsOf(job)) !== null) continue;
    const isDue = waiting.some(({ id, isOverdue }) => isOverdue && id === job.id);
    const formed = formSegment(turn, job, client, speedsOf(job), framesAhead(turn, client, job));
    if (formed !== null) grantFormed(turn, job, formed, client, { isDue, isFollowed: queue.isContested });
  }
}

function framesInFlight(job: Job): number {
  let frames = 0;
  for (const at of tallyOf(job).placesOf("leased")) frames += job.segments[at]?.frames ?? 0;
  return frames;
}

/** Leases one segment of the job to the client; false when there is none for it now. */
function giveOne(turn: Turn, jobId: JobId, client: Client, speeds: Speeds, notes: GrantNotes): boolean {
  const job = turn.jobs.get(jobId);
  if (job === undefined || !isCapable(client, job)) return false; // the segment before may have fixed how text is rendered
  const returned = returnedSegmentFor(turn, job, client, speeds);
  if (returned !== null) {
    grant(turn, job, returned, client, notes);
    return true;
  }
  const formed = formSegment(turn, job, client, speeds, null);
  if (formed === null) return false;
  grantFormed(turn, job, formed, client, notes);
  return true;
}

function grantFormed(turn: Turn, job: Job, { segment, isFollowed }: Formed, client: Client, notes: GrantNotes): void {
  // A whole video may run for hours after all others have ended.
  const followed = job.split.mode !== "whole" && (isFollowed || notes.isFollowed === true);
  grant(turn, { ...job, cursorPts: segment.endPts }, segment, client, { ...notes, isFollowed: followed });
}
