// The subtitles that a job draws, as files that clients fetch: made once, when the first client needs them, with their
// digest. An uploaded subtitle file is converted when its job is created.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { exists } from "../../../base/files.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import {
  convertUpload,
  extractSubtitles,
  MOST_SIDE_FILE_BYTES,
  wantedSubtitles,
} from "../../../media/subtitles/burn-in-files.ts";
import type { JobFolders } from "../job/job-folders.ts";
import type { JobRecord, SourceRecord } from "../job/job-record.ts";
import type { BurnInFile } from "../ports.ts";

const UPLOAD = "upload.mkv";

export interface SubtitledJob {
  readonly record: JobRecord;
  readonly signal: AbortSignal;
  /** Where the source is read. */
  readonly sourcePath: () => Promise<string>;
}

export class SubtitleFiles {
  readonly #tools: Tools;
  readonly #folders: JobFolders;
  readonly #made = new Map<string, Promise<readonly BurnInFile[]>>();

  constructor(tools: Tools, folders: JobFolders) {
    this.#tools = tools;
    this.#folders = folders;
  }

  /** Errors: those of convertUpload. */
  async takeUpload(jobId: string, upload: SourceRecord): Promise<void> {
    await convertUpload(this.#tools, upload, join(this.#folders.of(jobId).burnIn, UPLOAD));
  }

  /** Before a job goes on. Errors: E_SOURCE_MISSING where its uploaded subtitles were removed with its other files. */
  async requireUpload({ jobId, request }: JobRecord): Promise<void> {
    if (!wantedSubtitles(request).some(({ from }) => from === "upload")) return;
    if (await exists(join(this.#folders.of(jobId).burnIn, UPLOAD))) return;
    const message = `the subtitle file of job ${jobId} is no longer there`;
    throw new AppError("E_SOURCE_MISSING", message, "Its upload was removed; submit the job again.");
  }

  /** One for each `subtitles` filter, in order. A failure reaches all callers that wait; the next call tries again. */
  of(job: SubtitledJob): Promise<readonly BurnInFile[]> {
    const { jobId } = job.record;
    const known = this.#made.get(jobId);
    if (known !== undefined) return known;
    const making = this.#make(job);
    this.#made.set(jobId, making);
    making.catch(() => this.#made.delete(jobId));
    return making;
  }

  forget(jobId: string): void {
    this.#made.delete(jobId);
  }

  async #make({ record, signal, sourcePath }: SubtitledJob): Promise<readonly BurnInFile[]> {
    const { jobId, request, info } = record;
    const files: BurnInFile[] = [];
    for (const wanted of wantedSubtitles(request)) {
      const name = wanted.from === "upload" ? UPLOAD : `track-${wanted.track}.mkv`;
      const path = join(this.#folders.of(jobId).burnIn, name);
      if (!(await exists(path))) {
        if (wanted.from === "upload") throw lost(jobId);
        await extractSubtitles(this.#tools, { path: await sourcePath(), info }, wanted.track, path, signal);
      }
      const bytes = (await stat(path)).size;
      if (bytes > MOST_SIDE_FILE_BYTES) throw tooLarge(bytes);
      files.push({ path, bytes, sha256: await sha256OfFile(path, 0, undefined, signal) });
    }
    return files;
  }
}

function lost(jobId: string): AppError {
  const hint = "Something else writes to the work directory. Submit the job again.";
  return new AppError("E_SOURCE_MISSING", `the subtitle file of job ${jobId} is gone`, hint);
}

function tooLarge(bytes: number): AppError {
  const hint = "Give the subtitles as a file of their own with --subtitles.";
  return new AppError("E_TOO_LARGE", `the subtitles and fonts of the source have ${bytes} bytes`, hint);
}
