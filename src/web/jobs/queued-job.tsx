// A job that waits: it can be moved before another one of the same owner, by dragging or by its buttons.
import { signal } from "@preact/signals";
import type { JobView } from "../../cluster/server/views.ts";
import { maySubmit } from "../live/session.ts";
import { moveJob } from "./actions.ts";
import { JobCard } from "./job-card.tsx";

/** Id of the job that is dragged. */
const dragged = signal<string | null>(null);
const over = signal<string | null>(null);

interface QueuedProps {
  readonly job: JobView;
  /** All that wait, in their order. */
  readonly queue: readonly JobView[];
}

export function QueuedJob({ job, queue }: QueuedProps) {
  const own = queue.filter(({ owner, priority }) => owner === job.owner && priority === job.priority);
  if (!maySubmit() || own.length < 2) return <JobCard job={job} />;
  const at = own.indexOf(job);
  const before = own[at - 1];
  const id = job.job_id;
  const mayDropHere = own.some(({ job_id }) => job_id === dragged.value && job_id !== id);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons do the same by keyboard
    <div
      class={`queued ${over.value === id && mayDropHere ? "over" : ""}`}
      draggable
      onDragStart={() => {
        dragged.value = id;
      }}
      onDragEnd={() => {
        dragged.value = null;
        over.value = null;
      }}
      onDragOver={(event) => {
        over.value = id;
        if (mayDropHere) event.preventDefault();
      }}
      onDrop={(event) => {
        event.preventDefault();
        if (dragged.value !== null && mayDropHere) void moveJob(dragged.value, { before: id });
      }}
    >
      <JobCard job={job}>
        <p class="actions">
          <button
            type="button"
            disabled={before === undefined}
            onClick={() => void moveJob(id, { before: before?.job_id ?? "" })}
          >
            Earlier
          </button>
          <button type="button" disabled={at === 0} onClick={() => void moveJob(id, { to: "first" })}>
            First
          </button>
          <button type="button" disabled={at === own.length - 1} onClick={() => void moveJob(id, { to: "last" })}>
            Last
          </button>
        </p>
      </JobCard>
    </div>
  );
}
