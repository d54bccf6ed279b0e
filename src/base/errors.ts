// The one shape of errors, and the one catalogue of codes with their exit code and HTTP status (CLI contract, "JSON"). A
// code names something that a user can act on.

interface CatalogueEntry {
  readonly exit: 1 | 2 | 3 | 4 | 130;
  readonly http: number;
}

/** Every code a user can meet. Exit codes: 1 failed, 2 usage, 3 job failed, 4 server unreachable or token refused. */
export const ERROR_CATALOGUE = {
  // usage
  E_USAGE: { exit: 2, http: 400 },
  E_BAD_OPTION: { exit: 2, http: 400 },
  E_ENCODE_REQUEST: { exit: 2, http: 400 },
  E_OUTPUT_EXISTS: { exit: 2, http: 409 },
  E_OUTPUT: { exit: 1, http: 500 },
  E_CONTAINER: { exit: 2, http: 400 },
  // sources
  E_SOURCE_MISSING: { exit: 1, http: 404 },
  E_SOURCE_EMPTY: { exit: 1, http: 400 },
  E_SOURCE_REFUSED: { exit: 1, http: 400 },
  E_SOURCE_NO_VIDEO: { exit: 1, http: 400 },
  E_SOURCE_CHANGED: { exit: 1, http: 409 },
  E_NO_MEDIA_ROOT: { exit: 1, http: 403 },
  E_OUTSIDE_MEDIA_ROOT: { exit: 1, http: 403 },
  E_STORE: { exit: 1, http: 502 },
  E_NO_SPACE: { exit: 1, http: 507 },
  E_TOO_LARGE: { exit: 1, http: 413 },
  E_DIGEST: { exit: 1, http: 400 },
  E_UPLOAD_OFFSET: { exit: 1, http: 409 },
  // jobs and clients
  E_UNKNOWN_ID: { exit: 1, http: 404 },
  E_AMBIGUOUS_ID: { exit: 1, http: 404 },
  E_WRONG_STATE: { exit: 1, http: 409 },
  E_BUSY: { exit: 1, http: 503 },
  E_RATE_LIMIT: { exit: 1, http: 429 },
  E_IDEMPOTENCY_KEY: { exit: 1, http: 422 },
  E_STALE_ATTEMPT: { exit: 1, http: 409 },
  E_JOB_FAILED: { exit: 3, http: 409 },
  E_JOB_CANCELLED: { exit: 3, http: 409 },
  E_ENCODE_FAILED: { exit: 3, http: 500 },
  E_NOT_EXACT: { exit: 3, http: 500 },
  E_INDEX: { exit: 3, http: 500 },
  E_STITCH: { exit: 3, http: 500 },
  // reaching the server
  E_UNREACHABLE: { exit: 4, http: 503 },
  E_TOKEN: { exit: 4, http: 401 },
  E_FORBIDDEN: { exit: 1, http: 403 },
  E_CERTIFICATE: { exit: 4, http: 502 },
  E_PROTOCOL: { exit: 4, http: 426 },
  E_IDENTITY_IN_USE: { exit: 1, http: 409 },
  // this machine
  E_FFMPEG_MISSING: { exit: 1, http: 500 },
  E_FFMPEG_OLD: { exit: 1, http: 500 },
  E_FFMPEG_UNPROVEN: { exit: 1, http: 500 },
  E_SANDBOX: { exit: 1, http: 500 },
  E_SERVICE: { exit: 1, http: 500 },
  E_WORK_DIR_LOCKED: { exit: 1, http: 409 },
  E_WORK_DIR: { exit: 1, http: 500 },
  E_PORT: { exit: 1, http: 500 },
  E_DATABASE: { exit: 1, http: 500 },
  // bringing ffmpeg
  E_DOWNLOAD: { exit: 1, http: 502 },
  E_ARCHIVE: { exit: 1, http: 500 },
  E_NOT_FOUND: { exit: 1, http: 404 },
  E_MALFORMED: { exit: 1, http: 400 },
  E_MEDIA_TYPE: { exit: 1, http: 415 },
  E_INTERNAL: { exit: 1, http: 500 },
  E_INTERRUPTED: { exit: 130, http: 499 },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** The error object of the API and of `--json`: `{ code, message, hint }`. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

interface AppErrorOptions {
  readonly cause?: unknown;
  readonly retry?: boolean;
  readonly retryAfterSeconds?: number;
}

/** An error that a user can act on. `hint` says what to do next; `retry` says that the same call may work later. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retry: boolean;
  /** When another try may help; null: nobody knows. */
  readonly retryAfterSeconds: number | null;

  constructor(code: ErrorCode, message: string, hint: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.hint = hint;
    this.retry = options.retry ?? false;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }

  toBody(): ErrorBody {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERROR_CATALOGUE, value);
}

export function exitCodeOf(code: ErrorCode): number {
  return ERROR_CATALOGUE[code].exit;
}

export function httpStatusOf(code: ErrorCode): number {
  return ERROR_CATALOGUE[code].http;
}

/** Makes anything that was thrown presentable: an unknown error becomes E_INTERNAL with its message. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError("E_INTERNAL", message, "This is a bug in ffcluster; please report it with the log.", {
    cause: thrown,
  });
}

/** The errno string (`ENOENT`, `ENOSPC`, …) of a system error, or null. */
export function errnoOf(thrown: unknown): string | null {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && typeof thrown.code === "string") {
    return thrown.code;
  }
  return null;
}
