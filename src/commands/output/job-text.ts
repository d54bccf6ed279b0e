// Shows a job, a client and a proof as text. Pure: views in, text out.
import { type ClientView, isTerminal, type JobDetailView, type JobView, type Proof } from "../../api/contract.ts";
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
    { title: "CREATED" },
    { title: "FILE" },
  ] as const;
  const rows = jobs.map((job) => [
    shortId(job.job_id),
    job.status,
    `${job.progress.toFixed(1)}%`,
    job.fps > 0 ? job.fps.toFixed(1) : "-",
    timeLeft(job),
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
  const parts = [
    fields(jobFields(job)),
    ...(job.segment_list.length === 0 ? [] : [segments]),
    ...(job.idle_clients.length === 0 ? [] : [idle]),
    ...(job.attempts.length === 0 ? [] : [attemptTable(job.attempts, dim)]),
    eventTable(job.events, dim),
  ];
  return parts.join("\n");
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

/** The status, and whether the client is held back: "Idle, quarantined". The reason is in `clients show`. */
export function clientStatusText({ status, draining, paused, quarantine, no_room }: ClientView): string {
  const heldBack = { paused, draining, quarantined: quarantine !== null, full: no_room !== null };
  return [status, ...Object.entries(heldBack).flatMap(([word, is]) => (is ? [word] : []))].join(", ");
}

/** The job that a client works on, or whose segments wait for it. */
export function clientJobText({ current_job, leased_job }: ClientView, written: (id: string) => string): string {
  if (current_job !== null) return written(current_job);
  return leased_job === null ? "-" : `${written(leased_job)} until its lease ends`;
}

export function clientTable(clients: readonly ClientView[], dim: Dim): string {
  const columns = [
    { title: "ID" },
    { title: "NAME" },
    { title: "STATUS" },
    { title: "FPS", align: "right" },
    { title: "SLOTS", align: "right" },
    { title: "JOB" },
    { title: "PLATFORM" },
    { title: "FFMPEG" },
    { title: "FAMILIES" },
    { title: "KEY" },
  ] as const;
  const rows = clients.map((client) => [
    shortId(client.client_id),
    client.name,
    clientStatusText(client),
    client.performance === null ? "-" : client.performance.toFixed(1),
    String(client.slots),
    clientJobText(client, shortId),
    client.platform,
    client.ffmpeg,
    client.families.join(" "),
    client.keys.length === 0 ? "-" : client.keys.join(" "),
  ]);
  return table(columns, rows, dim);
}

type ProofStream = Proof["streams"]["in"][number];

function streamText({ index, type, codec, language }: ProofStream): string {
  return `${index} ${type} ${codec}${language === null ? "" : ` (${language})`}`;
}

/** A check says in its detail when it could look at only a part of its subject, or at none. */
function resultOf({ ok, detail }: Proof["checks"][number]): string {
  if (!ok) return "FAILED";
  if (detail?.startsWith("not measured") === true) return "not measured";
  return detail?.includes("not measured") === true ? "ok in part" : "ok";
}

function verdictOf({ exact, checks }: Proof): string {
  if (exact) return "exact: every frame once, at its time, every stream accounted for";
  return `NOT EXACT: ${checks.flatMap((check) => (check.ok ? [] : [check.name])).join(", ")}`;
}

/** Most lines that `submit` prints at its end on what the output lacks. */
const MOST_LACKS = 10;

/** What the output lacks of the source, a line each; `ffcluster jobs proof` shows everything. */
export function lackLines({ streams, lost, job_id: jobId }: Proof): string[] {
  const lines = [
    ...streams.left_out.map((stream) => `left out: ${streamText(stream)}: ${stream.reason}`),
    ...(lost ?? []).map((loss) => `lost: ${loss}`),
  ];
  const more = lines.length - MOST_LACKS;
  if (more <= 0) return lines;
  return [...lines.slice(0, MOST_LACKS), `${more} more: ffcluster jobs proof ${jobId}`];
}

export function proofText(proof: Proof, dim: Dim): string {
  const { frames, pts, streams, output } = proof;
  const offset = proof.av_offset_error_ms;
  const head = fields([
    ["job", proof.job_id],
    ["verdict", verdictOf(proof)],
    ["frames", `${frames.expected} expected, ${frames.encoded} encoded, ${frames.in_output} in the output`],
    ["PTS", `${pts.equal ? "equal" : "NOT EQUAL"}, largest error ${pts.max_error_ticks} ticks`],
    ["A/V offset", offset === null ? "not measured" : `${offset.toFixed(2)} ms from the source's at worst`],
    ["in the source", streams.in.map(streamText).join(", ")],
    ["in the output", streams.out.map(streamText).join(", ")],
    ...streams.left_out.map((stream): [string, string] => ["left out", `${streamText(stream)}: ${stream.reason}`]),
    ...(proof.lost ?? []).map((loss): [string, string] => ["lost", loss]),
    ["encoder", `${proof.encoder.name} (${proof.encoder.family}), ffmpeg ${proof.encoder.versions.join(", ")}`],
    ["output", `${output.name}, ${formatBytes(output.bytes)}, sha256 ${output.sha256}`],
    ["wall time", `${proof.wall_seconds.toFixed(1)} s`],
    ...proof.notes.map((note): [string, string] => ["note", note]),
  ]);
  const checks = table(
    [{ title: "CHECK" }, { title: "RESULT" }, { title: "DETAIL" }],
    proof.checks.map((check) => [check.name, resultOf(check), check.detail ?? ""]),
    dim,
  );
  const segments = table(
    [
      { title: "SEGMENT", align: "right" },
      { title: "FRAMES", align: "right" },
      { title: "CLIENT" },
      { title: "TRIES", align: "right" },
      { title: "SECONDS", align: "right" },
      { title: "NOTES" },
    ],
    proof.segments.map((segment) => [
      String(segment.index),
      String(segment.frames),
      segment.client,
      String(segment.attempts),
      segment.seconds.toFixed(1),
      segment.notes.join("; "),
    ]),
    dim,
  );
  return `${head}\n${checks}\n${segments}`;
}
