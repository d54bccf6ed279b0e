// All jobs: those that are worked on, those that wait, in their order, and those that have ended.
import { signal } from "@preact/signals";
import type { JobView } from "../../cluster/server/views.ts";
import { isLoaded, jobs } from "../live/cluster.ts";
import { maySubmit } from "../live/session.ts";
import { CopyLine } from "../parts/copy-line.tsx";
import { Empty } from "../parts/empty.tsx";
import { JobCard } from "./job-card.tsx";
import { byEnd, byQueue, FILTERS, type Filter, type Group, groupOf, isFound, passes } from "./job-words.ts";
import { QueuedJob } from "./queued-job.tsx";

const search = signal("");
const filter = signal<Filter>("all");
/** Thousands of ended jobs would be thousands of cards. */
const STEP = 50;
const shown = signal(STEP);

export function JobsPage() {
  const all = [...jobs.value.values()];
  if (!isLoaded.value) return <p class="quiet">Loading …</p>;
  if (all.length === 0) return <NoJobs />;
  const found = all.filter((job) => passes(job, filter.value) && isFound(job, search.value));
  const of = (group: Group) => found.filter((job) => groupOf(job) === group);
  return (
    <>
      <h1 class="hidden">Jobs</h1>
      <Toolbar all={all} />
      {found.length === 0 && (
        <Empty title="No job fits">
          <p>Change the search, or show all jobs.</p>
          <button type="button" onClick={clear}>
            Show all
          </button>
        </Empty>
      )}
      <Section title="Under way" found={of("working").sort(byQueue)} />
      <Section title="Waiting, in this order" found={of("queue").sort(byQueue)} isQueue />
      <Section title="Ended" found={of("ended").sort(byEnd)} />
    </>
  );
}

function clear(): void {
  search.value = "";
  filter.value = "all";
}

function Toolbar({ all }: { readonly all: readonly JobView[] }) {
  const count = (name: Filter) => all.filter((job) => passes(job, name)).length;
  return (
    <div class="toolbar">
      <input
        type="search"
        placeholder="Search jobs"
        aria-label="Search jobs"
        value={search.value}
        onInput={(event) => {
          search.value = event.currentTarget.value;
        }}
      />
      <fieldset class="chips">
        <legend class="hidden">Which jobs</legend>
        {FILTERS.map((name) => (
          <button
            type="button"
            key={name}
            aria-pressed={filter.value === name}
            onClick={() => {
              filter.value = name;
            }}
          >
            {name.charAt(0).toUpperCase() + name.slice(1)} <b>{count(name)}</b>
          </button>
        ))}
      </fieldset>
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly found: readonly JobView[];
  readonly isQueue?: boolean;
}

function Section({ title, found, isQueue = false }: SectionProps) {
  if (found.length === 0) return null;
  const more = found.length - shown.value;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="cards">
        {found.slice(0, shown.value).map((job) => (
          <li key={job.job_id}>{isQueue ? <QueuedJob job={job} queue={found} /> : <JobCard job={job} />}</li>
        ))}
      </ul>
      {more > 0 && (
        <button
          type="button"
          onClick={() => {
            shown.value += STEP;
          }}
        >
          Show {Math.min(STEP, more)} more of {more}
        </button>
      )}
    </section>
  );
}

function NoJobs() {
  return (
    <Empty title="No jobs yet">
      <p>A job is one video that all clients encode together.</p>
      {maySubmit() && (
        <p>
          <a class="button main" href="#/submit">
            Submit a film
          </a>
        </p>
      )}
      <p class="quiet">Or on any machine that has ffcluster:</p>
      <CopyLine text={`ffcluster submit video.mp4 --server ${location.origin}`} label="the submit line" />
      {!maySubmit() && <p class="quiet">Your token may only look; the line takes one of the role submit.</p>}
    </Empty>
  );
}
