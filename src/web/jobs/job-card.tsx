// One job in the list: what it is, how far it is, and what became of it.
import type { ComponentChildren } from "preact";
import type { JobView } from "../../cluster/server/views.ts";
import { Badge } from "../parts/badge.tsx";
import { Bar } from "../parts/bar.tsx";
import { Words } from "../parts/words.tsx";
import { ago, bytes, duration, saved } from "../text/format.ts";
import { hasEnded, paceOf, toneOf, wordOf } from "./job-words.ts";

/** `children`: what can be done with it. */
export function JobCard({ job, children }: { readonly job: JobView; readonly children?: ComponentChildren }) {
  return (
    <article class="card job">
      <div class="head">
        <h3>
          <a href={`#/jobs/${job.job_id}`} title={job.file_name}>
            {job.file_name}
          </a>
        </h3>
        <Badge tone={toneOf(job)} text={wordOf(job)} />
      </div>
      {!hasEnded(job) && <Bar percent={job.progress} tone={toneOf(job)} label={`Progress of ${job.file_name}`} />}
      <Facts words={hasEnded(job) ? outcomeOf(job) : paceOf(job)} end={job.encoder} />
      {job.error !== null && (
        <p class="failure">
          <Words text={job.error.message} /> <Words text={job.error.hint} />
        </p>
      )}
      {children}
    </article>
  );
}

function Facts({ words, end }: { readonly words: readonly string[]; readonly end: string }) {
  return (
    <p class="facts">
      {words.map((word) => (
        <span key={word}>{word}</span>
      ))}
      <span class="end">{end}</span>
    </p>
  );
}

/** What a finished job saved, how long it took and when that was. */
export function outcomeOf(job: JobView): readonly string[] {
  const { output, source_bytes: before, started_at: started, completed_at: ended } = job;
  const words: string[] = [];
  if (output !== null && before !== undefined) {
    const change = saved(before, output.bytes);
    words.push(`${bytes(before)} → ${bytes(output.bytes)}${change === null ? "" : `, ${change}`}`);
  } else if (output !== null) words.push(bytes(output.bytes));
  if (started !== null && ended !== null)
    words.push(`took ${duration((Date.parse(ended) - Date.parse(started)) / 1000)}`);
  if (ended !== null) words.push(ago(ended, Date.now()));
  return words;
}
