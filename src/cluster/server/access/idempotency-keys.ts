// What holds for every `Idempotency-Key`, whatever is made with it.
import { AppError } from "../../../base/errors.ts";

/** What a caller names so that one request makes one thing. */
export interface KeyedRequest {
  readonly key: string;
  readonly requestSha256: string;
}

export const KEY_KEPT_MS = 24 * 3_600_000;

/** `what` was to be made: "job". */
export function usedForAnother(key: string, what: string): AppError {
  const message = `the Idempotency-Key ${JSON.stringify(key)} came with another request before`;
  return new AppError("E_IDEMPOTENCY_KEY", message, `Use a new key for each ${what}.`);
}
