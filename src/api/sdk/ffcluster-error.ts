// The one error of the client library.
import { AppError, type ErrorCode } from "../../base/errors.ts";

/** What went wrong, as the server says it or as the client saw it. */
export class FfclusterError extends Error {
  /** One of docs/ERRORS.md, `E_UNREACHABLE` for example. It does not change between versions. */
  readonly code: ErrorCode;
  /** What to do next, for people. */
  readonly hint: string;
  /** The HTTP status of the server's answer; null: there was none. */
  readonly status: number | null;

  constructor(code: ErrorCode, message: string, hint: string, status: number | null = null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "FfclusterError";
    this.code = code;
    this.hint = hint;
    this.status = status;
  }
}

/** Any other error is returned as it is. */
export function asFfclusterError(thrown: unknown): unknown {
  if (!(thrown instanceof AppError)) return thrown;
  return new FfclusterError(thrown.code, thrown.message, thrown.hint, null, thrown);
}
