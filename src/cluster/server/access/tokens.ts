// The tokens that the server knows, by the SHA-256 of each: what they are worth, how they are made, bound, rotated and
// revoked. Knows nothing of links or jobs. Who may have a key for a client is in `enrolment.ts`.
import { makeToken } from "../../../base/config/token-store.ts";
import { sha256Of } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { newId } from "../../../base/ids.ts";
import type { Principal, Role } from "../../protocol/roles.ts";
import type { CreatedTokenView, TokenView } from "../views.ts";
import type { Enrolment, KeyedToken, NewToken, Standing } from "./calls.ts";
import { freeName, hashOfProof, mayTake, requireMayEnrol, surplusKey, takenIdentity } from "./enrolment.ts";
import { cannotShow, findMade, type MadeWith, madeWith, tokenOf } from "./keyed-tokens.ts";

export interface TokenRecord {
  readonly id: string;
  /** Of all that are not revoked, each has another name. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token, which has 128 random bits, so that neither salt nor stretching is needed. */
  readonly hash: string;
  readonly clientId: string | null;
  /** SHA-256 of what its client's machine proves itself with when it asks for another key; null: nothing was said. */
  readonly proofHash: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** How it can be shown again to who asked for it with a key; null: it can't. */
  readonly made: MadeWith | null;
}

/** Where they are kept; both calls are durable when they return. */
export interface TokenStore {
  /** In the order in which they were first saved. */
  tokens(): readonly TokenRecord[];
  /** Adds it, or replaces the one of the same id. */
  saveToken(record: TokenRecord): void;
}

/** The two tokens that the server itself makes; their ids are their names. */
export const ADMIN_TOKEN = "admin";
export const JOIN_TOKEN = "join";

/** As many as there may be clients. */
const MOST_TOKENS = 10_000;

export class Tokens {
  readonly #store: TokenStore;
  readonly #now: () => string;
  readonly #byId = new Map<string, TokenRecord>();
  readonly #byHash = new Map<string, TokenRecord>();
  /** By id, of those that were shown: what is open with them ends with them. */
  readonly #ends = new Map<string, AbortController>();
  #rotation: Promise<void> = Promise.resolve();

  /** `now`: wall time, ISO 8601 in UTC. */
  constructor(store: TokenStore, now: () => string) {
    this.#store = store;
    this.#now = now;
    for (const record of store.tokens()) this.#remember(record);
  }

  #remember(record: TokenRecord): void {
    const before = this.#byId.get(record.id);
    if (before !== undefined && this.#byHash.get(before.hash)?.id === record.id) this.#byHash.delete(before.hash);
    this.#byId.set(record.id, record);
    this.#byHash.set(record.hash, record);
  }

