// Hands a finished segment over: tried again across lost connections for as long as the attempt is wanted.
import { delay } from "../../base/clock.ts";
import { AppError, errnoOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { HEADER_REPORT, type ResultReport } from "../protocol/messages.ts";
import { uploadFile } from "../transfer/digest-stream.ts";
import { createBackoff } from "./backoff.ts";
import type { Outbox } from "./outbox.ts";
import type { FinishedResult } from "./ports.ts";
import { type Remote, readRefusal } from "./remote.ts";

export type UploadOutcome =
  | { readonly kind: "accepted" }
  /** The server wants it no more. */
  | { readonly kind: "stale" }
  | { readonly kind: "failed"; readonly reason: string };

export interface UploadParts {
  readonly remote: Remote;
  readonly outbox: Outbox;
  readonly log: Log;
  readonly firstDelayMs: number;
}

const LONGEST_DELAY_MS = 15_000;
/** Refusals that another try may cure once or twice, such as bytes damaged on the way. */
const MOST_REFUSALS = 3;

/** Ends with the server's answer; throws the abort reason when the attempt is stopped meanwhile. */
export async function uploadResult(
  parts: UploadParts,
  result: FinishedResult,
  signal: AbortSignal,
): Promise<UploadOutcome> {
  const backoff = createBackoff(parts.firstDelayMs, LONGEST_DELAY_MS);
  for (let refusals = 0; ; ) {
    await parts.outbox.whenUp(signal);
    const answer = await tryUpload(parts.remote, result, signal);
    if (answer.kind === "retry") {
      parts.log.debug("a result upload is tried again", { attempt: result.attemptId, reason: answer.reason });
    } else if (answer.kind === "refused") {
      refusals += 1;
      if (refusals >= MOST_REFUSALS) return { kind: "failed", reason: answer.reason };
    } else {
      return answer;
    }
    await delay(backoff.next(), signal);
    signal.throwIfAborted();
  }
}

type Answer =
  | UploadOutcome
  | { readonly kind: "retry"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

async function tryUpload(remote: Remote, result: FinishedResult, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await uploadFile(`${remote.serverUrl}/api/v1/attempts/${result.attemptId}/result`, result.path, {
      token: remote.token,
      headers: { [HEADER_REPORT]: headerJson(result.report) },
      signal,
    });
    if (response.ok) return { kind: "accepted" };
    const { status } = response;
    const refusal = await readRefusal(response);
    if (status === 409 || status === 404 || status === 410) return { kind: "stale" };
    // 401: the link finds out and ends the client, or the server comes back with the right token.
    const mayPass = status >= 500 || status === 401 || status === 408 || status === 429;
    return { kind: mayPass ? "retry" : "refused", reason: refusal.message };
  } catch (thrown) {
    signal.throwIfAborted();
    if (errnoOf(thrown) === "ENOENT") return { kind: "failed", reason: "the finished segment is gone from this disk" };
    if (thrown instanceof AppError && thrown.retry) return { kind: "retry", reason: thrown.message };
    if (thrown instanceof TypeError || errnoOf(thrown) !== null) return { kind: "retry", reason: String(thrown) };
    throw thrown;
  }
}

/** JSON that a header may carry: ASCII only, the rest as \u escapes. */
export function headerJson(report: ResultReport): string {
  return JSON.stringify(report).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
