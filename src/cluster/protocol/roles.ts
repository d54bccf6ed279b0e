// Who calls the server: the roles that a token can have, and what the server knows of the holder of one.

/** Roles that an operator gives. */
export const GIVEN_ROLES = ["admin", "submit", "client", "read"] as const;
/** `enrol` is the role of the join line's token: it is only good for getting a client's own key. */
export const ROLES = [...GIVEN_ROLES, "enrol"] as const;
export type Role = (typeof ROLES)[number];

/** Whoever has shown a token. */
export interface Principal {
  /** Stays the same when the token is rotated. */
  readonly tokenId: string;
  /** The token's name. */
  readonly name: string;
  readonly role: Role;
  /** The one client that the token is for; null: none yet, or it is no client's. */
  readonly clientId: string | null;
  /** Aborted, with an E_TOKEN, when the token is revoked, rotated or expires: what goes on with it ends at once. */
  readonly ended: AbortSignal;
}
