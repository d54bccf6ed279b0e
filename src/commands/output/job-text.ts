// Shows a job and its history as text. Pure: views in, text out.
import { isTerminal, type JobDetailView, type JobView } from "../../api/contract.ts";
import { formatBytes, formatMoment, formatSeconds, shortId } from "./format.ts";
import { fields, table } from "./table.ts";

type Dim = (text: string) => string;

export function jobTable(jobs: readonly JobView[], dim: Dim): string {
  const columns = [
    { title: "ID" },
    { title: "STATUS" },
    { title: "DONE", align: "right" },
    { title: "FPS", align: "right" },
    { title: "LEFT", align: "right" },
    { title: "PRIO", align: "right" },
    { title: "CREATED" },
    { title: "FILE" },
  ] as const;
  const rows = jobs.map((job) => [
    shortId(job.job_id),
    job.status,
    `${job.progress.toFixed(1)}%`,
    job.fps > 0 ? job.fps.toFixed(1) : "-",
    timeLeft(job),
    String(job.priority),
    formatMoment(job.created_at),
    job.file_name,
  ]);
  return table(columns, rows, dim);
}

function timeLeft(job: JobView): string {
  return job.eta_seconds === null || isTerminal(job.status) ? "-" : formatSeconds(job.eta_seconds);
}

/** Only for a job that has not ended. */
function paceFields(job: JobDetailView): [string, string][] {
  if (isTerminal(job.status)) return [];
  return [
    ["speed", job.fps > 0 ? `${job.fps.toFixed(1)} frames/s` : "-"],
    ["time left", timeLeft(job)],
    ["priority", String(job.priority)],
    ["clients", `${job.clients} working, ${job.capable_clients} capable, ${job.required_clients} required`],
  ];
}

function endText({ started_at: started, completed_at: ended }: JobView): string {
  if (started === null || ended === null) return formatMoment(ended);
  return `${formatMoment(ended)}, ${formatSeconds((Date.parse(ended) - Date.parse(started)) / 1000)} after the start`;
}

function jobFields(job: JobDetailView): [string, string][] {
  const { frames, segments, output } = job;
  return [
    ["job", job.job_id],
    ["file", job.file_name],
    ["status", job.activity === null ? job.status : `${job.status}: ${job.activity}`],
    ["progress", `${job.progress.toFixed(1)}% (${frames.done} of ${frames.total ?? "?"} frames)`],
    ...paceFields(job),
    ["encoder", `${job.encoder} (${job.family})`],
    ["request", job.ffmpeg_params],
    ["segments", `${segments.done} done, ${segments.running} running, ${segments.known} known (${job.split})`],
    ["created", formatMoment(job.created_at)],
    ["started", formatMoment(job.started_at)],
    ["ended", endText(job)],
    ["output", output === null ? job.output_name : `${output.name}, ${formatBytes(output.bytes)}, ${output.sha256}`],
    ...(job.error === null
      ? []
      : ([
          ["error", `${job.error.message} (${job.error.code})`],
          ["hint", job.error.hint],
        ] as [string, string][])),
  ];
}

export function jobDetailText(job: JobDetailView, dim: Dim): string {
  const segments = table(
    [
      { title: "SEGMENT", align: "right" },
      { title: "FRAMES", align: "right" },
      { title: "STATE" },
      { title: "TRIES", align: "right" },
      { title: "CLIENT" },
      { title: "NOTES" },
    ],
    job.segment_list.map((segment) => [
      String(segment.index),
      String(segment.frames),
      segment.state,
      String(segment.attempts),
      segment.client === null ? "-" : shortId(segment.client),
      segment.notes.join("; "),
    ]),
    dim,
  );
  const idle = table(
    [{ title: "IDLE" }, { title: "WHY" }],
    job.idle_clients.map(({ name, reason }) => [name, reason]),
    dim,
  );
  const shares = (job.shares ?? []).map(({ client_id, name, ...share }) => ({
    ...share,
    of: `${name} (${shortId(client_id)})`,
  }));
  const parts = [
    fields(jobFields(job)),
    ...(job.segment_list.length === 0 ? [] : [segments]),
    ...(shares.length === 0 ? [] : [shareTable("CLIENT", shares, dim)]),
    ...(job.idle_clients.length === 0 ? [] : [idle]),
    ...(job.attempts.length === 0 ? [] : [attemptTable(job.attempts, dim)]),
    eventTable(job.events, dim),
  ];
  return parts.join("\n");
}

interface ShownShare {
  readonly of: string;
  readonly segments: number;
  readonly frames: number;
  readonly percent: number;
}

/** What clients have delivered of jobs; `title`: whose share each row is. */
export function shareTable(title: string, shares: readonly ShownShare[], dim: Dim): string {
  const numbers = (["SEGMENTS", "FRAMES", "SHARE"] as const).map((name) => ({ title: name, align: "right" as const }));
  const rows = shares.map(({ of, segments, frames, percent }) => {
    return [of, String(segments), String(frames), `${percent.toFixed(1)}%`];
  });
  return table([{ title }, ...numbers], rows, dim);
}

/** Every attempt of every segment, in the order in which they began. */
function attemptTable(attempts: JobDetailView["attempts"], dim: Dim): string {
  const columns = [
    { title: "ATTEMPT AT" },
    { title: "SEGMENT", align: "right" },
    { title: "CLIENT" },
    { title: "TOOK", align: "right" },
    { title: "OUTCOME" },
  ] as const;
  const rows = attempts.map(({ segment_index, client_id, started_at, ended_at, outcome, reason }) => [
    formatMoment(started_at),
    String(segment_index),
    shortId(client_id),
    ended_at === null ? "-" : formatSeconds((Date.parse(ended_at) - Date.parse(started_at)) / 1000),
    outcome === null ? (ended_at === null ? "held" : "ended") : reason === null ? outcome : `${outcome}: ${reason}`,
  ]);
  return table(columns, rows, dim);
}

export function eventTable(events: JobDetailView["events"], dim: Dim): string {
  const columns = [
    { title: "AT" },
    { title: "EVENT" },
    { title: "SEGMENT", align: "right" },
    { title: "DETAIL" },
  ] as const;
  const rows = events.map((event) => [
    formatMoment(event.at),
    event.type,
    event.segment_index === null ? "-" : String(event.segment_index),
    event.detail,
  ]);
  return table(columns, rows, dim);
}