  #save(record: TokenRecord): TokenRecord {
    this.#store.saveToken(record);
    this.#remember(record);
    return record;
  }

  /** One of the server's own, as it is this time. Errors: E_BAD_OPTION for one that was rotated away. */
  use(name: typeof ADMIN_TOKEN | typeof JOIN_TOKEN, role: Role, token: string): void {
    const hash = sha256Of(token);
    const used = this.#byHash.get(hash);
    if (used !== undefined && used.name === name && used.revokedAt !== null) throw rotatedAway();
    const known = this.#byId.get(name);
    const none = { clientId: null, proofHash: null, expiresAt: null, revokedAt: null, made: null };
    const fresh = { id: name, name, role, createdAt: this.#now(), ...none };
    if (known?.hash !== hash) this.#save({ ...fresh, hash });
    else this.#remember(known); // so that it wins over another of the same text
  }

  #stateOf({ revokedAt, expiresAt }: TokenRecord): "live" | "expired" | "revoked" {
    if (revokedAt !== null) return "revoked";
    return expiresAt !== null && expiresAt <= this.#now() ? "expired" : "live";
  }

  standingOf(token: string): Standing {
    const record = this.#byHash.get(sha256Of(token));
    if (record === undefined) return { kind: "unknown" };
    const state = this.#stateOf(record);
    return state === "live" ? { kind: "known", principal: this.#principalOf(record) } : { kind: state };
  }

  #principalOf({ id, name, role, clientId }: TokenRecord): Principal {
    const end = this.#ends.get(id) ?? new AbortController();
    this.#ends.set(id, end);
    return { tokenId: id, name, role, clientId, ended: end.signal };
  }

  #end(id: string, why: string): void {
    const end = this.#ends.get(id);
    this.#ends.delete(id);
    end?.abort(new AppError("E_TOKEN", why, "Ask an operator for a new one."));
  }

  /** Ends what is open with tokens that have expired; called at regular times. */
  endExpired(): void {
    for (const id of [...this.#ends.keys()]) {
      const record = this.#byId.get(id);
      if (record !== undefined && this.#stateOf(record) === "expired")
        this.#end(id, `the token ${record.name} has expired`);
    }
  }

  list(): TokenView[] {
    return [...this.#byId.values()].map((record) => this.#view(record));
  }

  #view(record: TokenRecord): TokenView {
    const { name, role, clientId, createdAt, expiresAt, revokedAt } = record;
    return {
      name,
      role,
      state: this.#stateOf(record),
      client_id: clientId,
      created_at: createdAt,
      expires_at: expiresAt,
      revoked_at: revokedAt,
    };
  }

  /** Errors: E_WRONG_STATE for a name in use, E_BUSY. */
  create(wanted: NewToken): CreatedTokenView {
    return this.#createOf(wanted, makeToken(), null);
  }

  /** Errors: those of create, E_IDEMPOTENCY_KEY, E_WRONG_STATE. */
  createOnce(wanted: NewToken, by: string, once: KeyedToken): { token: CreatedTokenView; isNew: boolean } {
    const known = findMade(this.#byId.values(), by, once, this.#now());
    if (known === undefined) {
      const made = madeWith(by, once);
      return { token: this.#createOf(wanted, tokenOf(made, once.secret), made), isNew: true };
    }
    const token = known.made === null ? "" : tokenOf(known.made, once.secret);
    if (sha256Of(token) !== known.hash) throw cannotShow(known.name);
    return { token: { ...this.#view(known), token }, isNew: false };
  }

  #createOf({ name, role, expiresInSeconds }: NewToken, token: string, made: MadeWith | null): CreatedTokenView {
    if (this.#takenNames().has(name)) {
      const hint = `Choose another name, or \`ffcluster token rotate ${name}\`.`;
      throw new AppError("E_WRONG_STATE", `there is a token named ${name}`, hint);
    }
    const now = this.#now();
    const expiresAt =
      expiresInSeconds === null ? null : new Date(Date.parse(now) + expiresInSeconds * 1000).toISOString();
    return this.#make({ name, role, clientId: null, proofHash: null, expiresAt, made }, token, now);
  }

  #make(
    about: Pick<TokenRecord, "name" | "role" | "clientId" | "proofHash" | "expiresAt" | "made">,
    token = makeToken(),
    createdAt = this.#now(),
  ): CreatedTokenView {
    const live = [...this.#byId.values()].filter(({ revokedAt }) => revokedAt === null);
    if (live.length >= MOST_TOKENS) {
      throw new AppError("E_BUSY", `there are ${MOST_TOKENS} tokens`, "Revoke some that are not used any more.");
    }
    const record = { id: newId(), hash: sha256Of(token), createdAt, revokedAt: null, ...about };
    return { ...this.#view(this.#save(record)), token };
  }

  #takenNames(): ReadonlySet<string> {
    return new Set([...this.#byId.values()].filter(({ revokedAt }) => revokedAt === null).map(({ name }) => name));
  }

  /** Errors: E_NOT_FOUND; E_WRONG_STATE for the server's own. */
  find(name: string): TokenRecord {
    const found = [...this.#byId.values()].findLast((record) => record.name === name && record.revokedAt === null);
    if (found !== undefined) return found;
    throw new AppError("E_NOT_FOUND", `there is no token named ${name}`, "`ffcluster token list` shows the names.");
  }

  revoke(name: string): TokenView {
    const record = this.find(name);
    if (record.id === ADMIN_TOKEN || record.id === JOIN_TOKEN) {
      const hint = `\`ffcluster token rotate ${record.id}\` puts another in its place, and makes this one worthless.`;
      throw new AppError("E_WRONG_STATE", `the server always has a token named ${record.id}`, hint);
    }
    const revoked = this.#save({ ...record, revokedAt: this.#now() });
    this.#end(record.id, `the token ${name} was revoked`);
    return this.#view(revoked);
  }

  /**
   * `keep`: keeps the new one where the next start reads it, before the old one ends; a start in between puts it in its place.
   * Errors: E_NOT_FOUND, those of `keep`.
   */
  async rotate(name: string, keep: (token: string) => Promise<void> = async () => {}): Promise<CreatedTokenView> {
    const before = this.#rotation;
    const done = Promise.withResolvers<void>();
    this.#rotation = done.promise; // one at a time, or another would be kept than counts
    await before;
    try {
      const token = makeToken();
      const { id } = this.find(name);
      await keep(token);
      const record = this.find(name);
      const at = this.#now();
      // Who starts the server with the old one again is told.
      if (id === ADMIN_TOKEN) this.#save({ ...record, id: newId(), revokedAt: at });
      const rotated = this.#save({ ...record, hash: sha256Of(token), createdAt: at });
      this.#end(id, `the token ${name} was rotated`);
      return { ...this.#view(rotated), token };
    } finally {
      done.resolve();
    }
  }

  /** Binds a client's token to the first client that uses it. False: it is another client's, or that client has a key of its own. */
  bind(tokenId: string, clientId: string, proof: string | null = null): boolean {
    const record = this.#byId.get(tokenId);
    if (record === undefined || record.role !== "client") return record?.role === "admin";
    if (record.clientId !== null) return record.clientId === clientId;
    if (!mayTake(this.#keysOf(clientId), proof)) return false;
    this.#save({ ...record, clientId, proofHash: hashOfProof(proof) });
    return true;
  }

  #keysOf(clientId: string): TokenRecord[] {
    return [...this.#byId.values()].filter((record) => record.clientId === clientId);
  }

  /** Errors: E_FORBIDDEN, E_IDENTITY_IN_USE, E_BUSY. */
  enrol(who: Principal, { clientId, name, proof }: Enrolment): string | null {
    if (who.role === "client") {
      if (this.bind(who.tokenId, clientId, proof)) return null;
      if (who.clientId === null) throw takenIdentity(clientId);
      throw new AppError("E_FORBIDDEN", `the token ${who.name} is another client's`, "Make one for each client.");
    }
    const keys = this.#keysOf(clientId);
    requireMayEnrol(who, clientId, keys, proof);
    const surplus = surplusKey(keys);
    if (surplus !== null) this.revoke(surplus.name);
    const about = { role: "client", clientId, proofHash: hashOfProof(proof), expiresAt: null, made: null } as const;
    return this.#make({ name: freeName(name, this.#takenNames()), ...about }).token;
  }

  /** Names of the live keys of each client. */
  keysByClient(): ReadonlyMap<string, readonly string[]> {
    const keys = new Map<string, string[]>();
    for (const record of this.#byId.values()) {
      if (record.clientId === null || this.#stateOf(record) !== "live") continue;
      keys.set(record.clientId, [...(keys.get(record.clientId) ?? []), record.name]);
    }
    return keys;
  }
}

function rotatedAway(): AppError {
  const hint =
    "Leave --token and FFCLUSTER_TOKEN out: WORK_DIR/token has the new one. If that file came from a backup, remove it, and the server makes another.";
  return new AppError("E_BAD_OPTION", "this admin token was rotated and is worthless", hint);
}
