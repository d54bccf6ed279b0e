// A job that waits gets another priority, or another place among the jobs of its owner.
import type { Verdict } from "../model/decision.ts";
import type { JobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import { ORDINARY_PRIORITY, type QueueMove, type QueuePlace } from "../model/queue-place.ts";
import { isTerminal } from "../model/state-changes.ts";
import type { Turn } from "../model/turn.ts";
import { refusal } from "./job-rules.ts";

export function moveJob(turn: Turn, jobId: JobId, { to, priority }: QueueMove): Verdict {
  const job = turn.jobs.get(jobId);
  if (job === undefined) {
    return refusal("E_UNKNOWN_ID", `no job with id ${jobId}`, "`ffcluster jobs list` shows the ids.");
  }
  if (isTerminal(job.status)) {
    return refusal("E_WRONG_STATE", `job ${jobId} has ended already`, `It is ${job.status} and waits for nothing.`);
  }
  const was: QueuePlace = job.queue ?? { priority: ORDINARY_PRIORITY };
  const queue = {
    ...was,
    ...(priority === undefined ? {} : { priority }),
    ...(to === undefined ? {} : { place: placeBeyondOthers(turn, job, to) }),
  };
  turn.putJob({ ...job, queue });
  return { ok: true };
}

function placeBeyondOthers(turn: Turn, job: Job, to: "first" | "last"): number {
  let place = 0;
  for (const other of turn.jobs.values()) {
    if (other.id === job.id || isTerminal(other.status) || other.queue?.owner !== job.queue?.owner) continue;
    const beyond = (other.queue?.place ?? 0) + (to === "first" ? -1 : 1);
    place = to === "first" ? Math.min(place, beyond) : Math.max(place, beyond);
  }
  return place === 0 ? (to === "first" ? -1 : 1) : place;
}
