// Takes finished segments in, piece by piece: fenced at every request by the lease they were made under, landed durably
// once they are whole, then handed to the scheduler. What has come of one stays over cut connections and restarts for
// as long as its attempt is wanted.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "../../../base/errors.ts";
import { exists, freeBytes, landFile } from "../../../base/files.ts";
import { isNoSpace } from "../../../base/no-space.ts";
import type { UploadAppend, UploadState } from "../../../base/resumable-upload.ts";
import type { ResultReport } from "../../protocol/messages.ts";
import type { Verdict } from "../../scheduler/model/decision.ts";
import type { Input } from "../../scheduler/model/input.ts";
import type { Attempt } from "../../scheduler/model/segment.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import { findLost } from "../../scheduler/rules/lease-reclaim.ts";
import { resultStanding } from "../../scheduler/rules/lease-rules.ts";
import { PartialFile } from "../../transfer/partial-file.ts";
import { attemptOfPart, type JobFolders } from "../job/job-folders.ts";
import type { SpaceGuard } from "./space-guard.ts";

/** A slow upload shows that it gets on, far below the scheduler's patience. */
const TELL_EVERY_MS = 2000;

export interface ResultReceiverParts {
  readonly folders: JobFolders;
  readonly state: () => SchedulerState;
  readonly dispatch: (input: Input) => Verdict;
  readonly space: SpaceGuard;
}

/** A result on its way in. */
interface Incoming {
  readonly attemptId: string;
  readonly file: PartialFile;
  toldAtMs: number;
  finishing: Promise<void> | null;
}

export class ResultReceiver {
  readonly #parts: ResultReceiverParts;
  /** By the path of the partial file: attempt and content, so that no two contents ever mix. */
  readonly #incoming = new Map<string, Promise<Incoming>>();
  /** Partial files of a server before this one: by path, their attempts. */
  readonly #left = new Map<string, string>();

  constructor(parts: ResultReceiverParts) {
    this.#parts = parts;
  }

  /**
   * How far the result of an attempt is; a request that still appends to it is ended.
   * Errors: E_STALE_ATTEMPT when the lease it was made under is over.
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
   * Appends to the result of an attempt, and lands it with the last piece. Sent again, it is answered as it was.
   * Errors: E_STALE_ATTEMPT, E_UPLOAD_OFFSET, E_DIGEST, E_NO_SPACE.
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
      await file.append(append, { onBlock: () => this.#tell(incoming) });
      // Meanwhile the job may have ended and its folder be gone, or a twin of this upload have been faster.
      if (this.#wanted(attemptId, report) === null) return whole;
      if (!append.isLast || file.offset < file.bytes) return { offset: file.offset, isComplete: false };
      incoming.finishing ??= this.#finish(incoming, attempt, report);
      await incoming.finishing;
      return whole;
    } catch (thrown) {
      if (isNoSpace(thrown)) throw await this.#noRoom(incoming, attempt, thrown);
      if (errnoOf(thrown) === "ENOENT") this.#wanted(attemptId, report); // the job's folder has gone
      throw thrown;
    }
  }

  /**
   * The attempt; null when its result was taken already. One that a silence cost its lease gets it back where nobody else
   * has the segment: its client may be heard here before its link is back. Errors: E_STALE_ATTEMPT.
   */
  #wanted(attemptId: string, { clientId }: ResultReport): Attempt | null {
    if (findLost(this.#parts.state(), attemptId) !== null) {
      this.#parts.dispatch({ type: "attempt-reclaimed", clientId, attemptId });
    }
    const standing = resultStanding(this.#parts.state(), attemptId, clientId);
    if (standing === "had") return null;
    const attempt = this.#parts.state().attempts.get(attemptId);
    if (attempt === undefined || standing === "stale") throw staleAttempt(attemptId);
    return attempt;
  }

  #incomingOf({ id: attemptId, jobId, segmentIndex }: Attempt, report: ResultReport): Promise<Incoming> {
    const path = this.#parts.folders.segmentPart(jobId, segmentIndex, attemptId, report.sha256);
    const known = this.#incoming.get(path);
    if (known !== undefined) return known;
    const opened = PartialFile.open(path, report.bytes).then((file) => {
      return { attemptId, file, toldAtMs: performance.now(), finishing: null };
    });
    this.#incoming.set(path, opened);
    opened.catch(() => this.#incoming.delete(path)); // whoever waits for it gets the error
    return opened;
  }

  #tell(incoming: Incoming): void {
    if (performance.now() - incoming.toldAtMs < TELL_EVERY_MS) return;
    incoming.toldAtMs = performance.now();
    this.#parts.dispatch({ type: "upload-advanced", attemptId: incoming.attemptId });
  }

  async #finish({ file }: Incoming, attempt: Attempt, report: ResultReport): Promise<void> {
    const { id: attemptId, jobId, segmentIndex } = attempt;
    const place = { jobId, segmentIndex };
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
    this.#parts.space.kept(jobId);
    const { clientId, sha256: _sha256, bytes: _bytes, ...facts } = report;
    const verdict = this.#parts.dispatch({ type: "result-landed", attemptId, clientId, place, report: facts });
    if (!verdict.ok) throw new AppError(verdict.error.code, verdict.error.message, verdict.error.hint);
  }

  /** What was half written makes room; the client keeps the segment and tries again. */
  async #noRoom({ file }: Incoming, { jobId }: Attempt, thrown: unknown): Promise<unknown> {
    await file.discard();
    this.#incoming.delete(file.path);
    const error = this.#parts.space.full(jobId, performance.now());
    if (error !== null) this.#parts.dispatch({ type: "job-broke", jobId, error });
    return thrown instanceof AppError ? thrown : noSpaceForSegment();
  }

  /** At the start: the partial results that a server before this one left for a job. */
  async restore(jobId: string): Promise<void> {
    const { segments } = this.#parts.folders.of(jobId);
    for (const name of (await exists(segments)) ? await readdir(segments) : []) {
      const attemptId = attemptOfPart(name);
      if (attemptId !== null) this.#left.set(join(segments, name), attemptId);
    }
  }

  /** Removes what came of results that nobody waits for any more. */
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
      const incoming = await opened.catch(() => null); // told to whoever sends it
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
    "Drop the result: its lease has ended and the segment is somebody else's.",
  );
}

function noSpaceForSegment(): AppError {
  const hint = "Free some space there; the client sends the segment again.";
  return new AppError("E_NO_SPACE", "the server's work directory is full", hint, { retry: true });
}
