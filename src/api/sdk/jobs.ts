// What a program does with jobs.
import { z } from "zod";
import { jobDetailSchema, jobSchema } from "../../cluster/server/views.ts";
import { proofSchema } from "../../media/model/proof.ts";
import { all, get, part, post, SLOW_CALL_MS } from "./calls.ts";
import { type DownloadOptions, downloadOutput } from "./download.ts";
import { FfclusterError } from "./ffcluster-error.ts";
import { followJob } from "./follow-job.ts";
import type { Transport } from "./transport.ts";
import type { Job, JobDetail, Proof } from "./types.ts";

/** Which jobs; without any, all that the token may see. */
export interface JobFilter {
  readonly status?: Job["status"] | readonly Job["status"][] | undefined;
  /** Name of the token that they were submitted with. */
  readonly owner?: string | undefined;
  /** Made then or later. */
  readonly since?: Date | undefined;
  /** `desc`: the newest first. */
  readonly order?: "asc" | "desc" | undefined;
}

/** What may end a call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Where a job goes: before or behind all others of its owner or before one of them, to another priority, or both. */
export interface Move {
  readonly to?: "first" | "last" | undefined;
  /** Id of the job that it goes right before; not with `to`. */
  readonly before?: string | undefined;
  /** 0 to 100; 50 is the ordinary one. */
  readonly priority?: number | undefined;
}

/** Jobs of a server. Ids may be shortened to any prefix that fits one job alone. All methods throw FfclusterError. */
export class Jobs {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** In the order of their creation. */
  async list(filter: JobFilter = {}): Promise<Job[]> {
    const { status, owner, since, order } = filter;
    const query = { status: status?.toString(), owner, since: since?.toISOString(), order };
    return await all(this.#transport, "/jobs", query, z.array(jobSchema));
  }

  /** The job as it is now. */
  async get(id: string): Promise<Job> {
    return await get(this.#transport, `/jobs/${part(id)}`, jobSchema);
  }

  /** The job with its request, segments, attempts and events. */
  async show(id: string): Promise<JobDetail> {
    return await get(this.#transport, `/jobs/${part(id)}/detail`, jobDetailSchema);
  }

  /**
   * The job now, and at every change until it has ended, a few times a second at most. A link that breaks, or a server that
   * starts anew, is waited for, for five minutes.
   */
  async *follow(id: string, options: CallOptions = {}): AsyncGenerator<Job, void, undefined> {
    yield* followJob(this.#transport, id, options.signal);
  }

  /** Waits for the end of a job and gives it. Also throws, with the job's own code, when the job failed or was cancelled. */
  async completed(id: string, options: CallOptions = {}): Promise<Job> {
    let last: Job | null = null;
    for await (const job of this.follow(id, options)) last = job;
    if (last?.status === "Completed") return last;
    const { code, message, hint } = last?.error ?? {
      code: "E_JOB_CANCELLED" as const,
      message: `job ${id} is ${last?.status ?? "gone"}`,
      hint: "`jobs.retry` goes on with it.",
    };
    throw new FfclusterError(code, message, hint);
  }

  /** Ends a job; what it has stays for `retry`. */
  async cancel(id: string): Promise<Job> {
    return await post(this.#transport, `/jobs/${part(id)}/cancel`, {}, jobSchema);
  }

  /** Goes on with a failed or cancelled job from its verified segments. */
  async retry(id: string): Promise<Job> {
    return await post(this.#transport, `/jobs/${part(id)}/retry`, {}, jobSchema, { timeoutMs: SLOW_CALL_MS });
  }

  /** Changes a job's place among those of its owner, or its priority. */
  async move(id: string, { to, before, priority }: Move): Promise<Job> {
    return await post(this.#transport, `/jobs/${part(id)}/move`, { to, before, priority }, jobSchema);
  }

  /** Brings the output of a completed job to a file, which appears under that name only when it is whole and right. */
  async download(id: string, path: string, options: DownloadOptions = {}): Promise<void> {
    await downloadOutput(this.#transport, id, path, options);
  }

  /** The proof of a completed job: counts, times, digests, and every check. */
  async proof(id: string): Promise<Proof> {
    return await get(this.#transport, `/jobs/${part(id)}/proof`, proofSchema);
  }
}
