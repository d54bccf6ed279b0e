// What has changed among jobs and clients, for those who follow all of them. Of each only its last change is remembered, so
// the memory is bounded by what there is, a reader that went away for a while misses no state, and a slow one gets the
// newest view of each instead of a growing queue.

import { newId } from "../../base/ids.ts";
import type { Principal } from "../protocol/roles.ts";
import type { Changes } from "../scheduler/model/changes.ts";
import { openJobs } from "../scheduler/model/open-jobs.ts";
import type { SchedulerState } from "../scheduler/model/state.ts";
import type { FeedEvent, Followed, Follower } from "./lists.ts";
import type { ClientView, JobView } from "./views.ts";

/** Progress comes many times a second. */
const LOOK_EVERY_MS = 200;

export interface FeedParts {
  jobIds(): Iterable<string>;
  /** Null: there is none. */
  jobView(id: string): JobView | null;
  /** For several at once. */
  clientViewer(): (id: string) => ClientView | null;
  clientViews(): readonly ClientView[];
  maySeeJob(who: Principal, id: string): boolean;
}

interface Reader {
  readonly follows: readonly Followed[];
  readonly who: Principal;
  readonly onChange: () => void;
  /** Keys of what it has not got, by the number of their last change, ascending. Null: it needs a snapshot. */
  pending: Map<string, number> | null;
}

const keyOf = (what: Followed, id: string): string => `${what} ${id}`;

function parse(key: string): { readonly what: Followed; readonly id: string } {
  return { what: key.startsWith("job ") ? "job" : "client", id: key.slice(key.indexOf(" ") + 1) };
}

export class ChangeFeed {
  readonly #parts: FeedParts;
  /** Numbers of another run of the server say nothing here. */
  readonly #run = newId().slice(0, 8);
  #latest = 0;
  /** By key, in the order of the numbers. */
  readonly #changes = new Map<string, number>();
  readonly #texts = new Map<string, string>();
  readonly #touched = new Set<string>();
  readonly #readers = new Set<Reader>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** It may look different now. */
  touch(what: Followed, id: string): void {
    this.#touched.add(keyOf(what, id));
    this.#timer ??= setTimeout(() => this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#readers.clear();
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  /** `lastId`: that of the last event the caller has; null, or one that is not known: it begins with a snapshot. */
  follow(follows: readonly Followed[], who: Principal, lastId: string | null, onChange: () => void): Follower {
    const reader: Reader = { follows, who, onChange, pending: null };
    const from = this.#numberOf(lastId);
    if (from !== null) {
      reader.pending = new Map();
      for (const [key, number] of this.#changes) if (number > from) this.#hand(reader, key, number);
    }
    this.#readers.add(reader);
    return { next: () => this.#next(reader), close: () => void this.#readers.delete(reader) };
  }

  #numberOf(id: string | null): number | null {
    const [, run, digits] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(id ?? "") ?? [];
    return run === this.#run && Number(digits) <= this.#latest ? Number(digits) : null;
  }

  #look(): void {
    this.#timer = null;
    const touched = [...this.#touched];
    this.#touched.clear();
    const viewOf = this.#viewer();
    for (const key of touched) {
      // While nobody reads, it is not looked at: it counts as changed.
      const text = this.#readers.size === 0 ? null : JSON.stringify(viewOf(key));
      if (text !== null && text === this.#texts.get(key)) continue;
      if (text === null) this.#texts.delete(key);
      else this.#texts.set(key, text);
      this.#latest += 1;
      this.#changes.delete(key);
      this.#changes.set(key, this.#latest);
      for (const reader of this.#readers) this.#hand(reader, key, this.#latest);
    }
    for (const reader of this.#readers) if (reader.pending === null || reader.pending.size > 0) reader.onChange();
  }

  #viewer(): (key: string) => JobView | ClientView | null {
    const clientView = this.#parts.clientViewer();
    return (key) => {
      const { what, id } = parse(key);
      return what === "job" ? this.#parts.jobView(id) : clientView(id);
    };
  }

  #hand({ follows, who, pending }: Reader, key: string, number: number): void {
    const { what, id } = parse(key);
    if (pending === null || !follows.includes(what)) return;
    if (what === "job" && !this.#parts.maySeeJob(who, id)) return;
    pending.delete(key);
    pending.set(key, number);
  }

  #next(reader: Reader): FeedEvent | null {
    if (reader.pending === null) {
      reader.pending = new Map();
      return { id: `${this.#run}-${this.#latest}`, type: "snapshot", data: this.#snapshot(reader) };
    }
    for (const [key, number] of reader.pending) {
      reader.pending.delete(key);
      const data = this.#viewer()(key);
      if (data !== null) return { id: `${this.#run}-${number}`, type: parse(key).what, data };
    }
    return null;
  }

  #snapshot({ follows, who }: Reader) {
    const parts = this.#parts;
    const jobs = () =>
      [...parts.jobIds()].filter((id) => parts.maySeeJob(who, id)).flatMap((id) => parts.jobView(id) ?? []);
    return {
      ...(follows.includes("job") ? { jobs: jobs() } : {}),
      ...(follows.includes("client") ? { clients: parts.clientViews() } : {}),
    };
  }
}

/** After each commit. */
export function touchChanged(feed: ChangeFeed, before: SchedulerState, after: SchedulerState, changes: Changes): void {
  for (const id of changes.clients) feed.touch("client", id);
  for (const id of changes.jobs) feed.touch("job", id);
  if (isOtherCluster(before, after, changes)) for (const id of openJobs(after.jobs).keys()) feed.touch("job", id);
  for (const id of changes.attempts) {
    const attempt = after.attempts.get(id) ?? before.attempts.get(id);
    if (attempt === undefined) continue;
    feed.touch("job", attempt.jobId);
    feed.touch("client", attempt.clientId);
  }
}

/** A client has another status, so how many could work on a job may differ. */
function isOtherCluster(before: SchedulerState, after: SchedulerState, { clients }: Changes): boolean {
  for (const id of clients) if (before.clients.get(id)?.status !== after.clients.get(id)?.status) return true;
  return false;
}
