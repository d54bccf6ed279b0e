// What is asked of the lists of jobs, clients, tokens and webhooks, and what one page of them or a stream of their changes is.
// The order of a list is that of a key which an item never changes, so a page goes on behind the last one whatever was
// added in between (keyset pagination).
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

/** Keys are compared by their UTF-16 units, each item has another. `show` is called for the items of the page alone. */
export function pageOf<T, V>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  show: (item: T) => V,
  { limit, after, isDescending }: PageWanted,
): Page<V> {
  const sign = isDescending ? -1 : 1;
  const compare = (a: string, b: string) => (a === b ? 0 : a < b ? -sign : sign);
  const left: { readonly item: T; readonly key: string }[] = [];
  for (const item of items) {
    const key = keyOf(item);
    if (after === null || compare(after, key) < 0) left.push({ item, key });
  }
  left.sort((a, b) => compare(a.key, b.key));
  const page = limit === null ? left : left.slice(0, limit);
  const last = page.length < left.length ? page.at(-1) : undefined;
  return { items: page.map(({ item }) => show(item)), next: last?.key ?? null };
}

/** Of a list that only grows, at its end: the place of an item is its key. */
export function pageInOrder<T>(items: readonly T[], isWanted: (item: T) => boolean, wanted: PageWanted): Page<T> {
  const placed = items.map((item, place) => ({ item, key: String(place).padStart(12, "0") }));
  return pageOf(
    placed.filter(({ item }) => isWanted(item)),
    ({ key }) => key,
    ({ item }) => item,
    wanted,
  );
}

/** Whether one of the names has that part, which is in small letters. */
export function isNamed(part: string, names: readonly (string | undefined)[]): boolean {
  return names.some((name) => name?.toLowerCase().includes(part));
}
