// What is asked of the lists of jobs, clients and tokens, and what one page of them or a stream of their changes is.
import type { Role } from "../protocol/roles.ts";
import type { ClientStatus } from "../scheduler/model/client.ts";
import type { JobStatus } from "../scheduler/model/job.ts";
import type { TokenView } from "./views.ts";

/** Of a list in a stable order. */
export interface PageWanted {
  /** Null: all that is left. */
  readonly limit: number | null;
  /** The `next` of the page before; what it names need not be there any more. */
  readonly after: string | null;
  readonly isDescending: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** What the next page comes after; null: this is the last one. */
  readonly next: string | null;
}

export const WHOLE_LIST: PageWanted = { limit: null, after: null, isDescending: false };

/** Which jobs a list shows, and which page of it. */
export interface JobsWanted extends PageWanted {
  /** Null: in any state. */
  readonly statuses: readonly JobStatus[] | null;
  /** The name of the token that they were submitted with. */
  readonly owner: string | null;
  /** Part of its name or its output's, in small letters. */
  readonly name: string | null;
  /** Made at this moment or later: ISO 8601 in UTC, with milliseconds. */
  readonly since: string | null;
}

export const ALL_JOBS: JobsWanted = { ...WHOLE_LIST, statuses: null, owner: null, name: null, since: null };

export interface ClientsWanted extends PageWanted {
  readonly statuses: readonly ClientStatus[] | null;
}

export const ALL_CLIENTS: ClientsWanted = { ...WHOLE_LIST, statuses: null };

export interface TokensWanted extends PageWanted {
  readonly states: readonly TokenView["state"][] | null;
  readonly roles: readonly Role[] | null;
}

export const ALL_TOKENS: TokensWanted = { ...WHOLE_LIST, states: null, roles: null };

export type Followed = "job" | "client";

export interface FeedEvent {
  readonly id: string;
  readonly type: "snapshot" | Followed;
  /** Of a snapshot `{jobs?, clients?}`, else the view. */
  readonly data: unknown;
}

/** One reader of what changes. */
export interface Follower {
  /** Null: the reader has everything. */
  next(): FeedEvent | null;
  close(): void;
}
