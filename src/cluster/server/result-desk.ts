// Takes finished segments in: fenced before and after the transfer, landed durably, then handed to the scheduler.
import { rm } from "node:fs/promises";
import { AppError, errnoOf } from "../../base/errors.ts";
import { freeBytes, landFile, tempNameFor } from "../../base/files.ts";
import { isNoSpace } from "../../base/no-space.ts";
import type { ResultReport } from "../protocol/messages.ts";
import { resultStanding } from "../scheduler/lease-rules.ts";
import type { Input, SchedulerState, Verdict } from "../scheduler/types.ts";
import { receiveToFile } from "../transfer/digest-stream.ts";
import type { JobFolders } from "./job-folders.ts";
import type { SpaceGuard } from "./space-guard.ts";

/** A slow upload shows that it gets on, far below the scheduler's patience. */
const TELL_EVERY_MS = 2000;

export interface ResultDeskParts {
  readonly folders: JobFolders;
  readonly state: () => SchedulerState;
  readonly dispatch: (input: Input) => Verdict;
  readonly space: SpaceGuard;
}

/**
 * Lands the result of an attempt. Sent twice, the second is answered as the first was.
 * Errors: E_STALE_ATTEMPT when the lease it was made under is over, E_DIGEST, E_NO_SPACE.
 */
export async function receiveResult(
  parts: ResultDeskParts,
  attemptId: string,
  report: ResultReport,
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  const standing = () => resultStanding(parts.state(), attemptId, report.clientId);
  if (standing() === "had") return;
  const attempt = parts.state().attempts.get(attemptId);
  if (attempt === undefined || standing() === "stale") throw staleAttempt(attemptId);
  const place = { jobId: attempt.jobId, segmentIndex: attempt.segmentIndex };
  const path = parts.folders.segmentFile(place.jobId, place.segmentIndex, attemptId);
  const tempPath = tempNameFor(path);
  try {
    if ((await freeBytes(parts.folders.of(place.jobId).segments)) < report.bytes) throw noSpaceForSegment();
    const onBytes = atMostEvery(TELL_EVERY_MS, () => parts.dispatch({ type: "upload-advanced", attemptId }));
    const received = await receiveToFile(body, tempPath, { expectedBytes: report.bytes, onBytes });
    if (received.sha256 !== report.sha256) {
      throw new AppError("E_DIGEST", "the segment's digest is wrong", "Send it again.", { retry: true });
    }
    // Meanwhile the job may have ended and its folder be gone, or a twin of this upload have been faster.
    if (standing() === "had") return;
    if (standing() === "stale") throw staleAttempt(attemptId);
    await landFile(tempPath, path);
    parts.space.kept(place.jobId);
  } catch (thrown) {
    if (isNoSpace(thrown)) {
      const error = parts.space.full(place.jobId, performance.now());
      if (error !== null) parts.dispatch({ type: "job-broke", jobId: place.jobId, error });
      throw noSpaceForSegment();
    }
    if (errnoOf(thrown) === "ENOENT" && standing() === "stale") throw staleAttempt(attemptId);
    throw thrown;
  } finally {
    await rm(tempPath, { force: true });
  }
  const { clientId, frames, seconds, encoder, ffmpegVersion, seamStart, seamAfterEnd, decodeErrors, videoBytes } =
    report;
  const facts = {
    ...{ frames, seconds, encoder, ffmpegVersion, seamStart, seamAfterEnd, decodeErrors },
    ...(videoBytes === undefined ? {} : { videoBytes }),
  };
  const verdict = parts.dispatch({ type: "result-landed", attemptId, clientId, place, report: facts });
  if (!verdict.ok) throw new AppError(verdict.error.code, verdict.error.message, verdict.error.hint);
}

function atMostEvery(intervalMs: number, act: () => void): () => void {
  let lastMs = performance.now();
  return () => {
    if (performance.now() - lastMs < intervalMs) return;
    lastMs = performance.now();
    act();
  };
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
