// One job: how far it is, who works on it, and what can be done.
import { useMemo } from "preact/hooks";
import type { JobDetailView, JobView } from "../../cluster/server/views.ts";
import { FilmCharts } from "../compare/film-chart.tsx";
import { chosenFrame, useComparison } from "../compare/use-comparison.ts";
import { jobs } from "../live/cluster.ts";
import { maySubmit } from "../live/session.ts";
import { Badge } from "../parts/badge.tsx";
import { Bar } from "../parts/bar.tsx";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { Empty } from "../parts/empty.tsx";
import { Words } from "../parts/words.tsx";
import { bytes, count } from "../text/format.ts";
import { cancelJob, moveJob, retryJob } from "./actions.ts";
import { outcomeOf } from "./job-card.tsx";
import { groupOf, hasEnded, paceOf, toneOf, wordOf } from "./job-words.ts";
import { FilmStrip } from "./timeline/film-strip.tsx";
import { Timeline } from "./timeline/timeline.tsx";
import { useDetail } from "./use-detail.ts";

export function JobPage({ id }: { readonly id: string }) {
  const { job: detail, error } = useDetail(id);
  // The job's own line changes many times a second; thousands of bars only when they are asked for anew.
  const course = useMemo(() => detail && <Course job={detail} />, [detail]);
  if (error !== null && detail === null) {
    return (
      <Empty title="This job can't be shown">
        <p>
          <Words text={error.failure.message} /> <Words text={error.failure.hint} />
        </p>
        <a class="button" href="#/jobs">
          All jobs
        </a>
      </Empty>
    );
  }
  if (detail === null) return <p class="quiet">Loading …</p>;
  const job = jobs.value.get(detail.job_id) ?? detail;
  return (
    <>
      <Head job={job} />
      {course}
      {job.status === "Completed" && <Quality id={job.job_id} />}
      <IdleClients job={detail} />
      <Facts job={detail} />
      <History job={detail} />
    </>
  );
}

function Course({ job }: { readonly job: JobDetailView }) {
  return (
    <>
      <Timeline job={job} />
      <FilmStrip job={job} />
    </>
  );
}

function Head({ job }: { readonly job: JobView }) {
  const isOver = hasEnded(job);
  return (
    <div class="card">
      <p class="back">
        <a href="#/jobs">Jobs</a>
      </p>
      <div class="head">
        <h1 title={job.file_name}>{job.file_name}</h1>
        <Badge tone={toneOf(job)} text={wordOf(job)} />
      </div>
      {!isOver && <Bar percent={job.progress} tone={toneOf(job)} label="Progress" />}
      <p class="facts">
        {(isOver ? outcomeOf(job) : paceOf(job)).map((word) => (
          <span key={word}>{word}</span>
        ))}
        <span class="end">{job.encoder}</span>
      </p>
      {job.error !== null && (
        <p class="failure" role="alert">
          <Words text={job.error.message} /> <Words text={job.error.hint} />
        </p>
      )}
      <Actions job={job} />
    </div>
  );
}

function Actions({ job }: { readonly job: JobView }) {
  const id = job.job_id;
  const mayAct = maySubmit();
  const isDone = job.status === "Completed";
  if (!mayAct && !isDone) return null;
  return (
    <p class="actions">
      {mayAct && isDone && (
        <a class="button main" href={`/api/v1/jobs/${id}/output`} download={job.output?.name ?? ""}>
          Download {job.output === null ? "" : bytes(job.output.bytes)}
        </a>
      )}
      {isDone && (
        <a class="button" href={`#/jobs/${id}/proof`}>
          Proof
        </a>
      )}
      {mayAct && isDone && (
        <a class="button" href={`#/jobs/${id}/compare`}>
          Compare
        </a>
      )}
      {mayAct && groupOf(job) === "queue" && (
        <button type="button" onClick={() => void moveJob(id, { to: "first" })}>
          Move to the front
        </button>
      )}
      {mayAct && (job.status === "Failed" || job.status === "Cancelled") && (
        <button type="button" class="main" onClick={() => void retryJob(id)}>
          Retry
        </button>
      )}
      {mayAct && !hasEnded(job) && (
        <ConfirmButton text="Cancel" question="Cancel this job?" onConfirm={() => void cancelJob(id)} />
      )}
    </p>
  );
}

/** Nothing where nothing is known: a job of an earlier version, or one whose files are gone. */
function Quality({ id }: { readonly id: string }) {
  const film = useComparison(id);
  if (film === null || "failure" in film || film.bitrate.length < 2) return null;
  const choose = (frame: number) => {
    chosenFrame.value = frame;
    location.hash = `#/jobs/${id}/compare`;
  };
  return (
    <section>
      <h2>Quality and bit rate over the film</h2>
      <div class="card">
        <FilmCharts film={film} frame={null} onChoose={maySubmit() ? choose : undefined} />
      </div>
    </section>
  );
}

function IdleClients({ job }: { readonly job: JobDetailView }) {
  if (job.idle_clients.length === 0) return null;
  return (
    <section>
      <h2>Who does not work on it, and why</h2>
      <ul class="card plain-list">
        {job.idle_clients.map(({ client_id, name, reason }) => (
          <li key={client_id}>
            <b>{name}</b> <span class="quiet">{reason}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const moment = (iso: string | null) =>
  iso === null ? "not yet" : new Date(iso).toLocaleString("en", { hour12: false });

function Facts({ job }: { readonly job: JobDetailView }) {
  const { frames, segments, output } = job;
  const rows: readonly (readonly [string, string])[] = [
    ["Request", job.ffmpeg_params],
    [
      "Frames",
      `${frames.done.toLocaleString("en")} of ${frames.total?.toLocaleString("en") ?? "as many as there will be"}`,
    ],
    [
      "Segments",
      `${segments.done} done, ${segments.running} under way, ${count(segments.known, "segment")} known, split ${job.split}`,
    ],
    ["Output", output === null ? job.output_name : `${output.name}, sha256 ${output.sha256}`],
    ["Owner", `${job.owner}, priority ${job.priority}`],
    ["Created", moment(job.created_at)],
    ["Started", moment(job.started_at)],
    ["Ended", moment(job.completed_at)],
    ["Id", job.job_id],
  ];
  return (
    <section>
      <h2>What was asked</h2>
      <dl class="card pairs">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{name === "Request" ? <code>{value}</code> : value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The latest first; the whole of it is in `jobs show`. */
const SHOWN_EVENTS = 200;

function History({ job }: { readonly job: JobDetailView }) {
  const latest = job.events.slice(-SHOWN_EVENTS).reverse();
  return (
    <details class="card history">
      <summary>History, {count(job.events.length, "event")}</summary>
      <ul>
        {latest.map(({ seq, at, type, segment_index: index, detail }) => (
          <li key={seq}>
            <time dateTime={at}>{at.slice(11, 19)}</time> <b>{type}</b>
            {index !== null && ` segment ${index}`} <span class="quiet">{detail}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
