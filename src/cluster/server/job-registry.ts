// Which jobs there are: the record of each, the server's own work on those that are not over, and the sources that
// clients may fetch blocks of. Memory only; what is to be kept is in the Store, and statuses are the scheduler's.
import { resolveIdPrefix } from "../../base/ids.ts";
import type { Job } from "../scheduler/model/job.ts";
import type { SchedulerState } from "../scheduler/model/state.ts";
import { jobView } from "./job-views.ts";
import { JobWork, type JobWorkParts } from "./pipeline/job-work.ts";
import type { JobRecord } from "./ports.ts";
import type { JobView } from "./views.ts";

export interface JobRegistryParts {
  readonly records: ReadonlyMap<string, JobRecord>;
  readonly state: () => SchedulerState;
  readonly workParts: (record: JobRecord) => JobWorkParts;
}

export class JobRegistry {
  readonly #parts: JobRegistryParts;
  readonly #records: Map<string, JobRecord>;
  readonly #works = new Map<string, JobWork>();
  /** By the source's id. */
  readonly #sourcesInUse = new Map<string, JobRecord>();

  constructor(parts: JobRegistryParts) {
    this.#parts = parts;
    this.#records = new Map(parts.records);
  }

  /** Of the jobs that are not over. */
  get works(): ReadonlyMap<string, JobWork> {
    return this.#works;
  }

  /** Of any job, ended ones too. */
  record(jobId: string): JobRecord | undefined {
    return this.#records.get(jobId);
  }

  /** The record of a job whose source has this id, until that job has ended. */
  userOf(sourceId: string): JobRecord | undefined {
    return this.#sourcesInUse.get(sourceId);
  }

  /** Begins, or goes on with, the work on a job. */
  takeOn(record: JobRecord): void {
    this.#records.set(record.jobId, record);
    this.#works.set(record.jobId, new JobWork(record, this.#parts.workParts(record)));
    this.#sourcesInUse.set(record.source.sourceId, record);
  }

  /** The job has ended. */
  release(jobId: string): void {
    this.#works.delete(jobId);
    const record = this.#records.get(jobId);
    if (record !== undefined) this.#sourcesInUse.delete(record.source.sourceId);
  }

  /** By its id or the beginning of it. Errors: E_UNKNOWN_ID, E_AMBIGUOUS_ID. */
  find(id: string): { readonly job: Job; readonly record: JobRecord } {
    const { jobs } = this.#parts.state();
    const jobId = resolveIdPrefix(id, jobs.keys(), "job");
    const job = jobs.get(jobId);
    const record = this.#records.get(jobId);
    if (job === undefined || record === undefined) throw new Error(`job ${jobId} has no record`);
    return { job, record };
  }

  /** As `find`. */
  view(id: string): JobView {
    return this.#show(this.find(id));
  }

  /** By its whole id; null when there is none. */
  viewIfThere(jobId: string): JobView | null {
    const job = this.#parts.state().jobs.get(jobId);
    const record = this.#records.get(jobId);
    return job === undefined || record === undefined ? null : this.#show({ job, record });
  }

  #show({ job, record }: { readonly job: Job; readonly record: JobRecord }): JobView {
    return jobView(this.#parts.state(), job, record, this.#works.get(job.id)?.activity ?? null);
  }
}
