import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../../base/digest.ts";
import type { Client } from "../../cluster/scheduler/model/client.ts";
import type { SchedulerEvent } from "../../cluster/scheduler/model/decision.ts";
import type { Job } from "../../cluster/scheduler/model/job.ts";
import type { Attempt, Segment } from "../../cluster/scheduler/model/segment.ts";
import type { SchedulerState } from "../../cluster/scheduler/model/state.ts";
import type { JobRecord } from "../../cluster/server/ports.ts";
import { openServerStore } from "./server-store.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-store-"));
  path = join(folder, "server.db");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const segment: Segment = {
  index: 0,
  startPts: -9,
  endPts: 96_096,
  frames: 96,
  phase: { kind: "leased", attemptIds: ["a1"] },
  leadIn: 0,
  failures: 1,
  losses: 2,
  attempts: 4,
  failedOn: ["c9"],
  notes: ["decoded with a lead-in"],
};

const SEAMS = { seamStart: null, seamAfterEnd: null };

const job: Job = {
  id: "j1",
  fileName: "we'ird näme.mp4",
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  completedAt: null,
  status: "Queued",
  error: null,
  settings: { requiredClients: 1, benchmarkSeconds: 10, maxRetries: 3, retryDelayMs: 5000, maxSegmentSeconds: null },
  encoder: "libx264",
  family: "software",
  split: { mode: "keyframes" },
  timeBase: { num: 1, den: 90_000 },
  durationSeconds: 62.3,
  frameRate: 25,
  gops: [],
  indexComplete: false,
  totalFrames: null,
  cursorPts: null,
  segments: [],
  audio: "none",
  aloneSince: null,
  countsUnreliable: false,
  output: null,
};

const client: Client = {
  id: "c1",
  name: "node-1",
  status: "Idle",
  connectedAt: "2026-01-01T00:00:01.000Z",
  link: 0,
  slots: 2,
  platform: "linux-x64",
  ffmpeg: "5.1.9",
  version: "0.1.0",
  encoders: ["libx264"],
  families: ["software"],
  benchmarkSeconds: null,
  lastHeardAt: 0,
  slotFps: { j1: 91.5 },
  performance: 183,
  instance: "i1",
  isDraining: true,
  isPaused: true,
  quarantine: "failed",
  encoderRates: { libx264: 25_123_456.7, h264_nvenc: 4e8 },
};

const attempt: Attempt = {
  id: "a1",
  jobId: "j1",
  segmentIndex: 0,
  clientId: "c1",
  leadIn: 0,
  encoder: "h264_nvenc",
  isBenchmark: true,
  leaseEndsAt: 0,
  stage: "queued",
  framesDone: 0,
  fps: 0,
  progressedAt: 0,
  startedAt: 0,
};

/** The store keeps a record as it is; which fields it has is the server's business. */
const record = { jobId: "j1", requestText: "-c:v libx264" } as JobRecord;

const empty: SchedulerState = { jobs: new Map(), clients: new Map(), attempts: new Map() };

function stateOf(jobs: Job[], clients: Client[], attempts: Attempt[]): SchedulerState {
  const byId = <T extends { id: string }>(items: T[]) => new Map(items.map((item) => [item.id, item]));
  return { jobs: byId(jobs), clients: byId(clients), attempts: byId(attempts) };
}

function event(type: SchedulerEvent["type"], detail: string): SchedulerEvent {
  return {
    at: "2026-01-01T00:00:02.000Z",
    type,
    jobId: "j1",
    clientId: "c1",
    segmentIndex: 0,
    attemptId: "a1",
    detail,
  };
}

test("what was committed is loaded again, to the letter", () => {
  const store = openServerStore(path);
  store.createJob(record, job, []);
  const before = stateOf([job], [], []);
  const leased = { ...job, status: "Benchmarking" as const, cursorPts: 96_096, segments: [segment] };
  const next = stateOf([leased], [client], [attempt]);
  store.commit(empty, before, []);
  store.commit(before, next, [event("segment-leased", "to node-1")]);
  store.close();

  const again = openServerStore(path);
  const loaded = again.load();
  expect(loaded.state).toEqual(next);
  expect(loaded.records.get("j1")).toEqual(record);
  expect(again.jobEvents("j1", 0)).toMatchObject([{ seq: 1, type: "segment-leased", detail: "to node-1" }]);
  again.close();
});

test("what two passes know is kept: the rate asked of the job, each segment's bits", () => {
  const store = openServerStore(path);
  const rated: Job = { ...job, rate: { bitrate: 800_000, maxrate: null, bufsize: null } };
  const measured: Segment = { ...segment, phase: { kind: "measured" }, rate: { measuredBits: 1_234_567 } };
  const shared: Segment = {
    ...segment,
    index: 1,
    phase: { kind: "pending", notBefore: 0 },
    rate: { measuredBits: 5, targetBits: 9_000_000_000, slackBits: 7 },
  };
  store.createJob(record, rated, []);
  const next = stateOf([{ ...rated, segments: [measured, shared] }], [], []);
  store.commit(stateOf([rated], [], []), next, []);
  store.close();
  const again = openServerStore(path);
  expect(again.load().state).toEqual(next);
  again.close();
});

test("a job that turns out not to be splittable keeps its one segment only", () => {
  const store = openServerStore(path);
  store.createJob(record, job, []);
  const split = stateOf([{ ...job, segments: [segment, { ...segment, index: 1 }, { ...segment, index: 2 }] }], [], []);
  store.commit(stateOf([job], [], []), split, []);
  const whole = {
    ...job,
    split: { mode: "whole" as const, reason: "timestamps jump back" },
    segments: [{ ...segment, endPts: 999 }],
  };
  store.commit(split, stateOf([whole], [], []), []);
  expect(store.load().state.jobs.get("j1")).toEqual(whole);
  store.close();
});

