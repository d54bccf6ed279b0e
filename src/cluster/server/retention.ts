// Removes the files of finished jobs when their time is over (`serve --keep`). The history of a job and its proof stay.
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { exists, removeTree } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";
import type { Job } from "../scheduler/model/job.ts";
import type { JobFolders } from "./job/job-folders.ts";
import type { JobRecord } from "./job/job-record.ts";

export interface RetentionParts {
  readonly folders: JobFolders;
  readonly log: Log;
  /** Null: for ever. */
  readonly keepMs: number | null;
  /** Jobs that ended before this moment (wall time) count as ended then. */
  readonly keepSinceMs: number;
  readonly jobs: () => Iterable<Job>;
  readonly record: (jobId: string) => JobRecord | undefined;
}

export class Retention {
  readonly #parts: RetentionParts;
  /** Already cleaned in this run of the server. */
  readonly #done = new Set<string>();

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Removes the files of jobs that ended longer than `keepMs` ago. `nowMs` is wall time, like the end of a job. */
  async sweep(nowMs: number): Promise<void> {
    const { keepMs, keepSinceMs, folders, log } = this.#parts;
    if (keepMs === null) return;
    for (const job of this.#parts.jobs()) {
      const endedMs = job.completedAt === null ? Number.NaN : Date.parse(job.completedAt);
      if (!(nowMs - Math.max(endedMs, keepSinceMs) > keepMs)) {
        this.#done.delete(job.id); // it may have been retried
        continue;
      }
      if (this.#done.has(job.id)) continue;
      this.#done.add(job.id);
      const root = folders.of(job.id).root;
      if (await removeAllBut(root, folders.of(job.id).proof))
        log.info("the files of an old job are removed", { job: job.id });
      const source = this.#parts.record(job.id)?.source;
      if (source?.kind === "uploaded") await rm(source.path, { force: true });
    }
  }
}

/** True when there was something to remove. */
async function removeAllBut(folder: string, keptFile: string): Promise<boolean> {
  if (!(await exists(folder))) return false;
  let hasRemoved = false;
  for (const name of await readdir(folder)) {
    if (name === basename(keptFile)) continue;
    await removeTree(join(folder, name));
    hasRemoved = true;
  }
  return hasRemoved;
}
