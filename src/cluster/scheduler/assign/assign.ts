// Decides who gets which work: returned segments before new ones, earlier jobs before later ones, fast clients first, and
// one slot per client and round.
import {
  firstUnassignedGop,
  hasUnassignedGops,
  isCapable,
  isFullyAssigned,
  isReachable,
  takesWork,
} from "../ability/capability.ts";
import { framesAhead, hasFreeSlot, isReady, loadOf, mayHaveCapacity } from "../ability/client-load.ts";
import type { Client } from "../model/client.ts";
import type { ClientId, JobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Segment } from "../model/segment.ts";
import { isTerminal } from "../model/state-changes.ts";
import type { Turn } from "../model/turn.ts";
import { knownUnassignedFrames, unassignedFrames } from "../sizing/sizing.ts";
import { measureSpeeds, type Speeds } from "../sizing/speeds.ts";
import { formSegment } from "./form-segment.ts";
import { grant } from "./grant.ts";
import { relieveStragglers } from "./stragglers.ts";

/** Offers work to every free slot. */
export function assignWork(turn: Turn): void {
  const clients: Client[] = [];
  for (const client of turn.clients.values()) {
    if (isReachable(client) && takesWork(client) && mayHaveCapacity(turn, client)) clients.push(client);
  }
  if (clients.length === 0) return;
  const jobs = workableJobs(turn);
  for (const job of jobs) fillSlots(turn, job, clients);
  for (const job of jobs) prefetch(turn, job, clients);
  relieveStragglers(turn, clients);
}

function workableJobs(turn: Turn): readonly JobId[] {
  const jobs: Job[] = [];
  for (const job of turn.jobs.values()) {
    if (isTerminal(job.status) || job.status === "Combining") continue;
    if (job.status === "WaitingForClients" && job.startedAt === null) continue;
    if (hasWork(turn, job)) jobs.push(job);
  }
  jobs.sort((a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.id, b.id));
  return jobs.map((job) => job.id);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hasWork(turn: Turn, job: Job): boolean {
  if (hasUnassignedGops(job) && (job.split.mode === "keyframes" || job.indexComplete)) return true;
  return job.segments.some(({ phase }) => phase.kind === "pending" && phase.notBefore <= turn.now);
}

function fillSlots(turn: Turn, jobId: JobId, clients: readonly Client[]): void {
  const start = turn.jobs.get(jobId);
  if (start === undefined) return;
  let ready = clients.filter((client) => isReady(turn, client, start));
  if (ready.length === 0) return;
  const speeds = measureSpeeds(turn, start);
  ready.sort((a, b) => speeds.of(b) - speeds.of(a) || compareText(a.id, b.id));
  // Each round gives every ready client at most one segment. A client that gets none drops out.
  while (ready.length > 0) {
    ready = ready.filter((client) => giveOne(turn, jobId, client, speeds) && hasFreeSlot(turn, client, start));
  }
}

/** Offers one segment beyond the slots, so that its blocks are fetched meanwhile; not near the end of a job. */
function prefetch(turn: Turn, jobId: JobId, clients: readonly Client[]): void {
  for (const client of clients) {
    const job = turn.jobs.get(jobId);
    if (job === undefined || job.split.mode === "whole" || client.slotFps[jobId] === undefined) continue;
    if (!isCapable(client, job) || !hasUnassignedGops(job)) continue;
    const { active, slots, hasCapacity } = loadOf(turn, client, job);
    if (active !== slots || !hasCapacity) continue;
    const unassigned = unassignedFrames(job, knownUnassignedFrames(job, firstUnassignedGop(job)));
    if (unassigned < 2 * framesInFlight(turn, job)) continue;
    const formed = formSegment(turn, job, client, measureSpeeds(turn, job), framesAhead(turn, client, job));
    if (formed !== null) grant(turn, { ...job, cursorPts: formed.endPts }, formed, client);
  }
}

function framesInFlight(turn: Turn, job: Job): number {
  let frames = 0;
  for (const attempt of turn.attempts.values()) {
    if (attempt.jobId === job.id) frames += job.segments[attempt.segmentIndex]?.frames ?? 0;
  }
  return frames;
}

/** Leases one segment of the job to the client; false when there is none for it now. */
function giveOne(turn: Turn, jobId: JobId, client: Client, speeds: Speeds): boolean {
  const job = turn.jobs.get(jobId);
  if (job === undefined || !isCapable(client, job)) return false; // the segment before may have fixed how text is rendered
  const returned = returnedSegmentFor(turn, job, client);
  if (returned !== null) {
    grant(turn, job, returned, client);
    return true;
  }
  const formed = formSegment(turn, job, client, speeds, null);
  if (formed === null) return false;
  grant(turn, { ...job, cursorPts: formed.endPts }, formed, client);
  return true;
}

/** A returned segment that no other client should rather have. */
function returnedSegmentFor(turn: Turn, job: Job, client: Client): Segment | null {
  for (const segment of inOrderOfWork(job)) {
    if (segment.phase.kind !== "pending" || segment.phase.notBefore > turn.now) continue;
    if (!isBetterElsewhere(turn, job, segment, client)) return segment;
  }
  return null;
}

/** Segments whose lengths differ by less than this factor count as equally long. */
const LENGTH_CLASS = 4;

/**
 * When the second pass begins, all segments are cut: the longest go first, so that short ones even out the end. Among
 * equally long ones, those with the fewest bits per frame go first. A still picture may exceed its share, because of its
 * headers; the busy segments, which can make up for that, then get their targets later.
 */
function inOrderOfWork(job: Job): readonly Segment[] {
  if (job.rate === undefined || !isFullyAssigned(job)) return job.segments;
  const longest = Math.max(...job.segments.map(({ frames }) => frames));
  const lengthClass = ({ frames }: Segment) =>
    -Math.floor(Math.log(longest / Math.max(1, frames)) / Math.log(LENGTH_CLASS));
  const density = ({ rate, frames }: Segment) => (rate?.targetBits ?? 0) / Math.max(1, frames);
  return [...job.segments].sort(
    (a, b) => lengthClass(b) - lengthClass(a) || density(a) - density(b) || b.frames - a.frames,
  );
}

/**
 * After a failure a segment waits for a client that had less trouble with it, even for a busy one. After a lost lease it
 * prefers such a client only if that one has a free slot.
 */
function isBetterElsewhere(turn: Turn, job: Job, segment: Segment, client: Client): boolean {
  const failures = failuresOn(segment, client.id);
  const trouble = failures + countOf(segment.lostOn, client.id);
  if (trouble === 0) return false;
  for (const other of turn.clients.values()) {
    if (other.id === client.id || !isReachable(other) || !isCapable(other, job)) continue;
    const otherFailures = failuresOn(segment, other.id);
    if (otherFailures + countOf(segment.lostOn, other.id) >= trouble) continue;
    if (otherFailures < failures || hasFreeSlot(turn, other, job)) return true;
  }
  return false;
}

function failuresOn(segment: Segment, clientId: ClientId): number {
  const asNow = segment.mismatches?.filter((each) => each.leadIn === segment.leadIn);
  const wrong = asNow?.map((each) => each.clientId);
  return countOf(segment.failedOn, clientId) + countOf(wrong, clientId);
}

function countOf(ids: readonly ClientId[] | undefined, id: ClientId): number {
  let count = 0;
  if (ids !== undefined) for (const each of ids) if (each === id) count++;
  return count;
}
