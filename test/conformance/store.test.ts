// Every Store keeps the same contract, and the contract finds a store that does not.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../src/cluster/server/ports.ts";
import { openServerStore } from "../../src/db/server/server-store.ts";
import { commit } from "../support/commit.ts";
import { failingStore } from "../support/failing-store.ts";
import { MemoryDisk, MemoryStore } from "../support/memory-store.ts";
import { STORE_CONTRACT, type StoreUnderTest } from "./store-contract.ts";

function onDisk(open: (disk: MemoryDisk) => Store, nextDisk = (disk: MemoryDisk) => disk): StoreUnderTest {
  const disk = new MemoryDisk();
  return { store: open(disk), reopen: () => open(nextDisk(disk)) };
}

const memory = () => onDisk((disk) => new MemoryStore(disk));

function withSqlite(check: (subject: StoreUnderTest) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "ffcluster-conformance-"));
  let store = openServerStore(join(folder, "server.db"));
  try {
    check({
      store,
      reopen() {
        store.close();
        store = openServerStore(join(folder, "server.db"));
        return store;
      },
    });
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.each(Object.entries(STORE_CONTRACT))("%s", (_name, check) => {
  test("in memory", () => check(memory()));
  test("on SQLite", () => withSqlite(check));
});

/** A MemoryStore with some of its calls replaced. */
function changed(disk: MemoryDisk, change: (right: Store) => Partial<Store>): Store {
  const right = new MemoryStore(disk);
  const calls: Store = {
    load: () => right.load(),
    createJob: (...args) => right.createJob(...args),
    commit: (...args) => right.commit(...args),
    jobEvents: (...args) => right.jobEvents(...args),
    clientEvents: (...args) => right.clientEvents(...args),
    attempts: (jobId) => right.attempts(jobId),
    tokens: () => right.tokens(),
    saveToken: (record) => right.saveToken(record),
    webhooks: () => right.webhooks(),
    saveWebhook: (record) => right.saveWebhook(record),
    removeWebhook: (id) => right.removeWebhook(id),
    firstDeliveries: () => right.firstDeliveries(),
    saveDelivery: (delivery) => right.saveDelivery(delivery),
    giveUpDeliveries: (id) => right.giveUpDeliveries(id),
    waitingDeliveries: (id) => right.waitingDeliveries(id),
    deliveries: (of, limit, before) => right.deliveries(of, limit, before),
    sweepDeliveries: (before, most) => right.sweepDeliveries(before, most),
    appendAudit: (entries) => right.appendAudit(entries),
    auditEntries: (...args) => right.auditEntries(...args),
    close: () => right.close(),
  };
  return { ...calls, ...change(right) };
}

/** Each has one fault; `foundBy` names a check that must find it. */
const BROKEN: Readonly<Record<string, { readonly foundBy: string; readonly open: () => StoreUnderTest }>> = {
  "keeps the audit log in the wrong order": {
    foundBy: "the audit log keeps its entries in their order, apart from the history of jobs and clients",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({ auditEntries: (...args) => right.auditEntries(...args).toReversed() })),
      ),
  },
  "forgets at the end of its process": {
    foundBy: "what was committed is loaded again, to the letter",
    open: () =>
      onDisk(
        (disk) => new MemoryStore(disk),
        () => new MemoryDisk(),
      ),
  },
  "keeps the deliveries of a commit that fails": {
    foundBy: "a commit that fails leaves none of its deliveries, and so does a job that is not created",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({
          commit(previous, next, events, deliveries = []) {
            for (const delivery of deliveries) right.saveDelivery(delivery);
            commit(right, previous, next, events);
          },
        })),
      ),
  },
  "loses the deliveries of a new job": {
    foundBy: "deliveries are stored with the events of a commit, and with a new job",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({ createJob: (record, job, events) => right.createJob(record, job, events) })),
      ),
  },
  "keeps the clients of a commit that fails": {
    foundBy: "a commit that fails leaves nothing of itself",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({
          commit(previous, next, events) {
            commit(right, right.load().state, { ...right.load().state, clients: next.clients }, []);
            commit(right, previous, next, events);
          },
        })),
      ),
  },
  "keeps the events of a commit that fails": {
    foundBy: "a commit that fails leaves nothing of itself",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({
          commit(previous, next, events) {
            commit(right, previous, previous, events);
            commit(right, previous, next, []);
          },
        })),
      ),
  },
  "drops events": {
    foundBy: "events are numbered in their order, in the next process too, and read from a number on",
    open: () => onDisk((disk) => changed(disk, (right) => ({ commit: (a, b) => commit(right, a, b, []) }))),
  },
  "keeps what only a running server knows": {
    foundBy: "what only a running server knows is not kept",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => {
          let state = right.load().state;
          return {
            load: () => ({ ...right.load(), state }),
            commit(previous, next, events) {
              commit(right, previous, next, events);
              state = next;
            },
          };
        }),
      ),
  },
  "overwrites a job that is there already": {
    foundBy: "a job is created once: a second job of its id is an error and changes nothing",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({
          createJob(record, job, events) {
            const { [job.id]: _old, ...jobs } = Object.fromEntries(disk.content.jobs);
            disk.content = { ...disk.content, jobs: new Map(Object.entries(jobs)) };
            right.createJob(record, job, events);
          },
        })),
      ),
  },
  "never removes a segment": {
    foundBy: "a job keeps only the segments of its last list",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({
          commit(previous, next, events) {
            const jobs = [...next.jobs].map(([id, job]) => {
              const gone = previous.jobs.get(id)?.segments.slice(job.segments.length) ?? [];
              return [id, { ...job, segments: [...job.segments, ...gone] }] as const;
            });
            commit(right, previous, { ...next, jobs: new Map(jobs) }, events);
          },
        })),
      ),
  },
  "never ends an attempt": {
    foundBy: "an attempt that ended is history with its outcome, and no longer live",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({
          commit: (previous, next, events) =>
            commit(right, previous, { ...next, attempts: new Map([...previous.attempts, ...next.attempts]) }, events),
        })),
      ),
  },
  "takes a lease for an outcome": {
    foundBy: "a lease is no outcome",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({
          commit: (previous, next, events) =>
            commit(
              right,
              previous,
              next,
              events.map((event) => (event.type === "lease-renewed" ? { ...event, type: "segment-retry" } : event)),
            ),
        })),
      ),
  },
  "hands out an event again": {
    foundBy: "events are numbered in their order, in the next process too, and read from a number on",
    open: () =>
      onDisk((disk) => changed(disk, (right) => ({ jobEvents: (id, afterSeq) => right.jobEvents(id, afterSeq - 1) }))),
  },
  "lists a client's events backwards": {
    foundBy: "a client's history is its latest events, the oldest of them first",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({ clientEvents: (id, limit) => right.clientEvents(id, limit).reverse() })),
      ),
  },
  "lists a client's first events instead of its latest": {
    foundBy: "a client's history is its latest events, the oldest of them first",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({ clientEvents: (id, limit) => right.clientEvents(id, 1000).slice(0, limit) })),
      ),
  },
  "mixes the attempts of several jobs": {
    foundBy: "attempts are listed in the order in which they began, each with its own job",
    open: () =>
      onDisk((disk) =>
        changed(disk, (right) => ({
          attempts: () => [...right.load().state.jobs.keys()].flatMap((id) => right.attempts(id)),
        })),
      ),
  },
  "numbers its events from 1 in every process": {
    foundBy: "events are numbered in their order, in the next process too, and read from a number on",
    open: () =>
      onDisk((disk) => {
        const before = disk.content.events.length;
        return changed(disk, (right) => ({
          jobEvents: (id, afterSeq) =>
            right
              .jobEvents(id, afterSeq)
              .map((each) => (each.seq > before ? { ...each, seq: each.seq - before } : each)),
        }));
      }),
  },
};

function failedBy(open: () => StoreUnderTest): string[] {
  const failed = Object.entries(STORE_CONTRACT).filter(([, check]) => {
    try {
      check(open());
      return false;
    } catch {
      return true; // by an expectation, or by the store itself
    }
  });
  return failed.map(([name]) => name);
}

test.each(Object.entries(BROKEN))("a store that %s is found", (_fault, { foundBy, open }) => {
  expect(failedBy(open)).toContain(foundBy);
});

test("a store that always fails passes no check", () => {
  expect(failedBy(() => ({ store: failingStore(), reopen: () => failingStore() }))).toEqual(
    Object.keys(STORE_CONTRACT),
  );
});
