// Which short jobs are left in one piece while others keep the cluster busy. Pure arithmetic over the state.
import { toNumber } from "../../../base/rational.ts";
import type { Job } from "../model/job.ts";
import type { Turn } from "../model/turn.ts";
import { MIN_VIDEO_SECONDS } from "./sizing.ts";
import type { Speeds } from "./speeds.ts";

/** Jobs whose video is not encoded yet; those that wait for clients do not keep anybody busy. */
function jobsUnderWay(turn: Turn): number {
  let count = 0;
  for (const { status, startedAt } of turn.openJobs)
    if (status !== "Combining" && (status !== "WaitingForClients" || startedAt !== null)) count++;
  return count;
}

function secondsOf({ gops, durationSeconds, indexComplete, timeBase }: Job): number {
  const [first, last] = [gops[0], gops.at(-1)];
  const known = first === undefined || last === undefined ? 0 : (last.endPts - first.startPts) * toNumber(timeBase);
  return indexComplete ? known : Math.max(known, durationSeconds ?? Number.POSITIVE_INFINITY);
}

/**
 * Whether no cut is made in a job: it is shorter than segments otherwise are, and there is a job for every slot. Another
 * segment would bring its end no nearer, and costs a third of its encode: lead-in, start, check.
 */
export function isLeftWhole(turn: Turn, job: Job, { slots }: Pick<Speeds, "slots">): boolean {
  if (job.segments.length > 0 || secondsOf(job) > Math.min(MIN_VIDEO_SECONDS, longestSegment(job))) return false;
  const underWay = jobsUnderWay(turn);
  return underWay > 1 && underWay >= slots;
}

function longestSegment({ settings }: Job): number {
  return settings.maxSegmentSeconds ?? Number.POSITIVE_INFINITY;
}
