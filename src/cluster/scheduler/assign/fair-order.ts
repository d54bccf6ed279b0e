// The order in which jobs get slots: weighted fair queueing over whole jobs. The job that would end first if all jobs shared
// the cluster goes first (the fair sojourn protocol, Friedman & Henderson 2003: no job ends later than with equal shares,
// most end much sooner). A job whose share comes too late goes before all of them. docs/adr/0028 has the reasons.
import type { JobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import { ORDINARY_PRIORITY } from "../model/queue-place.ts";
import type { Turn } from "../model/turn.ts";
import { framesRunning, framesWaiting, slotSecondsPerFrame } from "../sizing/job-size.ts";

/** Ten points of priority are worth half as much again of the cluster. */
const WORTH_OF_TEN = 1.5;
/** No job gets its share later than this. */
export const LATEST_SECONDS = 10 * 60;

export interface Contender {
  readonly id: JobId;
  readonly job: Job;
  /** Its share of the cluster, relative to those of the others. */
  readonly weight: number;
  /** Seconds of one slot for a frame, and for all that is not encoded yet. */
  readonly perFrame: number;
  readonly leftSeconds: number;
  /** Some of its work has no client yet. */
  readonly isWaiting: boolean;
  /** Its share is late: it goes first. */
  readonly isOverdue: boolean;
}

/** All jobs with work that waits or runs. `slots`: of the whole cluster. */
export function contendersAmong(turn: Turn, waiting: readonly Job[], slots: number): readonly Contender[] {
  const running = framesRunning(turn);
  const waits = new Set(waiting);
  const jobs = [...waiting];
  for (const id of running.keys()) {
    const job = turn.jobs.get(id);
    if (job !== undefined && !waits.has(job)) jobs.push(job);
  }
  // Owners share equally, the jobs of one owner by their priorities.
  const ownerSums = new Map<string, number>();
  for (const job of jobs) ownerSums.set(ownerOf(job), (ownerSums.get(ownerOf(job)) ?? 0) + ownWeight(job));
  const owners = Math.max(1, ownerSums.size);
  return jobs.map((job) => {
    const weight = ownWeight(job) / (ownerSums.get(ownerOf(job)) ?? 1);
    const most = (LATEST_SECONDS * Math.max(1, slots) * weight) / owners;
    const perFrame = slotSecondsPerFrame(turn, job);
    return {
      id: job.id,
      job,
      weight,
      perFrame,
      leftSeconds: perFrame * (framesWaiting(job) + (running.get(job.id) ?? 0)),
      isWaiting: waits.has(job),
      isOverdue: waits.has(job) && (turn.owed?.get(job.id) ?? 0) > most,
    };
  });
}

function ownerOf({ queue }: Job): string {
  return queue?.owner ?? "";
}

function ownWeight({ queue }: Job): number {
  return WORTH_OF_TEN ** (((queue?.priority ?? ORDINARY_PRIORITY) - ORDINARY_PRIORITY) / 10);
}

export function inFairOrder(turn: Turn, contenders: readonly Contender[]): readonly Contender[] {
  const owed = ({ id }: Contender) => turn.owed?.get(id) ?? 0;
  const sorted = [...contenders].sort((a, b) => {
    if (a.isOverdue !== b.isOverdue) return a.isOverdue ? -1 : 1;
    const byRule = a.isOverdue
      ? owed(b) / b.weight - owed(a) / a.weight
      : a.leftSeconds / a.weight - b.leftSeconds / b.weight;
    return byRule || compareText(a.job.createdAt, b.job.createdAt) || compareText(a.id, b.id);
  });
  return contenders.some(({ job }) => job.queue?.place !== undefined) ? asMoved(sorted) : sorted;
}

/** Jobs that were moved change places with those of the same owner only: other owners lose nothing. */
function asMoved(sorted: readonly Contender[]): readonly Contender[] {
  const byOwner = Map.groupBy(sorted, ({ job }) => ownerOf(job));
  const place = ({ job }: Contender) => job.queue?.place ?? 0;
  for (const own of byOwner.values()) own.sort((a, b) => place(a) - place(b)); // stable
  return sorted.map((each) => byOwner.get(ownerOf(each.job))?.shift() ?? each);
}

/**
 * What each waiting job is owed after this decision's leases: its share of them, less what it got. What a job gets while
 * nobody else waits repays what it is owed.
 */
export function settleOwed(turn: Turn, contenders: readonly Contender[]): void {
  const waiting = contenders.filter(({ isWaiting }) => isWaiting);
  if (turn.granted.size === 0 || (waiting.length < 2 && (turn.owed?.size ?? 0) === 0)) return;
  const got = ({ id, perFrame }: Contender) => perFrame * (turn.granted.get(id) ?? 0);
  let all = 0;
  let weights = 0;
  for (const each of waiting) {
    all += got(each);
    weights += each.weight;
  }
  const owed = new Map<JobId, number>();
  for (const each of contenders) {
    const share = each.isWaiting && waiting.length > 1 ? (all * each.weight) / weights : 0;
    const left = (turn.owed?.get(each.id) ?? 0) + share - got(each);
    if (left > 0) owed.set(each.id, left);
  }
  turn.putOwed(owed);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
