// The contract of the Store port (src/cluster/server/ports.ts) as checks that any implementation must pass.
import { expect } from "bun:test";
import type { Job } from "../../src/cluster/scheduler/model/job.ts";
import type { Segment } from "../../src/cluster/scheduler/model/segment.ts";
import type { Store } from "../../src/cluster/server/ports.ts";
import { commit } from "../support/commit.ts";
import { attempt, client, empty, event, job, record, segment, stateOf } from "./store-states.fixture.ts";
import { WEBHOOK_CONTRACT } from "./webhook-contract.ts";

export interface StoreUnderTest {
  /** A new store. */
  readonly store: Store;
  /** Closes it, and opens what it kept as the next process would. */
  reopen(): Store;
}

/** The store, then what the next process finds of it. */
function* nowAndNext({ store, reopen }: StoreUnderTest) {
  yield store;
  yield reopen();
}

/** One lease on one segment of one job, committed. */
function withLease(store: Store) {
  store.createJob(record, job, []);
  const leased = stateOf([{ ...job, segments: [segment] }], [client], [attempt]);
  commit(store, stateOf([job]), leased, []);
  return leased;
}

export const STORE_CONTRACT: Readonly<Record<string, (subject: StoreUnderTest) => void>> = {
  ...WEBHOOK_CONTRACT,

  "a new store is empty, and knows no history of ids that it never saw": ({ store }) => {
    expect(store.load()).toEqual({ state: empty, records: new Map() });
    expect([store.jobEvents("j1", 0), store.clientEvents("c1", 9), store.attempts("j1")]).toEqual([[], [], []]);
    expect(store.tokens()).toEqual([]);
  },

  "tokens are kept in the order in which they came; the same id is the same token, changed": (subject) => {
    const { store } = subject;
    const token = {
      id: "t1",
      name: "nas",
      role: "client",
      hash: "0".repeat(64),
      clientId: null,
      createdAt: "2026-01-01T00:00:00.000Z",
      expiresAt: "2026-02-01T00:00:00.000Z",
      proofHash: null,
      revokedAt: null,
      made: { by: "admin", key: "k", requestSha256: "3".repeat(64), salt: "4".repeat(64) },
    } as const;
    const other = { ...token, made: null, id: "t0", name: "join", role: "enrol", expiresAt: null } as const;
    store.saveToken(token);
    store.saveToken(other);
    const changed = {
      ...token,
      hash: "1".repeat(64),
      clientId: "c1",
      proofHash: "2".repeat(64),
      revokedAt: "2026-01-02T00:00:00.000Z",
    };
    store.saveToken(changed);
    for (const each of nowAndNext(subject)) expect(each.tokens()).toEqual([changed, other]);
  },

  "a job is created with its record and its events": (subject) => {
    const { store } = subject;
    store.createJob(record, job, [event("job-status", "→ Queued", { attemptId: null })]);
    for (const each of nowAndNext(subject)) {
      expect(each.load()).toEqual({ state: stateOf([job]), records: new Map([["j1", record]]) });
      expect(each.jobEvents("j1", 0)).toMatchObject([{ type: "job-status", detail: "→ Queued", job_id: "j1" }]);
    }
  },

  "a job is created once: a second job of its id is an error and changes nothing": ({ store }) => {
    store.createJob(record, job, []);
    const other = { ...record, requestText: "other" };
    expect(() => store.createJob(other, { ...job, fileName: "other" }, [event("job-status", "again")])).toThrow();
    expect(store.load()).toEqual({ state: stateOf([job]), records: new Map([["j1", record]]) });
    expect(store.jobEvents("j1", 0)).toEqual([]);
  },

  "the audit log keeps its entries in their order, apart from the history of jobs and clients": (subject) => {
    const { store } = subject;
    store.createJob(record, job, []);
    const about = { token: "t", token_id: "1", role: "admin", client_id: "c1", address: "::1", times: 1 } as const;
    const entries = ["j1", null, "x"].map((object) => {
      return { at: "2026-01-01T00:00:00.000Z", action: "job-cancel", ...about, object, result: "ok" };
    });
    store.appendAudit(entries.slice(0, 2));
    store.appendAudit(entries.slice(2));
    for (const each of nowAndNext(subject)) {
      const rows = each.auditEntries(9, null);
      expect(rows.map(({ seq: _, ...entry }) => entry)).toEqual(entries);
      expect(rows.map(({ seq }) => seq)).toEqual([...new Set(rows.map(({ seq }) => seq))].sort((a, b) => a - b));
      expect(each.auditEntries(2, null)).toEqual(rows.slice(1));
      expect(each.auditEntries(1, rows[2]?.seq ?? 0)).toEqual(rows.slice(1, 2));
      expect([each.jobEvents("j1", 0), each.clientEvents("c1", 9)]).toEqual([[], []]);
    }
  },

  "jobs come in the order of their creation": (subject) => {
    const { store } = subject;
    const ids = ["j2", "j3", "j1"];
    for (const [at, id] of ids.entries()) {
      store.createJob({ ...record, jobId: id }, { ...job, id, createdAt: `2026-01-0${at + 1}T00:00:00.000Z` }, []);
    }
    for (const each of nowAndNext(subject)) expect([...each.load().state.jobs.keys()]).toEqual(ids);
  },

  "what was committed is loaded again, to the letter": (subject) => {
    const { store } = subject;
    store.createJob(record, job, []);
    const done: Segment = {
      ...segment,
      index: 1,
      phase: { kind: "pending", notBefore: 0, lost: { ...attempt, id: "a0" } },
      rate: { measuredBits: 5, targetBits: 9_000_000_000, slackBits: 7 },
    };
    const changed: Job = {
      ...job,
      status: "Processing",
      startedAt: "2026-01-01T00:00:03.000Z",
      completedAt: "2026-01-01T00:00:04.000Z",
      error: { code: "E_STITCH", message: "m", hint: "h" },
      encoder: "libx265",
      family: "vaapi",
      split: { mode: "whole", reason: "timestamps jump back" },
      text: { draws: ["drawtext"], print: "p" },
      totalFrames: 96,
      cursorPts: 96_096,
      audio: "running",
      countsUnreliable: true,
      output: { name: "o.mp4", bytes: 9, sha256: "s" },
      segments: [segment, done],
    };
    const next = stateOf([changed], [client, { ...client, id: "c2", quarantine: null, performance: null }], [attempt]);
    commit(store, stateOf([job]), next, []);
    for (const each of nowAndNext(subject))
      expect(each.load()).toEqual({ state: next, records: new Map([["j1", record]]) });
  },

  "the bit rate that a job must have is kept": (subject) => {
    const { store } = subject;
    const rated: Job = { ...job, rate: { bitrate: 800_000, maxrate: null, bufsize: null } };
    store.createJob(record, rated, []);
    for (const each of nowAndNext(subject)) expect(each.load().state).toEqual(stateOf([rated]));
  },

  "what only a running server knows is not kept": (subject) => {
    const { store } = subject;
    const leased = withLease(store);
    const live = stateOf(
      [
        {
          ...job,
          gops: [{ startPts: 0, endPts: 9, frames: 9, framesUpTo: 9 }],
          indexComplete: true,
          aloneSince: 7,
          unfit: [{ clientId: "c1", encoder: "libx264", reason: "r" }],
          segments: [{ ...segment, lostOn: ["c1"], mismatches: [{ clientId: "c1", leadIn: 0 }] }],
          totalFrames: 9,
        },
      ],
      [{ ...client, link: 3, lastHeardAt: 9, pools: { software: 2 }, isLinkDown: true, noRoom: "full", slots: 3 }],
      [{ ...attempt, leaseEndsAt: 9, stage: "encoding", framesDone: 5, fps: 2, startedAt: 1, progressedAt: 8 }],
    );
    commit(store, leased, live, []);
    const rest = stateOf([{ ...job, segments: [segment], totalFrames: 9 }], [{ ...client, slots: 3 }], [attempt]);
    for (const each of nowAndNext(subject)) expect(each.load().state).toEqual(rest);
  },

  "a waiting time means nothing to the next process": ({ store }) => {
    store.createJob(record, job, []);
    const waits: Segment = { ...segment, phase: { kind: "pending", notBefore: 4711 } };
    commit(store, stateOf([job]), stateOf([{ ...job, segments: [waits] }]), []);
    const ready: Segment = { ...segment, phase: { kind: "pending", notBefore: 0 } };
    expect(store.load().state).toEqual(stateOf([{ ...job, segments: [ready] }]));
  },

  "a commit that fails leaves nothing of itself": (subject) => {
    const { store } = subject;
    const leased = withLease(store);
    const strange = { ...attempt, id: "a2", jobId: "never created" };
    const next = stateOf(
      [{ ...job, status: "Processing", segments: [segment, { ...segment, index: 1 }] }],
      [
        { ...client, name: "renamed" },
        { ...client, id: "c2" },
      ],
      [strange],
    );
    expect(() => commit(store, leased, next, [event("lease-lost", "of the first")])).toThrow();
    for (const each of nowAndNext(subject)) {
      expect(each.load().state).toEqual(leased);
      expect(each.jobEvents("j1", 0)).toEqual([]);
      expect(each.attempts("j1")).toMatchObject([{ attempt_id: "a1", outcome: null, ended_at: null }]);
    }
  },

  "a job keeps only the segments of its last list": (subject) => {
    const { store } = subject;
    store.createJob(record, job, []);
    const split = stateOf([{ ...job, segments: [segment, { ...segment, index: 1 }, { ...segment, index: 2 }] }]);
    commit(store, stateOf([job]), split, []);
    const whole = stateOf([{ ...job, segments: [{ ...segment, endPts: 999 }] }]);
    commit(store, split, whole, []);
    for (const each of nowAndNext(subject)) expect(each.load().state).toEqual(whole);
  },

  "a client stays known when a state no longer names it": ({ store }) => {
    const leased = withLease(store);
    commit(store, leased, stateOf([...leased.jobs.values()], [], [attempt]), []);
    expect([...store.load().state.clients.keys()]).toEqual(["c1"]);
  },

  "an attempt that ended is history with its outcome, and no longer live": (subject) => {
    const { store } = subject;
    const leased = withLease(store);
    const events = [event("segment-retry", "at first"), event("lease-lost", "node-1 was silent")];
    commit(store, leased, stateOf([...leased.jobs.values()], [client]), events);
    for (const each of nowAndNext(subject)) {
      expect(each.load().state.attempts.size).toBe(0);
      expect(each.attempts("j1")).toMatchObject([
        { attempt_id: "a1", client_id: "c1", segment_index: 0, outcome: "lease-lost", reason: "node-1 was silent" },
      ]);
      expect(each.attempts("j1")[0]?.ended_at).toEqual(expect.any(String));
    }
  },

  "a lease is no outcome": ({ store }) => {
    const leased = withLease(store);
    commit(store, leased, leased, [event("segment-leased", "to node-1"), event("lease-renewed", "by node-1")]);
    expect(store.attempts("j1")).toMatchObject([{ outcome: null, reason: null, ended_at: null }]);
  },

  "an attempt that was lost and lives again goes on in its own entry": (subject) => {
    const { store } = subject;
    const leased = withLease(store);
    const [first] = store.attempts("j1");
    const lost = stateOf([...leased.jobs.values()], [client]);
    commit(store, leased, lost, [event("lease-lost", "node-1 was silent")]);
    commit(store, lost, leased, [event("lease-renewed", "node-1 came back with it")]);
    for (const each of nowAndNext(subject)) {
      expect(each.load().state).toEqual(leased);
      expect(each.attempts("j1")).toEqual(first === undefined ? [] : [first]);
    }
  },

  "attempts are listed in the order in which they began, each with its own job": (subject) => {
    const { store } = subject;
    const leased = withLease(store);
    store.createJob({ ...record, jobId: "j2" }, { ...job, id: "j2" }, []);
    const other = { ...attempt, id: "b1", jobId: "j2" };
    const more = stateOf(
      [...leased.jobs.values(), { ...job, id: "j2" }],
      [client],
      [attempt, other, { ...attempt, id: "a0" }],
    );
    commit(store, leased, more, []);
    for (const each of nowAndNext(subject)) {
      expect(each.attempts("j1").map(({ attempt_id }) => attempt_id)).toEqual(["a1", "a0"]);
      expect(each.attempts("j2").map(({ attempt_id }) => attempt_id)).toEqual(["b1"]);
    }
  },

  "events are numbered in their order, in the next process too, and read from a number on": ({ store, reopen }) => {
    store.createJob(record, job, [event("job-status", "1")]);
    commit(store, stateOf([job]), stateOf([job]), [event("segment-leased", "2"), event("lease-lost", "3")]);
    const again = reopen();
    commit(again, stateOf([job]), stateOf([job]), [
      event("segment-leased", "4"),
      event("job-status", "x", { jobId: "j2" }),
    ]);
    const events = again.jobEvents("j1", 0);
    expect(events.map(({ detail }) => detail)).toEqual(["1", "2", "3", "4"]);
    const numbers = events.map(({ seq }) => seq);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(again.jobEvents("j1", numbers[1] ?? 0).map(({ detail }) => detail)).toEqual(["3", "4"]);
    const ids = { job_id: "j1", client_id: "c1", segment_index: 0, attempt_id: "a1" };
    const { at } = event("job-status", "1");
    expect(events[0]).toEqual({ seq: numbers[0] ?? 0, at, type: "job-status", ...ids, detail: "1" });
  },

  "a client's history is its latest events, the oldest of them first": (subject) => {
    const { store } = subject;
    const details = ["1", "2", "3", "4"];
    const events = details.flatMap((detail) => [
      event("client-status", detail),
      event("job-status", detail, { clientId: "c2" }),
    ]);
    commit(store, empty, empty, events);
    for (const each of nowAndNext(subject)) {
      expect(each.clientEvents("c1", 3).map(({ detail }) => detail)).toEqual(["2", "3", "4"]);
      expect(each.clientEvents("c1", 9).map(({ detail }) => detail)).toEqual(details);
    }
  },
};
