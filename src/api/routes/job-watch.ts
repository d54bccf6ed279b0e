// Streams a job's view as server-sent events until the job has ended. A slow reader gets the latest view, not a backlog,
// and a reader that leaves, or whose token is revoked, is forgotten.
import { sha256Of } from "../../base/digest.ts";
import { isTerminal, type JobView } from "../contract.ts";
import type { Call } from "../router.ts";

/** A follower treats the link as dead after several of these without an event. */
const KEEP_ALIVE_MS = 5000;

/** Of the view's own content, so that it means the same after a restart. */
const idOf = (text: string): string => sha256Of(text).slice(0, 16);

/** Holds the latest view that was not sent yet, for one reader. */
class LatestView {
  #view: string | null = null;
  #isLast = false;
  #lastId: string | null;
  #wake: (() => void) | null = null;

  /** `lastId`: of the view that the reader has already. */
  constructor(lastId: string | null) {
    this.#lastId = lastId;
  }

  put(view: Pick<JobView, "status">): void {
    if (this.#isLast) return;
    const text = JSON.stringify(view);
    const id = idOf(text);
    if (id === this.#lastId) return;
    this.#lastId = id;
    this.#view = `id: ${id}\ndata: ${text}\n\n`;
    this.#isLast = isTerminal(view.status);
    this.#wake?.();
  }

  /** Returns the next view, or null after `ms` without one. */
  async take(ms: number): Promise<{ readonly text: string; readonly isLast: boolean } | null> {
    if (this.#view === null) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    if (this.#view === null) return null;
    const text = this.#view;
    this.#view = null;
    return { text, isLast: this.#isLast };
  }

  /** Wakes the reader; nothing follows. */
  end(): void {
    this.#wake?.();
  }
}

export function watchJob({ coordinator, request, param, who }: Call): Response {
  const id = coordinator.job(param("id")).job_id;
  const lastId = request.headers.get("last-event-id");
  const now = coordinator.job(id);
  // Tells an EventSource to stay away (WHATWG HTML, §9.2.3); it would come back for ever.
  if (isTerminal(now.status) && lastId === idOf(JSON.stringify(now))) return new Response(null, { status: 204 });
  const latest = new LatestView(lastId);
  const encoder = new TextEncoder();
  let unsubscribe: (() => void) | null = coordinator.watchJob(id, (view) => latest.put(view));
  latest.put(coordinator.job(id));
  let onEnd = () => {};
  const leave = () => {
    unsubscribe?.();
    unsubscribe = null;
    latest.end();
    who.ended.removeEventListener("abort", onEnd);
  };
  request.signal.addEventListener("abort", leave, { once: true });
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      onEnd = () => {
        leave();
        controller.close();
      };
      who.ended.addEventListener("abort", onEnd, { once: true });
    },
    async pull(controller) {
      const next = await latest.take(KEEP_ALIVE_MS);
      if (unsubscribe === null) return; // the reader left, or may read no more
      controller.enqueue(encoder.encode(next?.text ?? ": keep-alive\n\n"));
      if (!next?.isLast) return;
      leave();
      controller.close();
    },
    cancel: leave,
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", connection: "close" },
  });
}
