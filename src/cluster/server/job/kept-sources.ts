// Sources of completed jobs that belong to the server (uploads, and files made from a source) stay for a day, so that people
// can look at the output beside them; but only while the disk has plenty of room, and they are the first to go.
import { rm } from "node:fs/promises";
import { diskRoom, exists } from "../../../base/files.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { JobFolders } from "./job-folders.ts";
import type { JobRecord } from "./job-record.ts";

const KEEP_MS = 24 * 60 * 60_000;
/** Free space that nothing of this may touch: part of the disk, and bytes. */
const SPARED_PART = 0.1;
const SPARED_BYTES = 4 * 1024 ** 3;

export interface KeptSourcesParts {
  readonly folders: JobFolders;
  readonly jobs: () => Iterable<Job>;
  readonly record: (jobId: string) => JobRecord | undefined;
}

export class KeptSources {
  readonly #parts: KeptSourcesParts;
  /** Of jobs whose sources are gone. */
  readonly #done = new Set<string>();

  constructor(parts: KeptSourcesParts) {
    this.#parts = parts;
  }

  /** The job is complete: its sources stay for a while, or go at once. */
  async release(jobId: string): Promise<void> {
    if (!(await this.#isPlenty(0))) await this.remove(jobId);
  }

  async remove(jobId: string): Promise<void> {
    const source = this.#parts.record(jobId)?.source;
    await this.#parts.folders.removeMade(jobId);
    // Any other source than an uploaded one is never touched.
    if (source?.kind === "uploaded") await rm(source.path, { force: true });
  }

  /** Makes them go where something else needs so many bytes. */
  async makeRoom(bytes: number): Promise<void> {
    if (await this.#isPlenty(bytes)) return;
    for (const job of this.#completed()) await this.#removeOnce(job.id);
  }

  /** `nowMs`: wall time. */
  async sweep(nowMs: number): Promise<void> {
    const isPlenty = await this.#isPlenty(0);
    for (const job of this.#completed()) {
      const isOld = nowMs - Date.parse(job.completedAt ?? "") > KEEP_MS;
      if (isOld || !isPlenty) await this.#removeOnce(job.id);
    }
  }

  #completed(): Job[] {
    return [...this.#parts.jobs()].filter(({ id, status }) => status === "Completed" && !this.#done.has(id));
  }

  async #removeOnce(jobId: string): Promise<void> {
    this.#done.add(jobId);
    await this.remove(jobId);
  }

  async #isPlenty(needed: number): Promise<boolean> {
    const { serverDir } = this.#parts.folders;
    if (!(await exists(serverDir))) return true;
    const { free, all } = await diskRoom(serverDir);
    return free - needed > Math.max(SPARED_BYTES, SPARED_PART * all);
  }
}
