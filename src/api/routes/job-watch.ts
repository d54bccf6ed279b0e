// Streams a job's view until the job has ended. A slow reader gets the latest view, not a backlog.
import { sha256Of } from "../../base/digest.ts";
import { isTerminal, type JobView } from "../contract.ts";
import type { Call } from "../router.ts";
import { type StreamedEvent, streamEvents } from "./stream-events.ts";

/** A follower treats the link as dead after several of these without an event. */
const KEEP_ALIVE_MS = 5000;

/** Of the view's own content, so that it means the same after a restart. */
const idOf = (text: string): string => sha256Of(text).slice(0, 16);

/** Holds the latest view that was not sent yet, for one reader. */
class LatestView {
  #event: StreamedEvent | null = null;
  #isComplete = false;
  /** Of the view that the reader has, or is about to get. */
  #lastId: string | null;

  constructor(lastId: string | null) {
    this.#lastId = lastId;
  }

  /** False: it is no news. */
  put(view: Pick<JobView, "status">): boolean {
    if (this.#isComplete) return false;
    const text = JSON.stringify(view);
    const id = idOf(text);
    if (id === this.#lastId) return false;
    this.#lastId = id;
    this.#isComplete = isTerminal(view.status);
    this.#event = { text: `id: ${id}\ndata: ${text}\n\n`, isLast: this.#isComplete };
    return true;
  }

  take(): StreamedEvent | null {
    const event = this.#event;
    this.#event = null;
    return event;
  }
}

export function watchJob(call: Call): Response {
  const { coordinator, request, param } = call;
  const now = coordinator.job(param("id"));
  const id = now.job_id;
  const lastId = request.headers.get("last-event-id");
  // Tells an EventSource to stay away (WHATWG HTML, §9.2.3); it would come back for ever.
  if (isTerminal(now.status) && lastId === idOf(JSON.stringify(now))) return new Response(null, { status: 204 });
  return streamEvents(call, KEEP_ALIVE_MS, (onChange) => {
    const latest = new LatestView(lastId);
    const close = coordinator.watchJob(id, (view) => {
      if (latest.put(view)) onChange();
    });
    latest.put(coordinator.job(id));
    return { next: () => latest.take(), close };
  });
}
