// What a job's state is called, which group of the list it belongs to, and in which order jobs stand there. Pure.
import type { JobView } from "../../cluster/server/views.ts";
import type { Tone } from "../parts/bar.tsx";
import { count, duration, fps, percent } from "../text/format.ts";

export type Group = "working" | "queue" | "ended";

const STATUS: Readonly<
  Record<JobView["status"], { readonly word: string; readonly tone: Tone; readonly group: Group }>
> = {
  Queued: { word: "Queued", tone: "idle", group: "queue" },
  WaitingForClients: { word: "Waiting for clients", tone: "paused", group: "queue" },
  Benchmarking: { word: "Encoding, measuring speed", tone: "busy", group: "working" },
  Processing: { word: "Encoding", tone: "busy", group: "working" },
  Combining: { word: "Joining and checking", tone: "busy", group: "working" },
  Completed: { word: "Done", tone: "ok", group: "ended" },
  Failed: { word: "Failed", tone: "failed", group: "ended" },
  Cancelled: { word: "Cancelled", tone: "idle", group: "ended" },
};

export const wordOf = ({ status }: JobView): string => STATUS[status].word;
export const toneOf = ({ status }: JobView): Tone => STATUS[status].tone;
export const groupOf = ({ status }: JobView): Group => STATUS[status].group;
export const hasEnded = (job: JobView): boolean => groupOf(job) === "ended";

export const FILTERS = ["all", "under way", "done", "failed"] as const;
export type Filter = (typeof FILTERS)[number];

export function passes(job: JobView, filter: Filter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "under way":
      return !hasEnded(job);
    case "done":
      return job.status === "Completed";
    case "failed":
      return job.status === "Failed" || job.status === "Cancelled";
  }
}

/** Each word of the search stands in what people know of a job. */
export function isFound(job: JobView, search: string): boolean {
  const known = [job.file_name, job.output_name, job.encoder, job.owner, job.job_id, wordOf(job)]
    .join(" ")
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => known.includes(word));
}

/** As the cluster takes them: by priority, then by the place that somebody gave them, then the oldest first. */
export function byQueue(a: JobView, b: JobView): number {
  return (
    b.priority - a.priority ||
    (a.queue_place ?? 0) - (b.queue_place ?? 0) ||
    (a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0)
  );
}

/** The latest first. */
export function byEnd(a: JobView, b: JobView): number {
  const [first, second] = [a.completed_at ?? a.created_at, b.completed_at ?? b.created_at];
  return first > second ? -1 : first < second ? 1 : 0;
}

/** How it goes, in a few words: "42 %", "128 fps", "3 min left", "2 clients". */
export function paceOf(job: JobView): readonly string[] {
  if (hasEnded(job)) return [];
  if (job.activity !== null) return [job.activity];
  if (groupOf(job) === "queue") return [whyQueued(job)];
  return [
    percent(job.progress),
    ...(job.fps > 0 ? [fps(job.fps)] : []),
    ...(job.eta_seconds === null || job.eta_seconds <= 0 ? [] : [`${duration(job.eta_seconds)} left`]),
    ...(job.clients > 0 ? [count(job.clients, "client")] : ["no client works on it now"]),
  ];
}

function whyQueued({ status, capable_clients: capable, required_clients: required }: JobView): string {
  if (capable >= required && status !== "WaitingForClients") return "starts when a client is free";
  if (capable === 0) return "no client here can do it yet";
  return `${capable} of ${count(required, "client")} here`;
}
