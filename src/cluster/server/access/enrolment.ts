// Who may have a key for a client's id, and what the key is called. Pure.
import { sha256Of } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import type { Principal } from "../../protocol/roles.ts";
import type { TokenRecord } from "./tokens.ts";

/** A client that reaches the server under several addresses has a key for each. */
const MOST_KEYS_OF_CLIENT = 8;
const LONGEST_NAME = 64;

type Key = Pick<TokenRecord, "name" | "revokedAt" | "proofHash">;

/** Null: nothing was said. */
export function hashOfProof(proof: string | null): string | null {
  return proof === null ? null : sha256Of(proof);
}

function currentOf(keys: readonly Key[]): readonly Key[] {
  return keys.filter(({ revokedAt }) => revokedAt === null);
}

/** The oldest of a client's keys, where it has as many as it may; null: there is room for another. */
export function surplusKey(keys: readonly Key[]): Key | null {
  const current = currentOf(keys);
  return current.length < MOST_KEYS_OF_CLIENT ? null : (current[0] ?? null);
}

/**
 * Whoever knows an id is not its client: where the id has a key, the machine that got it must prove that it is the same.
 * `keys`: all that the id ever had.
 */
export function mayTake(keys: readonly Key[], proof: string | null): boolean {
  const current = currentOf(keys);
  return current.length === 0 || (proof !== null && current.some(({ proofHash }) => proofHash === hashOfProof(proof)));
}

/** An admin's token gets a key for every id. Errors: E_FORBIDDEN for one that is locked out, E_IDENTITY_IN_USE. */
export function requireMayEnrol(who: Principal, clientId: string, keys: readonly Key[], proof: string | null): void {
  if (who.role === "admin") return;
  if (keys.length > 0 && currentOf(keys).length === 0) {
    const hint = "An operator has locked it out; joining with an admin's token lets it in again.";
    throw new AppError("E_FORBIDDEN", `the key of client ${clientId} was revoked`, hint);
  }
  if (!mayTake(keys, proof)) throw takenIdentity(clientId);
}

export function takenIdentity(clientId: string): AppError {
  const hint =
    "Join with an admin's token if this is the same machine, and its keys.json was lost; as another client with a work directory of its own.";
  return new AppError("E_IDENTITY_IN_USE", `client ${clientId} has a key that this machine does not hold`, hint);
}

/** The client's own name, made unlike all others, in characters that a shell takes. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const stem = wanted.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "") || "client";
  const short = stem.slice(0, LONGEST_NAME - 8);
  for (let number = 1; ; number++) {
    const name = number === 1 ? short : `${short}-${number}`;
    if (!taken.has(name)) return name;
  }
}
