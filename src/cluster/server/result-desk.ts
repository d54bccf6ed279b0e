// Takes finished segments in: fenced before and after the transfer, landed durably, then handed to the scheduler.
import { rm } from "node:fs/promises";
import { AppError, type ErrorBody, errnoOf } from "../../base/errors.ts";
import { landFile, tempNameFor } from "../../base/files.ts";
import type { ResultReport } from "../protocol/messages.ts";
import type { Input, SchedulerState, Segment, Verdict } from "../scheduler/types.ts";
import { receiveToFile } from "../transfer/digest-stream.ts";
import type { JobFolders } from "./job-folders.ts";

export interface ResultDeskParts {
  readonly folders: JobFolders;
  readonly state: () => SchedulerState;
  readonly dispatch: (input: Input) => Verdict;
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
  const attempt = parts.state().attempts.get(attemptId);
  if (attempt === undefined || attempt.clientId !== report.clientId) {
    if (isLanded(parts.state(), attemptId, report.clientId)) return;
    throw staleAttempt(attemptId);
  }
  const path = parts.folders.segmentFile(attempt.jobId, attempt.segmentIndex, attemptId);
  const tempPath = tempNameFor(path);
  try {
    const received = await receiveToFile(body, tempPath, { expectedBytes: report.bytes });
    if (received.sha256 !== report.sha256) {
      throw new AppError("E_DIGEST", "the segment's digest is wrong", "Send it again.", { retry: true });
    }
    // The job may have ended, and its folder gone, while the bytes came in.
    if (!parts.state().attempts.has(attemptId)) throw staleAttempt(attemptId);
    await landFile(tempPath, path);
  } catch (thrown) {
    await rm(tempPath, { force: true });
    if (isLanded(parts.state(), attemptId, report.clientId)) return; // a twin of this upload was faster
    if (errnoOf(thrown) === "ENOENT" && !parts.state().attempts.has(attemptId)) throw staleAttempt(attemptId);
    if (errnoOf(thrown) === "ENOSPC") throw noSpaceForSegment();
    throw thrown;
  }
  const { frames, seconds, encoder, ffmpegVersion, seamStart, seamAfterEnd, decodeErrors } = report;
  const verdict = parts.dispatch({
    type: "result-landed",
    attemptId,
    clientId: report.clientId,
    report: { frames, seconds, encoder, ffmpegVersion, seamStart, seamAfterEnd, decodeErrors },
  });
  if (!verdict.ok && !isLanded(parts.state(), attemptId, report.clientId)) throw toError(verdict.error);
}

/** Whether a segment's phase already holds this very result. */
function isLanded(state: SchedulerState, attemptId: string, clientId: string): boolean {
  for (const job of state.jobs.values()) {
    for (const segment of job.segments) {
      const landed = landedOf(segment);
      if (landed?.attemptId === attemptId && landed.clientId === clientId) return true;
    }
  }
  return false;
}

function landedOf(segment: Segment) {
  return segment.phase.kind === "pending" || segment.phase.kind === "leased" ? null : segment.phase.landed;
}

function staleAttempt(attemptId: string): AppError {
  return new AppError(
    "E_STALE_ATTEMPT",
    `attempt ${attemptId} is over`,
    "Drop the result: its lease has ended and the segment is somebody else's.",
  );
}

function noSpaceForSegment(): AppError {
  return new AppError(
    "E_NO_SPACE",
    "the server's work directory is full",
    "Free some space there; the client sends the segment again.",
    { retry: true },
  );
}

function toError(body: ErrorBody): AppError {
  return new AppError(body.code, body.message, body.hint);
}
