// How long jobs were combined: from the last verified segment to the checked output. A job that was already being combined when
// the server started is not counted: when it began is not known.
import type { JobStatus } from "../../scheduler/model/job.ts";

export class StitchTimes {
  readonly #nowMs: () => number;
  readonly #begun = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The job has a new status; seconds where that completes it. */
  passed(jobId: string, status: JobStatus): number | null {
    const begun = this.#begun.get(jobId);
    if (status === "Combining") this.#begun.set(jobId, this.#nowMs());
    else this.#begun.delete(jobId);
    return status === "Completed" && begun !== undefined ? (this.#nowMs() - begun) / 1000 : null;
  }
}
