// The part of the coordinator's contract about access: who holds a token, what a caller may reach, and the tokens themselves.
import type { Principal, Role } from "../../protocol/roles.ts";
import type { Page, TokensWanted } from "../lists.ts";
import type { CreatedTokenView, TokenView } from "../views.ts";

/** What a token is worth now. */
export type Standing =
  | { readonly kind: "known"; readonly principal: Principal }
  | { readonly kind: "unknown" | "expired" | "revoked" };

/** What a client reads or writes only while it has a lease for it. */
export type Leased = { readonly sourceId: string } | { readonly jobId: string };

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  /** Null: it never expires. */
  readonly expiresInSeconds: number | null;
}

/** What a token is made of that can be shown again, so that nobody needs to keep it. */
export interface KeyedToken {
  /** The caller's name for the request. */
  readonly key: string;
  readonly requestSha256: string;
  /** The caller's own token. */
  readonly secret: string;
}

export interface Enrolment {
  readonly clientId: string;
  /** By which people know this client. */
  readonly name: string;
  /** What only that client's machine can say; null: nothing. */
  readonly proof: string | null;
}

export interface AccessCalls {
  /** Tokens are found by their digest, so the time it takes tells nothing of another token. */
  standingOf(token: string): Standing;
  /**
   * The whole id of a job that the caller may see: `submit` sees its own jobs.
   * Errors: E_UNKNOWN_ID, also for the job of another; E_AMBIGUOUS_ID.
   */
  visibleJob(who: Principal, id: string): string;
  /** Errors: E_UNKNOWN_ID for an upload or source of another, when the caller's role is `submit`. */
  requireOwnSource(who: Principal, sourceId: string): void;
  /** Errors: E_STALE_ATTEMPT when the caller is a client without a live attempt on that job. */
  requireLease(who: Principal, what: Leased): void;

  /** The token of the join line, in clear: it only enrols. */
  joinToken(): string;
  /** In the order in which they were first made. */
  listTokens(wanted: TokensWanted): Page<TokenView>;
  /** The token itself is in this answer and nowhere else. Errors: E_WRONG_STATE for a name in use, E_BUSY. */
  createToken(wanted: NewToken): CreatedTokenView;
  /**
   * As createToken, but a second call with the same key of the same caller within a day gives the same token again, also
   * after a restart. Errors: those of createToken; E_IDEMPOTENCY_KEY where something else was asked with the key;
   * E_WRONG_STATE when it can't be shown again, because it, or the caller's own, was rotated since.
   */
  createTokenOnce(wanted: NewToken, who: Principal, once: KeyedToken): { token: CreatedTokenView; isNew: boolean };
  /** Ends the links that were opened with it and their leases. Errors: E_NOT_FOUND, E_WRONG_STATE. */
  revokeToken(name: string): TokenView;
  /** A new token under the same name; the old one ends as if revoked. Errors: E_NOT_FOUND. */
  rotateToken(name: string): Promise<CreatedTokenView>;
  /**
   * A key for one client. Null: the caller's token is that client's key already.
   * Errors: E_FORBIDDEN for a client that was revoked, and for a token that is another client's; E_IDENTITY_IN_USE for a
   * client that has a key, and a caller that neither proves to be its machine nor is an admin.
   */
  enrolClient(who: Principal, enrolment: Enrolment): string | null;
}
