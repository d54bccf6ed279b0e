// Receives finished segments piece by piece. Every request is fenced by the lease of its attempt; a complete result is
// stored durably and reported to the scheduler. Partial results survive cut connections and restarts while their attempt
// is still wanted.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "../../../base/errors.ts";
import { exists, freeBytes, landFile } from "../../../base/files.ts";
import { isNoSpace } from "../../../base/no-space.ts";
import type { UploadAppend, UploadState } from "../../../base/upload/resumable-upload.ts";
import type { ResultReport } from "../../protocol/messages.ts";
import type { Verdict } from "../../scheduler/model/decision.ts";
import type { Input } from "../../scheduler/model/input.ts";
import type { Attempt } from "../../scheduler/model/segment.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import { findLost } from "../../scheduler/rules/lease-reclaim.ts";
import { resultStanding } from "../../scheduler/rules/result-rules.ts";
import { PartialFile } from "../../transfer/partial-file.ts";
import { attemptOfPart, type JobFolders } from "../job/job-folders.ts";
import { requirePlannedSize } from "../job/result-bounds.ts";
import type { AttemptSecrets } from "./attempt-secrets.ts";
import type { SpaceGuard } from "./space-guard.ts";

/** How often an upload reports its progress, far more often than the scheduler's progress timeout. */
const REPORT_EVERY_MS = 2000;

export interface ResultReceiverParts {
  readonly folders: JobFolders;
  readonly state: () => SchedulerState;
  readonly dispatch: (input: Input) => Verdict;
  readonly space: SpaceGuard;
  readonly secrets: AttemptSecrets;
}

/** A result that is being uploaded. */
interface Incoming {
  readonly attemptId: string;
  readonly file: PartialFile;
  reportedAtMs: number;
  finishing: Promise<void> | null;
}

export class ResultReceiver {
  readonly #parts: ResultReceiverParts;
  /** By the path of the partial file, which names attempt and content, so that two contents never mix. */
  readonly #incoming = new Map<string, Promise<Incoming>>();
  /** Partial files that an earlier run of the server left: path → attempt. */
  readonly #left = new Map<string, string>();

  constructor(parts: ResultReceiverParts) {
    this.#parts = parts;
  }

  /**
   * How many bytes of an attempt's result have arrived. Ends a request that still appends to it.
   * Errors: E_STALE_ATTEMPT when the lease of the attempt has ended, E_FORBIDDEN without its secret.
   */
  async state(attemptId: string, report: ResultReport): Promise<UploadState> {
    const attempt = this.#wanted(attemptId, report);
    if (attempt === null) return { offset: report.bytes, isComplete: true };
    const { file, finishing } = await this.#incomingOf(attempt, report);
    if (finishing === null) await file.interrupt();
    else await finishing;
    return { offset: file.offset, isComplete: finishing !== null };
  }

