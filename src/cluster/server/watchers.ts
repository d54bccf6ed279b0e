// Tells those who watch a job of its changes: at once when its state changes, else at most every 200 ms.
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

  /** Calls `listener` with the present view, then with each change; the answer ends it. */
  watch(jobId: string, listener: (view: JobView) => void): () => void {
    const watcher: Watcher = { jobId, listener, timer: null, lastStatus: null };
    this.#watchers.add(watcher);
    this.#tell(watcher);
    return () => {
      this.#watchers.delete(watcher);
      if (watcher.timer !== null) clearTimeout(watcher.timer);
    };
  }

  /** Something was committed: looks at each watched job, once per interval unless its status changed. */
  notice(statusOf: (jobId: string) => string | null): void {
    for (const watcher of this.#watchers) {
      if (statusOf(watcher.jobId) !== watcher.lastStatus) this.#tell(watcher);
      else watcher.timer ??= setTimeout(() => this.#tell(watcher), PROGRESS_EVERY_MS);
    }
  }

  stop(): void {
    for (const watcher of this.#watchers) if (watcher.timer !== null) clearTimeout(watcher.timer);
    this.#watchers.clear();
  }

  #tell(watcher: Watcher): void {
    if (watcher.timer !== null) clearTimeout(watcher.timer);
    watcher.timer = null;
    const view = this.#view(watcher.jobId);
    if (view === null) return;
    watcher.lastStatus = view.status;
    watcher.listener(view);
  }
}
