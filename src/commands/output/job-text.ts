// Shows a job and its history as text. Pure: views in, text out.
import { isTerminal, type JobDetailView, type JobView } from "../../api/contract.ts";
import { withJobId } from "../cli/command-failure.ts";
import { formatBytes, formatMoment, formatSeconds, shortId } from "./format.ts";
import { fields, type Look, table } from "./table.ts";
import { toneOf } from "./tones.ts";

/** Names are shortened to this width before a column is left out for them. */
const NAME_WIDTH = 20;

const JOB_COLUMNS = [
  { title: "ID" },
  { title: "STATUS", tone: toneOf },
  { title: "DONE", align: "right", drop: 7 },
  { title: "FPS", align: "right", drop: 3 },
  { title: "LEFT", align: "right", drop: 4 },
  { title: "PRIO", align: "right", drop: 1 },
  { title: "CREATED", drop: 2 },
  { title: "ENCODER", drop: 6 },
  { title: "FILE", shorten: NAME_WIDTH, drop: 5 },
  { title: "OUTPUT", shorten: NAME_WIDTH },
] as const;

export function jobTable(jobs: readonly JobView[], look?: Look): string {
  const rows = jobs.map((job) => [
    shortId(job.job_id),
    job.status,
    `${job.progress.toFixed(1)}%`,
    job.fps > 0 ? job.fps.toFixed(1) : "-",
    timeLeft(job),
    String(job.priority),
    formatMoment(job.created_at),
    job.encoder,
    job.file_name,
    job.output?.name ?? job.output_name,
  ]);
  return table(JOB_COLUMNS, rows, look);
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

/** Where the server reads the source, and puts the output, if that is in a store or on a web host. */
function placeFields({ source_url: from, output_url: to }: JobView): [string, string][] {
  return [
    ...((from ?? null) === null ? [] : ([["from", String(from)]] as [string, string][])),
    ...((to ?? null) === null ? [] : ([["to", String(to)]] as [string, string][])),
  ];
}

function jobFields(job: JobDetailView): [string, string][] {
  const { frames, segments, output } = job;
  return [
    ["job", job.job_id],
    ["file", job.file_name],
    ...placeFields(job),
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
          ["hint", withJobId(job.error.hint, job.job_id)],
        ] as [string, string][])),
  ];
}

export function jobDetailText(job: JobDetailView, look: Look): string {
  const idle = table(
    [
      { title: "IDLE", shorten: NAME_WIDTH },
      { title: "WHY", wraps: true },
    ],
    job.idle_clients.map(({ name, reason }) => [name, reason]),
    look,
  );
  const shares = (job.shares ?? []).map(({ name, ...share }) => ({ ...share, of: name }));
  const parts = [
    fields(jobFields(job), look.width),
    ...(job.segment_list.length === 0 ? [] : [segmentTable(job.segment_list, look)]),
    ...(shares.length === 0 ? [] : [shareTable("CLIENT", shares, look)]),
    ...(job.idle_clients.length === 0 ? [] : [idle]),
    ...(job.attempts.length === 0 ? [] : [attemptTable(job.attempts, look)]),
    eventTable(job.events, look),
  ];
  return parts.join("\n");
}

const SEGMENT_COLUMNS = [
  { title: "SEGMENT", align: "right" },
  { title: "FRAMES", align: "right", drop: 2 },
  { title: "STATE", tone: toneOf },
  { title: "TRIES", align: "right", drop: 1 },
  { title: "CLIENT", shorten: NAME_WIDTH },
  { title: "NOTES", wraps: true },
] as const;

function segmentTable(segments: JobDetailView["segment_list"], look: Look): string {
  const rows = segments.map((segment) => [
    String(segment.index),
    String(segment.frames),
    segment.state,
    String(segment.attempts),
    segment.client ?? "-",
    segment.notes.join("; "),
  ]);
  return table(SEGMENT_COLUMNS, rows, look);
}

interface ShownShare {
  readonly of: string;
  readonly segments: number;
  readonly frames: number;
  readonly percent: number;
}

/** What clients have delivered of jobs; `title`: whose share each row is. */
export function shareTable(title: string, shares: readonly ShownShare[], look: Look): string {
  const numbers = (["SEGMENTS", "FRAMES", "SHARE"] as const).map((name) => ({ title: name, align: "right" as const }));
  const rows = shares.map(({ of, segments, frames, percent }) => {
    return [of, String(segments), String(frames), `${percent.toFixed(1)}%`];
  });
  return table([{ title, shorten: NAME_WIDTH }, ...numbers], rows, look);
}

/** Every attempt of every segment, in the order in which they began. */
function attemptTable(attempts: JobDetailView["attempts"], look: Look): string {
  const columns = [
    { title: "ATTEMPT AT", drop: 1 },
    { title: "SEGMENT", align: "right" },
    { title: "CLIENT", shorten: NAME_WIDTH },
    { title: "TOOK", align: "right" },
    { title: "OUTCOME", wraps: true },
  ] as const;
  const rows = attempts.map(({ segment_index, client_id, client, started_at, ended_at, outcome, reason }) => [
    formatMoment(started_at),
    String(segment_index),
    client ?? shortId(client_id),
    ended_at === null ? "-" : formatSeconds((Date.parse(ended_at) - Date.parse(started_at)) / 1000),
    outcome === null ? (ended_at === null ? "held" : "ended") : reason === null ? outcome : `${outcome}: ${reason}`,
  ]);
  return table(columns, rows, look);
}

export function eventTable(events: JobDetailView["events"], look: Look): string {
  const columns = [
    { title: "AT" },
    { title: "EVENT" },
    { title: "SEGMENT", align: "right", drop: 1 },
    { title: "DETAIL", wraps: true },
  ] as const;
  const rows = events.map((event) => [
    formatMoment(event.at),
    event.type,
    event.segment_index === null ? "-" : String(event.segment_index),
    event.detail,
  ]);
  return table(columns, rows, look);
}