test("an attempt that ended is history with its outcome, and no longer live", () => {
  const store = openServerStore(path);
  store.createJob(record, job, []);
  const live = stateOf([{ ...job, segments: [segment] }], [client], [attempt]);
  store.commit(stateOf([job], [], []), live, []);
  store.commit(live, stateOf([...live.jobs.values()], [client], []), [event("lease-lost", "node-1 was silent")]);
  expect(store.load().state.attempts.size).toBe(0);
  expect(store.attempts("j1")).toMatchObject([
    { attempt_id: "a1", outcome: "lease-lost", reason: "node-1 was silent" },
  ]);
  store.close();
});

test("an attempt that was lost and is taken up again goes on in its row; who may come back with it is kept", () => {
  const store = openServerStore(path);
  store.createJob(record, job, []);
  const live = stateOf([{ ...job, segments: [segment] }], [client], [attempt]);
  store.commit(stateOf([job], [], []), live, []);
  const waiting: Segment = { ...segment, phase: { kind: "pending", notBefore: 0, lost: attempt } };
  const lost = stateOf([{ ...job, segments: [waiting] }], [client], []);
  store.commit(live, lost, [event("lease-lost", "node-1 was silent")]);
  expect(store.load().state).toEqual(lost);
  store.commit(lost, live, [event("lease-renewed", "node-1 came back with it")]);
  expect(store.load().state).toEqual(live);
  expect(store.attempts("j1")).toMatchObject([{ attempt_id: "a1", outcome: null, reason: null, ended_at: null }]);
  expect(store.jobEvents("j1", 0).map(({ type }) => type)).toEqual(["lease-lost", "lease-renewed"]);
  store.close();
});

test("a lead-in from the beginning and speculative attempts are stored as earlier versions did", () => {
  const store = openServerStore(path);
  store.createJob(record, job, []);
  const longest = { ...attempt, leadIn: "beginning" as const };
  const report = { frames: 96, seconds: 1, encoder: "libx264", ffmpegVersion: "5.1", decodeErrors: [] };
  const landed = { attemptId: "a0", clientId: "c1", clientName: "node-1", report: { ...report, ...SEAMS } };
  const segments: Segment[] = [
    { ...segment, phase: { kind: "verifying", landed, speculative: ["a1"] }, leadIn: "beginning" },
    { ...segment, index: 1, phase: { kind: "pending", notBefore: 0, lost: { ...longest, id: "a2", segmentIndex: 1 } } },
  ];
  const state = stateOf([{ ...job, segments }], [client], [longest]);
  store.commit(stateOf([job], [], []), state, []);
  expect(store.load().state).toEqual(state);
  const database = new Database(path, { readonly: true });
  const [first, second] = database
    .query<{ lead_in: number; phase: string }, []>("SELECT lead_in, phase FROM segments ORDER BY idx")
    .all();
  expect(first?.lead_in).toBe(1_000_000_000);
  expect(JSON.parse(first?.phase ?? "")).toMatchObject({ kind: "verifying", rivals: ["a1"] });
  expect(JSON.parse(second?.phase ?? "")).toMatchObject({ kind: "pending", lost: { leadIn: 1_000_000_000 } });
  expect(database.query<{ lead_in: number }, []>("SELECT lead_in FROM attempts").get()?.lead_in).toBe(1_000_000_000);
  database.close();
  store.close();
});

test("only what differs is written: liveness and progress touch nothing", () => {
  const store = openServerStore(path);
  store.createJob(record, job, []);
  const state = stateOf([{ ...job, segments: [segment] }], [client], [attempt]);
  store.commit(stateOf([job], [], []), state, []);
  const watcher = new Database(path, { readonly: true });
  const version = () => watcher.query<{ data_version: number }, []>("PRAGMA data_version").get()?.data_version;
  const before = version();
  const heard = stateOf(
    [...state.jobs.values()],
    [{ ...client, lastHeardAt: 99 }],
    [{ ...attempt, framesDone: 50, leaseEndsAt: 7 }],
  );
  store.commit(state, heard, []);
  expect(version()).toBe(before);
  store.commit(heard, stateOf([...state.jobs.values()], [{ ...client, status: "Processing" }], [attempt]), []);
  expect(version()).not.toBe(before);
  watcher.close();
  store.close();
});

test("a database of a newer program is refused and left alone", () => {
  openServerStore(path).close();
  const newer = new Database(path);
  newer.run("PRAGMA user_version = 999");
  newer.close();
  expect(() => openServerStore(path)).toThrow(/schema 999/);
  const untouched = new Database(path, { readonly: true });
  expect(untouched.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version).toBe(999);
  untouched.close();
});

test("a damaged database is refused with what to do, never overwritten", async () => {
  const garbage = "this is no database ".repeat(500);
  await writeFile(path, garbage);
  expect(() => openServerStore(path)).toThrow(/cannot open the database/);
  expect(await Bun.file(path).text()).toBe(garbage);
});

test("a database that is damaged in its midst is refused, too, and left as it is", async () => {
  const store = openServerStore(path);
  store.createJob(record, job, []);
  store.close();
  const bytes = await Bun.file(path).bytes();
  bytes.fill(0xa5, 4096 * 2, 4096 * 4);
  await writeFile(path, bytes);
  expect(() => openServerStore(path)).toThrow(/damaged|malformed/);
  expect(sha256Of(await Bun.file(path).bytes())).toBe(sha256Of(bytes));
});
