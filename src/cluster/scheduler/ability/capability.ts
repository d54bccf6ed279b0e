// Which clients can work on a job, and what a job still needs. Pure questions.
import type { Client } from "../model/client.ts";
import type { Job } from "../model/job.ts";
import { tallyOf } from "../model/segment-tally.ts";
import type { SchedulerState } from "../model/state.ts";
import { encoderFor } from "./encoders.ts";

/** The client counts towards the required ones: it is connected, takes work, and has a working encoder for the job. */
export function isCapable(client: Client, job: Job): boolean {
  return client.status !== "Disconnected" && takesWork(client) && encoderFor(client, job) !== null;
}

/** Not drained, not paused, not quarantined, not resting, not leaving, and its disk is not full. */
export function takesWork(client: Client): boolean {
  const { isDraining, isPaused, quarantine, noRoom, resting, isLeaving } = client;
  const isWilling = !isDraining && !isPaused && resting === undefined && isLeaving !== true;
  return isWilling && quarantine === null && noRoom === undefined;
}

/** What it holds stands still, on request or by the rules of its machine's owner; uploads go on. */
export function isSuspended({ isPaused, resting }: Client): boolean {
  return isPaused || resting?.isSuspended === true;
}

/** Its link is up: an offer reaches it now. */
export function isReachable(client: Client): boolean {
  return client.status !== "Disconnected" && client.isLinkDown !== true;
}

export function hasReachableClient(state: Pick<SchedulerState, "clients" | "attempts">, job: Job): boolean {
  for (const client of state.clients.values()) if (isReachable(client) && isCapable(client, job)) return true;
  // A drained client still finishes what it holds, and a paused one keeps it.
  for (const attempt of state.attempts.values()) {
    const holder = attempt.jobId === job.id ? state.clients.get(attempt.clientId) : undefined;
    if (holder !== undefined && isReachable(holder)) return true;
  }
  return false;
}

export function countCapable(clients: SchedulerState["clients"], job: Job): number {
  let count = 0;
  for (const client of clients.values()) if (isCapable(client, job)) count++;
  return count;
}

/** Index in `gops` of the first group that is in no segment yet; `gops.length` when all are in segments. */
export function firstUnassignedGop(job: Job): number {
  const { gops, cursorPts } = job;
  if (cursorPts === null) return 0;
  let low = 0;
  let high = gops.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const gop = gops[middle];
    if (gop !== undefined && gop.endPts <= cursorPts) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function hasUnassignedGops(job: Job): boolean {
  const last = job.gops.at(-1);
  return last !== undefined && (job.cursorPts === null || last.endPts > job.cursorPts);
}

/** The index is complete, and all of its groups are in segments. */
export function isFullyAssigned(job: Job): boolean {
  return job.indexComplete && job.cursorPts !== null && !hasUnassignedGops(job);
}

/** Some work is left that only clients can do. */
export function needsClients(job: Job): boolean {
  if (job.status === "Combining") return false;
  if (!isFullyAssigned(job)) return true;
  const tally = tallyOf(job);
  return (["pending", "leased", "measured"] as const).some((kind) => tally.placesOf(kind).size > 0);
}
