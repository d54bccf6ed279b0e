// Sends the views of a job to its watchers: at once when its status changes, otherwise at most every 200 ms.
import type { JobView } from "./views.ts";

const PROGRESS_EVERY_MS = 200;

interface Watcher {
  readonly jobId: string;
  readonly listener: (view: JobView) => void;
  timer: ReturnType<typeof setTimeout> | null;
  lastStatus: string | null;
}

export class Watchers {
  readonly #watchers = new Set<Watcher>();
  readonly #view: (jobId: string) => JobView | null;

  constructor(view: (jobId: string) => JobView | null) {
    this.#view = view;
  }

  /** Calls `listener` with the current view, then with each change; the returned function stops it. */
  watch(jobId: string, listener: (view: JobView) => void): () => void {
    const watcher: Watcher = { jobId, listener, timer: null, lastStatus: null };
    this.#watchers.add(watcher);
    this.#notify(watcher);
    return () => {
      this.#watchers.delete(watcher);
      if (watcher.timer !== null) clearTimeout(watcher.timer);
    };
  }

  /** After a commit: looks at each watched job, once per interval unless its status has changed. */
  notice(statusOf: (jobId: string) => string | null): void {
    for (const watcher of this.#watchers) {
      if (statusOf(watcher.jobId) !== watcher.lastStatus) this.#notify(watcher);
      else watcher.timer ??= setTimeout(() => this.#notify(watcher), PROGRESS_EVERY_MS);
    }
  }

  stop(): void {
    for (const watcher of this.#watchers) if (watcher.timer !== null) clearTimeout(watcher.timer);
    this.#watchers.clear();
  }

  #notify(watcher: Watcher): void {
    if (watcher.timer !== null) clearTimeout(watcher.timer);
    watcher.timer = null;
    const view = this.#view(watcher.jobId);
    if (view === null) return;
    watcher.lastStatus = view.status;
    watcher.listener(view);
  }
}
