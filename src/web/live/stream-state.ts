// What the stream of events has told so far: every job and client as it last was. The whole of it is what a new tab gets,
// and what changed since the last look is what all tabs get. Pure.
import type { ClientView, JobView } from "../../cluster/server/views.ts";

export interface Changes {
  /** It replaces everything that was known. */
  readonly isWhole: boolean;
  readonly jobs: readonly JobView[];
  readonly clients: readonly ClientView[];
}

/** As the stream begins. */
export interface Snapshot {
  readonly jobs?: readonly JobView[];
  readonly clients?: readonly ClientView[];
}

export class StreamState {
  readonly #jobs = new Map<string, JobView>();
  readonly #clients = new Map<string, ClientView>();
  readonly #changedJobs = new Set<string>();
  readonly #changedClients = new Set<string>();
  #isReplaced = false;

  takeSnapshot({ jobs = [], clients = [] }: Snapshot): void {
    this.#jobs.clear();
    this.#clients.clear();
    for (const job of jobs) this.#jobs.set(job.job_id, job);
    for (const client of clients) this.#clients.set(client.client_id, client);
    this.#isReplaced = true;
  }

  takeJob(job: JobView): void {
    this.#jobs.set(job.job_id, job);
    this.#changedJobs.add(job.job_id);
  }

  takeClient(client: ClientView): void {
    this.#clients.set(client.client_id, client);
    this.#changedClients.add(client.client_id);
  }

  whole(): Changes {
    return { isWhole: true, jobs: [...this.#jobs.values()], clients: [...this.#clients.values()] };
  }

  /** Since the last call; null: nothing. */
  changes(): Changes | null {
    const isReplaced = this.#isReplaced;
    const jobs = [...this.#changedJobs].flatMap((id) => this.#jobs.get(id) ?? []);
    const clients = [...this.#changedClients].flatMap((id) => this.#clients.get(id) ?? []);
    this.#isReplaced = false;
    this.#changedJobs.clear();
    this.#changedClients.clear();
    if (isReplaced) return this.whole();
    return jobs.length + clients.length === 0 ? null : { isWhole: false, jobs, clients };
  }
}
