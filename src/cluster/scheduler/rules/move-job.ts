// A job that waits gets another priority, or another place among the jobs of its owner.
import type { Verdict } from "../model/decision.ts";
import type { JobId } from "../model/ids.ts";
import { isTerminal, type Job } from "../model/job.ts";
import { ORDINARY_PRIORITY, type QueueMove, type QueuePlace } from "../model/queue-place.ts";
import type { Turn } from "../model/turn.ts";
import { refusal } from "./job-rules.ts";

export function moveJob(turn: Turn, jobId: JobId, { to, before, priority }: QueueMove): Verdict {
  const job = turn.jobs.get(jobId);
  if (job === undefined) return unknownJob(jobId);
  if (isTerminal(job.status)) return hasEnded(job);
  const other = before === undefined ? null : otherJob(turn, job, before);
  if (other !== null && "ok" in other) return other;
  const place =
    to === undefined ? (other === null ? undefined : placeBefore(turn, job, other)) : placeBeyondOthers(turn, job, to);
  const was: QueuePlace = job.queue ?? { priority: ORDINARY_PRIORITY };
  const changes = { ...(priority === undefined ? {} : { priority }), ...(place === undefined ? {} : { place }) };
  turn.putJob({ ...job, queue: { ...was, ...changes } });
  return { ok: true };
}

function unknownJob(jobId: JobId): Verdict {
  return refusal("E_UNKNOWN_ID", `no job with id ${jobId}`, "`ffcluster jobs list` shows the ids.");
}

function hasEnded({ id, status }: Job): Verdict {
  return refusal("E_WRONG_STATE", `job ${id} has ended already`, `It is ${status} and waits for nothing.`);
}

/** The job that another one is to go before, or why it can't. */
function otherJob(turn: Turn, job: Job, id: JobId): Job | Verdict {
  const other = turn.jobs.get(id);
  if (other === undefined) return unknownJob(id);
  if (other.id === job.id) {
    return refusal("E_WRONG_STATE", `job ${id} can't go before itself`, "Name another job of the same owner.");
  }
  if (isTerminal(other.status)) return hasEnded(other);
  if (ownerOf(other) === ownerOf(job)) return other;
  const hint = "Owners share the cluster equally: give the job another priority, or put it first among its owner's.";
  return refusal("E_WRONG_STATE", `job ${id} is another owner's`, hint);
}

function ownerOf({ queue }: Job): string | undefined {
  return queue?.owner;
}

function placeOf({ queue }: Job): number {
  return queue?.place ?? 0;
}

function othersOf(turn: Turn, job: Job): readonly Job[] {
  return [...turn.jobs.values()].filter(
    (other) => other.id !== job.id && !isTerminal(other.status) && ownerOf(other) === ownerOf(job),
  );
}

function placeBeyondOthers(turn: Turn, job: Job, to: "first" | "last"): number {
  const places = othersOf(turn, job).map(placeOf);
  return to === "first" ? Math.min(0, ...places) - 1 : Math.max(0, ...places) + 1;
}

/** Behind all that have a smaller place than the other job. Jobs of the same place as that one stay behind, too. */
function placeBefore(turn: Turn, job: Job, other: Job): number {
  const place = placeOf(other);
  const others = othersOf(turn, job);
  const smaller = others.map(placeOf).filter((each) => each < place);
  if (smaller.length === 0) return place - 1;
  const last = Math.max(...smaller);
  const between = (last + place) / 2;
  if (between > last && between < place) return between;
  // No number is left between the two: the other job and all behind it make room.
  for (const each of others) if (placeOf(each) >= place) putAt(turn, each, placeOf(each) + 1);
  return (last + place + 1) / 2;
}

function putAt(turn: Turn, job: Job, place: number): void {
  turn.putJob({ ...job, queue: { ...(job.queue ?? { priority: ORDINARY_PRIORITY }), place } });
}
