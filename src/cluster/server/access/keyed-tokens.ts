// Tokens that were asked for with an `Idempotency-Key`: asked for twice, made once, and shown again. Such a token is made of
// the caller's own token, which the server keeps nowhere, and of a salt, which only the server knows.
import { createHmac, randomBytes } from "node:crypto";
import { AppError } from "../../../base/errors.ts";
import type { KeyedToken } from "./calls.ts";
import { KEY_KEPT_MS, usedForAnother } from "./idempotency-keys.ts";
import type { TokenRecord } from "./tokens.ts";

/** As many as of a token that is drawn by lot: 128 bits. */
const HEX_DIGITS = 32;

/** Kept with the token that was made. */
export interface MadeWith {
  /** Id of the caller's token. */
  readonly by: string;
  readonly key: string;
  readonly requestSha256: string;
  readonly salt: string;
}

export function madeWith(by: string, { key, requestSha256 }: KeyedToken): MadeWith {
  return { by, key, requestSha256, salt: randomBytes(32).toString("hex") };
}

export function tokenOf({ by, key, salt }: MadeWith, secret: string): string {
  const about = JSON.stringify(["ffcluster token", by, key, salt]);
  return createHmac("sha256", secret).update(about).digest("hex").slice(0, HEX_DIGITS);
}

/** The token that was made with the key; undefined: none was, or more than a day ago. Errors: E_IDEMPOTENCY_KEY. */
export function findMade(
  records: Iterable<TokenRecord>,
  by: string,
  { key, requestSha256 }: KeyedToken,
  now: string,
): TokenRecord | undefined {
  const isIt = ({ made, createdAt }: TokenRecord) =>
    made?.by === by && made.key === key && Date.parse(now) - Date.parse(createdAt) <= KEY_KEPT_MS;
  const found = [...records].findLast(isIt);
  if (found === undefined || found.made?.requestSha256 === requestSha256) return found;
  throw usedForAnother(key, "token");
}

export function cannotShow(name: string): AppError {
  const hint = `\`ffcluster token rotate ${name}\` makes another in its place.`;
  return new AppError("E_WRONG_STATE", `the token ${name}, or yours, was rotated since it was made`, hint);
}
