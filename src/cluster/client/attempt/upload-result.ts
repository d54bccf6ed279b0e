// Hands a finished segment over with a resumable upload. It goes on where it stopped across lost connections and
// restarts of the server or this client, for as long as the server wants the attempt.

import { delay } from "../../../base/clock.ts";
import { AppError, errnoOf } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { createBackoff } from "../../../base/network/backoff.ts";
import { headersOfPiece, stateOfHeaders, type UploadState } from "../../../base/upload/resumable-upload.ts";
import { sendUpload } from "../../../base/upload/send-upload.ts";
import { HEADER_REPORT, type ResultReport } from "../../protocol/messages.ts";
import type { Outbox } from "../link/outbox.ts";
import { callRemote, type Remote, readRefusal } from "../link/remote.ts";
import type { FinishedResult } from "../ports.ts";

export type UploadOutcome =
  | { readonly kind: "accepted" }
  /** The server no longer wants it. */
  | { readonly kind: "stale" }
  | { readonly kind: "failed"; readonly reason: string };

export interface UploadParts {
  readonly remote: Remote;
  readonly outbox: Outbox;
  readonly log: Log;
  readonly firstDelayMs: number;
}

const LONGEST_DELAY_MS = 15_000;
const ASK_WITHIN_MS = 20_000;
/** Refusals in a row before it fails; another try may cure one, such as bytes damaged on the way. */
const MOST_REFUSALS = 5;

/** The server refused the request. */
class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, refusal: AppError) {
    super(refusal.message);
    this.status = status;
    this.code = refusal.code;
  }
}

/** Another try is useless. */
class Ended extends Error {
  readonly outcome: UploadOutcome;

  constructor(outcome: UploadOutcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

/** Resolves with the server's decision; throws the abort reason when the attempt is stopped meanwhile. */
export async function uploadResult(
  parts: UploadParts,
  result: FinishedResult,
  signal: AbortSignal,
): Promise<UploadOutcome> {
  const { outbox, log, remote } = parts;
  const backoff = createBackoff(parts.firstDelayMs, LONGEST_DELAY_MS);
  let refusals = 0;
  const pause = async (thrown: unknown, hasAdvanced: boolean) => {
    if (hasAdvanced) {
      refusals = 0;
      backoff.reset();
    }
    const failure = failureOf(thrown);
    if (failure === "stale") throw new Ended({ kind: "stale" });
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    if (failure === "refused") refusals += 1;
    if (failure === "file" || refusals >= MOST_REFUSALS) throw new Ended({ kind: "failed", reason });
    log.debug("a result upload is tried again", { attempt: result.attemptId, reason });
    await delay(backoff.next(), signal);
    await outbox.whenUp(signal);
  };
  await outbox.whenUp(signal);
  const ask = (request: ResultRequest) => askForResult(remote, result, request, signal);
  try {
    await sendUpload(
      result.path,
      result.report.bytes,
      {
        ask: () => ask({ method: "HEAD", timeoutMs: ASK_WITHIN_MS }),
        append: (piece, timeoutMs) =>
          ask({ method: "PATCH", headers: headersOfPiece(piece), body: piece.bytes, timeoutMs }),
        pause,
      },
      { signal },
    );
    return { kind: "accepted" };
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof Ended) return thrown.outcome;
    if (errnoOf(thrown) === "ENOENT") return { kind: "failed", reason: "the finished segment is gone from this disk" };
    throw thrown;
  }
}

/** What a failure of network, server or disk means for another try; throws any other failure again. */
function failureOf(thrown: unknown): "stale" | "refused" | "file" | "passing" {
  if (thrown instanceof Refused) {
    const { status, code } = thrown;
    if (code === "E_UPLOAD_OFFSET") return "passing";
    if (status === 409 || status === 404 || status === 410) return "stale";
    // 401: the link finds out and ends the client, or the server comes back with the right token.
    return status >= 500 || status === 401 || status === 408 || status === 429 ? "passing" : "refused";
  }
  if (thrown instanceof AppError) return "file";
  if (thrown instanceof TypeError || errnoOf(thrown) !== null) return "passing";
  throw thrown;
}

interface ResultRequest {
  readonly method: "HEAD" | "PATCH";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly timeoutMs: number;
}

async function askForResult(
  remote: Remote,
  { attemptId, report }: FinishedResult,
  { method, headers, body, timeoutMs }: ResultRequest,
  signal: AbortSignal,
): Promise<UploadState> {
  const late = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await callRemote(remote, `/api/v1/attempts/${attemptId}/result`, {
      method,
      headers: { ...headers, [HEADER_REPORT]: headerJson(report) },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([signal, late]),
      timeout: false,
    });
  } catch (thrown) {
    if (late.aborted) throw new TypeError(`no answer for ${Math.round(timeoutMs / 1000)} s`, { cause: thrown });
    throw thrown;
  }
  const state = response.ok ? stateOfHeaders(response.headers) : null;
  if (state !== null) {
    await response.body?.cancel();
    return state;
  }
  const refusal = await readRefusal(response);
  throw new Refused(response.status, refusal);
}

/** JSON for an HTTP header: ASCII only, other characters as \u escapes. */
export function headerJson(report: ResultReport): string {
  return JSON.stringify(report).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
