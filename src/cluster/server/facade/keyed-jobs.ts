// Jobs that are submitted with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): asked for twice, made once.
// The key is part of the job's record, so it is stored with the job or not at all, and is known after a restart.
import type { Principal } from "../../protocol/roles.ts";
import { KEY_KEPT_MS, usedForAnother } from "../access/idempotency-keys.ts";
import type { Idempotency, JobRecord } from "../job/job-record.ts";
import type { JobView } from "../views.ts";

/** What a JobRegistry knows of the jobs that were made. */
interface MadeJobs {
  madeWith(tokenId: string, key: string): JobRecord | undefined;
  view(jobId: string): JobView;
}

interface Making {
  readonly requestSha256: string;
  readonly job: Promise<JobView>;
}

export class KeyedJobs {
  readonly #made: MadeJobs;
  readonly #nowMs: () => number;
  /** By owner and key. */
  readonly #making = new Map<string, Making>();

  constructor(made: MadeJobs, nowMs: () => number = Date.now) {
    this.#made = made;
    this.#nowMs = nowMs;
  }

  /** Errors: E_IDEMPOTENCY_KEY; those of `create`, after which the key is free again. */
  async make({ tokenId }: Principal, { key, requestSha256 }: Idempotency, create: () => Promise<JobView>) {
    const name = `${tokenId} ${key}`;
    const known = this.#making.get(name) ?? this.#find(tokenId, key);
    if (known !== null) {
      if (known.requestSha256 !== requestSha256) throw usedForAnother(key, "job");
      return { job: await known.job, isNew: false };
    }
    const making = { requestSha256, job: create() };
    this.#making.set(name, making);
    try {
      return { job: await making.job, isNew: true };
    } finally {
      this.#making.delete(name);
    }
  }

  #find(tokenId: string, key: string): Making | null {
    const record = this.#made.madeWith(tokenId, key);
    if (record?.idempotency === undefined) return null;
    const job = this.#made.view(record.jobId);
    if (this.#nowMs() - Date.parse(job.created_at) > KEY_KEPT_MS) return null;
    return { requestSha256: record.idempotency.requestSha256, job: Promise.resolve(job) };
  }
}
