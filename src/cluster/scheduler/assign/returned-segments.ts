// Which returned segment a client gets, and which it leaves to another one.
import { firstUnassignedGop, isCapable, isFullyAssigned, isReachable } from "../ability/capability.ts";
import { framesAhead, hasFreeSlot } from "../ability/client-load.ts";
import type { Client } from "../model/client.ts";
import type { ClientId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Segment } from "../model/segment.ts";
import { segmentsOf } from "../model/segment-tally.ts";
import type { Turn } from "../model/turn.ts";
import { knownUnassignedFrames, MAX_WALL_SECONDS, unassignedFrames } from "../sizing/sizing.ts";
import type { Speeds } from "../sizing/speeds.ts";
import { unfinishedFrames } from "./form-segment.ts";

/** For less, a returned segment waits for no other client: speeds are measured on other pictures. */
const MUCH_SOONER = 0.6;

/** A returned segment that no other client should rather have. */
export function returnedSegmentFor(turn: Turn, job: Job, client: Client, speeds: Speeds): Segment | null {
  for (const segment of inOrderOfWork(job)) {
    if (segment.phase.kind !== "pending" || segment.phase.notBefore > turn.now) continue;
    if (isTooLongFor(turn, job, segment, client, speeds)) continue;
    if (!isBetterElsewhere(turn, job, segment, client)) return segment;
  }
  return null;
}

/**
 * It was cut for a faster client: this one would hold up the end of the job with it, or work on it for minutes, and another
 * one would be done much sooner even if it ends something else first. That one gets it when it is free; the segment does
 * not wait for it longer than that can win.
 */
function isTooLongFor(turn: Turn, job: Job, segment: Segment, client: Client, speeds: Speeds): boolean {
  const fps = client.slotFps[job.id] ?? slowestFps(turn, job);
  if (segment.phase.kind !== "pending" || fps <= 0 || speeds.cluster <= 0) return false;
  const ownSeconds = segment.frames / fps;
  if (ownSeconds <= Math.min(2 * MAX_WALL_SECONDS, secondsLeft(turn, job, speeds))) return false;
  const soonSeconds = MUCH_SOONER * ownSeconds;
  if ((turn.now - segment.phase.notBefore) / 1000 > ownSeconds - soonSeconds) return false;
  const trouble = troubleWith(segment, client.id);
  for (const other of turn.clients.values()) {
    const otherFps = speeds.of(other);
    if (otherFps <= fps || !isReachable(other) || !isCapable(other, job)) continue;
    if (troubleWith(segment, other.id) > trouble) continue;
    if ((framesAhead(turn, other, job) + segment.frames) / otherFps < soonSeconds) return true;
  }
  return false;
}

/** Of the slots that were measured on this job: a newcomer may be no faster. */
function slowestFps(turn: Turn, job: Job): number {
  let slowest = Number.POSITIVE_INFINITY;
  for (const client of turn.clients.values()) slowest = Math.min(slowest, client.slotFps[job.id] ?? slowest);
  return Number.isFinite(slowest) ? slowest : 0;
}

/** Until all of the job is encoded, if every slot works to the end. */
function secondsLeft(turn: Turn, job: Job, speeds: Speeds): number {
  const known = knownUnassignedFrames(job, firstUnassignedGop(job));
  return (unassignedFrames(job, known) + unfinishedFrames(turn, job)) / speeds.cluster;
}

/** Segments whose lengths differ by less than this factor count as equally long. */
const LENGTH_CLASS = 4;

/**
 * When the second pass begins, all segments are cut: the longest go first, so that short ones even out the end. Among
 * equally long ones, those with the fewest bits per frame go first. A still picture may exceed its share, because of its
 * headers; the busy segments, which can make up for that, then get their targets later.
 */
function inOrderOfWork(job: Job): readonly Segment[] {
  const waiting = segmentsOf(job, "pending");
  if (job.rate === undefined || !isFullyAssigned(job)) return waiting;
  const longest = job.segments.reduce((most, { frames }) => Math.max(most, frames), 0);
  const lengthClass = ({ frames }: Segment) =>
    -Math.floor(Math.log(longest / Math.max(1, frames)) / Math.log(LENGTH_CLASS));
  const density = ({ rate, frames }: Segment) => (rate?.targetBits ?? 0) / Math.max(1, frames);
  return [...waiting].sort((a, b) => lengthClass(b) - lengthClass(a) || density(a) - density(b) || b.frames - a.frames);
}

/**
 * After a failure a segment waits for a client that had less trouble with it, even for a busy one. After a lost lease it
 * prefers such a client only if that one has a free slot.
 */
function isBetterElsewhere(turn: Turn, job: Job, segment: Segment, client: Client): boolean {
  const failures = failuresOn(segment, client.id);
  const trouble = troubleWith(segment, client.id);
  if (trouble === 0) return false;
  for (const other of turn.clients.values()) {
    if (other.id === client.id || !isReachable(other) || !isCapable(other, job)) continue;
    const otherFailures = failuresOn(segment, other.id);
    if (troubleWith(segment, other.id) >= trouble) continue;
    if (otherFailures < failures || hasFreeSlot(turn, other, job)) return true;
  }
  return false;
}

function troubleWith(segment: Segment, clientId: ClientId): number {
  return failuresOn(segment, clientId) + countOf(segment.lostOn, clientId);
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
