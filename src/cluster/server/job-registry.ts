// All jobs in memory: the record of each, the server's own work on those that have not ended, and the sources whose blocks
// clients may fetch. The Store keeps what must last; the scheduler keeps the statuses.
import { type Named, resolveId } from "../../base/ids.ts";
import type { Job } from "../scheduler/model/job.ts";
import type { SchedulerState } from "../scheduler/model/state.ts";
import type { JobRecord } from "./job/job-record.ts";
import { crewView, jobView } from "./job-views.ts";
import { JobWork, type JobWorkParts } from "./pipeline/job-work.ts";
import type { JobView } from "./views.ts";

export interface JobRegistryParts {
  readonly records: ReadonlyMap<string, JobRecord>;
  readonly state: () => SchedulerState;
  readonly workParts: (record: JobRecord) => JobWorkParts;
}

export class JobRegistry {
  readonly #parts: JobRegistryParts;
  readonly #records: Map<string, JobRecord>;
  readonly #running = new Map<string, JobWork>();
  /** By the source's id. */
  readonly #sourcesInUse = new Map<string, JobRecord>();

  constructor(parts: JobRegistryParts) {
    this.#parts = parts;
    this.#records = new Map(parts.records);
  }

  /** Of the jobs that have not ended. */
  get running(): ReadonlyMap<string, JobWork> {
    return this.#running;
  }

  /** Of any job, including those that have ended. */
  record(jobId: string): JobRecord | undefined {
    return this.#records.get(jobId);
  }

  /** The record of a job whose source has this id, until that job has ended. */
  userOf(sourceId: string): JobRecord | undefined {
    return this.#sourcesInUse.get(sourceId);
  }

  /** Starts or continues the work on a job. */
  start(record: JobRecord): void {
    this.#records.set(record.jobId, record);
    this.#running.set(record.jobId, new JobWork(record, this.#parts.workParts(record)));
    this.#sourcesInUse.set(record.source.sourceId, record);
  }

  /** The job has ended. */
  release(jobId: string): void {
    this.#running.delete(jobId);
    const record = this.#records.get(jobId);
    if (record !== undefined) this.#sourcesInUse.delete(record.source.sourceId);
  }

  /** What people may call a job: its source's name, and its output's. */
  namesOf({ id, fileName }: Job): Named {
    const output = this.#records.get(id)?.outputName;
    return { id, names: output === undefined ? [fileName] : [fileName, output] };
  }

  /** By its id, a unique prefix of it, or its name. Errors: E_UNKNOWN_ID, E_AMBIGUOUS_ID. */
  find(id: string): { readonly job: Job; readonly record: JobRecord } {
    const { jobs } = this.#parts.state();
    const jobId = jobs.has(id)
      ? id
      : resolveId(
          id,
          [...jobs.values()].map((job) => this.namesOf(job)),
          "job",
        );
    const job = jobs.get(jobId);
    const record = this.#records.get(jobId);
    if (job === undefined || record === undefined) throw new Error(`job ${jobId} has no record`);
    return { job, record };
  }

  /** With its crew. Errors: those of `find`. */
  view(id: string): JobView {
    return this.#showClosely(this.find(id));
  }

  /** One of the state's own jobs. */
  viewOf(job: Job): JobView {
    const record = this.#records.get(job.id);
    if (record === undefined) throw new Error(`job ${job.id} has no record`);
    return this.#show({ job, record });
  }

  /** The newest job of an owner with this key. */
  madeWith(tokenId: string, key: string): JobRecord | undefined {
    let found: JobRecord | undefined;
    // In the order of creation.
    for (const record of this.#records.values()) {
      if (record.idempotency?.key === key && record.owner?.tokenId === tokenId) found = record;
    }
    return found;
  }

  /** By its whole id; null when there is no such job. */
  viewIfThere(jobId: string): JobView | null {
    const job = this.#parts.state().jobs.get(jobId);
    const record = this.#records.get(jobId);
    return job === undefined || record === undefined ? null : this.#show({ job, record });
  }

  /** As `viewIfThere`, with its crew. */
  closeViewIfThere(jobId: string): JobView | null {
    const job = this.#parts.state().jobs.get(jobId);
    const record = this.#records.get(jobId);
    return job === undefined || record === undefined ? null : this.#showClosely({ job, record });
  }

  #showClosely(found: { readonly job: Job; readonly record: JobRecord }): JobView {
    return { ...this.#show(found), crew: crewView(this.#parts.state(), found.job) };
  }

  #show({ job, record }: { readonly job: Job; readonly record: JobRecord }): JobView {
    return jobView(this.#parts.state(), job, record, this.#running.get(job.id)?.activity ?? null);
  }
}