  /**
   * Appends to the result of an attempt; the last piece completes it. A repeated request gets the same answer.
   * Errors: E_STALE_ATTEMPT, E_FORBIDDEN, E_TOO_LARGE, E_UPLOAD_OFFSET, E_DIGEST, E_NO_SPACE.
   */
  async append(attemptId: string, report: ResultReport, append: UploadAppend): Promise<UploadState> {
    const whole = { offset: report.bytes, isComplete: true };
    const attempt = this.#wanted(attemptId, report);
    if (attempt === null) return whole;
    const incoming = await this.#incomingOf(attempt, report);
    const { file } = incoming;
    try {
      const { segments } = this.#parts.folders.of(attempt.jobId);
      if ((await freeBytes(segments)) < report.bytes - file.offset) throw noSpaceForSegment();
      await file.append(append, { onBlock: () => this.#reportProgress(incoming) });
      // Meanwhile the job may have ended and its folder may be gone, or the same upload may have finished on another connection.
      if (this.#wanted(attemptId, report) === null) return whole;
      if (!append.isLast || file.offset < file.bytes) return { offset: file.offset, isComplete: false };
      incoming.finishing ??= this.#finish(incoming, attempt, report);
      await incoming.finishing;
      return whole;
    } catch (thrown) {
      if (isNoSpace(thrown)) throw await this.#noRoom(incoming, attempt, thrown);
      if (errnoOf(thrown) === "ENOENT") this.#wanted(attemptId, report); // the job's folder is gone
      throw thrown;
    }
  }

  /**
   * The attempt; null when its result was already received. An attempt that lost its lease because its client was silent
   * gets it back if the segment went to nobody else: an upload may resume before the client's link does.
   * Errors: E_STALE_ATTEMPT, E_FORBIDDEN, E_TOO_LARGE.
   */
  #wanted(attemptId: string, { clientId, secret, bytes }: ResultReport): Attempt | null {
    this.#parts.secrets.require(attemptId, secret);
    if (findLost(this.#parts.state(), attemptId) !== null) {
      this.#parts.dispatch({ type: "attempt-reclaimed", clientId, attemptId });
    }
    const standing = resultStanding(this.#parts.state(), attemptId, clientId);
    if (standing === "had") return null;
    const attempt = this.#parts.state().attempts.get(attemptId);
    if (attempt === undefined || standing === "stale") throw staleAttempt(attemptId);
    const job = this.#parts.state().jobs.get(attempt.jobId);
    const segment = job?.segments[attempt.segmentIndex];
    if (job !== undefined && segment !== undefined) requirePlannedSize(job, segment, bytes);
    return attempt;
  }

  /** An attempt has one result: another content takes the place of the one before. */
  async #incomingOf(attempt: Attempt, report: ResultReport): Promise<Incoming> {
    const { id: attemptId, jobId, segmentIndex } = attempt;
    const path = this.#parts.folders.segmentPart(jobId, segmentIndex, attemptId, report.sha256);
    for (const [other, opened] of [...this.#incoming]) {
      if (other === path) continue;
      const incoming = await opened.catch(() => null); // its sender gets the error
      if (incoming?.attemptId !== attemptId || incoming.finishing !== null) continue;
      this.#incoming.delete(other);
      await incoming.file.discard();
    }
    return await this.#open(attemptId, path, report.bytes);
  }

  #open(attemptId: string, path: string, bytes: number): Promise<Incoming> {
    const known = this.#incoming.get(path);
    if (known !== undefined) return known;
    const opened = PartialFile.open(path, bytes).then((file) => {
      return { attemptId, file, reportedAtMs: performance.now(), finishing: null };
    });
    this.#incoming.set(path, opened);
    opened.catch(() => this.#incoming.delete(path)); // the caller that awaits it gets the error
    return opened;
  }

  #reportProgress(incoming: Incoming): void {
    if (performance.now() - incoming.reportedAtMs < REPORT_EVERY_MS) return;
    incoming.reportedAtMs = performance.now();
    this.#parts.dispatch({ type: "upload-advanced", attemptId: incoming.attemptId });
  }

  async #finish({ file }: Incoming, attempt: Attempt, report: ResultReport): Promise<void> {
    const { id: attemptId, jobId, segmentIndex } = attempt;
    const storedFor = { jobId, segmentIndex };
    const { path } = file;
    try {
      if ((await file.sha256()) !== report.sha256) {
        await file.discard();
        throw new AppError("E_DIGEST", "the segment's digest is wrong", "Send it again.", { retry: true });
      }
      await landFile(path, this.#parts.folders.segmentFile(jobId, segmentIndex, attemptId));
    } finally {
      this.#incoming.delete(path);
    }
    this.#parts.space.stored(jobId);
    const { clientId, secret: _secret, sha256: _sha256, bytes: _bytes, ...facts } = report;
    const verdict = this.#parts.dispatch({ type: "result-landed", attemptId, clientId, storedFor, report: facts });
    if (!verdict.ok) throw new AppError(verdict.error.code, verdict.error.message, verdict.error.hint);
  }

  /** Removes the partial file to free its space; the client keeps the segment and tries again. */
  async #noRoom({ file }: Incoming, { jobId }: Attempt, thrown: unknown): Promise<unknown> {
    await file.discard();
    this.#incoming.delete(file.path);
    const error = this.#parts.space.full(jobId, performance.now());
    if (error !== null) this.#parts.dispatch({ type: "job-broke", jobId, error });
    return thrown instanceof AppError ? thrown : noSpaceForSegment();
  }

  /** At the start: finds the partial results that an earlier run of the server left for a job. */
  async restore(jobId: string): Promise<void> {
    const { segments } = this.#parts.folders.of(jobId);
    for (const name of (await exists(segments)) ? await readdir(segments) : []) {
      const attemptId = attemptOfPart(name);
      if (attemptId !== null) this.#left.set(join(segments, name), attemptId);
    }
  }

  /** Removes partial results of attempts that are no longer wanted. */
  async sweep(): Promise<void> {
    const isWanted = (attemptId: string) => {
      const state = this.#parts.state();
      return state.attempts.has(attemptId) || findLost(state, attemptId) !== null;
    };
    for (const [path, attemptId] of this.#left) {
      if (isWanted(attemptId)) continue;
      this.#left.delete(path);
      await rm(path, { force: true });
    }
    for (const [path, opened] of this.#incoming) {
      const incoming = await opened.catch(() => null); // its sender gets the error
      if (incoming === null || incoming.finishing !== null || isWanted(incoming.attemptId)) continue;
      this.#incoming.delete(path);
      await incoming.file.discard();
    }
  }
}

function staleAttempt(attemptId: string): AppError {
  return new AppError(
    "E_STALE_ATTEMPT",
    `attempt ${attemptId} is over`,
    "Drop the result: its lease has ended and the segment belongs to another attempt.",
  );
}

function noSpaceForSegment(): AppError {
  const hint = "Free some space there; the client sends the segment again.";
  return new AppError("E_NO_SPACE", "the server's work directory is full", hint, { retry: true });
}
