import { expect, test } from "bun:test";
import { failingStore } from "../../../test/support/failing-store.ts";
import { MemoryStore } from "../../../test/support/memory-store.ts";
import { silentLog } from "../../base/log.ts";
import { emptyState } from "../scheduler/decide.ts";
import type { Effect } from "../scheduler/model/decision.ts";
import { Engine } from "./engine.ts";
import type { JobRecord } from "./job/job-record.ts";

const CLIENT = "0b0e3c4e-0000-4000-8000-000000000001";

const HELLO = {
  id: CLIENT,
  instance: "i1",
  name: "node",
  slots: 1,
  platform: "linux-x64",
  ffmpeg: "5.1",
  version: "0.1.0",
  link: 1,
  encoders: ["libx264"],
  families: ["software"],
  benchmarkSeconds: null,
  heldAttempts: [],
};

function engineWithClient() {
  let now = 1000;
  const effects: Effect[] = [];
  const engine = new Engine(emptyState, {
    store: new MemoryStore(),
    clock: { monotonicMs: () => now, nowIso: () => "2026-01-01T00:00:00.000Z" },
    log: silentLog,
    perform: (effect) => effects.push(effect),
    outbox: () => [],
    onCommitted() {},
    onBroken(cause) {
      throw cause;
    },
  });
  engine.dispatch({
    type: "client-hello",
    client: HELLO,
  });
  const tick = (ms: number) => {
    now += ms;
    engine.dispatch({ type: "tick" });
    return engine.state.clients.get(CLIENT)?.status;
  };
  return { tick, effects };
}

test("a server that did not run for a minute takes no client for silent", () => {
  const { tick, effects } = engineWithClient();
  expect(tick(60_000)).toBe("Connected");
  expect(effects.map((effect) => effect.type)).not.toContain("close-client");
});

test("a client that is silent while the server runs is dropped after a lease time", () => {
  const { tick } = engineWithClient();
  let status: string | undefined;
  for (let passed = 0; passed < 14_750; passed += 250) status = tick(250);
  expect(status).toBe("Connected");
  for (let passed = 0; passed < 500; passed += 250) status = tick(250);
  expect(status).toBe("Disconnected");
});

test("the wall clock may jump an hour, forth and back: leases and silence go by the other clock", () => {
  let now = 1000;
  const store = new MemoryStore();
  let wallMs = Date.parse("2026-01-01T12:00:00.000Z");
  const engine = new Engine(emptyState, {
    store,
    clock: { monotonicMs: () => now, nowIso: () => new Date(wallMs).toISOString() },
    log: silentLog,
    perform() {},
    outbox: () => [],
    onCommitted() {},
    onBroken(cause) {
      throw cause;
    },
  });
  const facts = {
    id: CLIENT,
    instance: "i1",
    name: "node",
    slots: 1,
    platform: "linux-x64",
    ffmpeg: "5.1",
    version: "1",
  };
  const client = { ...facts, link: 1, encoders: ["libx264"], families: [], benchmarkSeconds: null, heldAttempts: [] };
  engine.dispatch({ type: "client-hello", client });
  const job = {
    id: "job",
    fileName: "a.mp4",
    encoder: "libx264",
    family: "software" as const,
    timeBase: { num: 1, den: 25 },
    settings: { requiredClients: 1, benchmarkSeconds: 1, maxRetries: 1, retryDelayMs: 0, maxSegmentSeconds: null },
    split: { mode: "keyframes" as const },
    durationSeconds: null,
    frameRate: 25,
    hasSoundWork: false,
  };
  engine.submit({ type: "job-submitted", job }, (next, events) => {
    const created = next.jobs.get("job");
    if (created !== undefined) store.createJob({ jobId: "job" } as JobRecord, created, events);
  });
  engine.dispatch({ type: "index-advanced", jobId: "job", gops: [{ startPts: 0, endPts: 25, frames: 25 }] });
  engine.dispatch({ type: "index-finished", jobId: "job", totalFrames: 25 });
  const [leased] = engine.state.attempts.keys();
  expect(leased).toBeDefined();
  for (const jumpMs of [3_600_000, -3_600_000, -3_600_000, 3_600_000]) {
    wallMs += jumpMs;
    now += 1000;
    engine.dispatch({ type: "tick" });
    expect([...engine.state.attempts.keys()]).toEqual([leased ?? ""]);
    expect(engine.state.clients.get(CLIENT)?.status).not.toBe("Disconnected");
  }
  // The right clock does end it.
  for (let seconds = 0; seconds < 20; seconds++) {
    now += 1000;
    engine.dispatch({ type: "tick" });
  }
  expect(engine.state.attempts.size).toBe(0);
  expect(engine.state.clients.get(CLIENT)?.status).toBe("Disconnected");
});

test("what can't be kept doesn't happen: the server is told to stop, and no effect is carried out", () => {
  const effects: Effect[] = [];
  const causes: unknown[] = [];
  const engine = new Engine(emptyState, {
    store: failingStore(),
    clock: { monotonicMs: () => 0, nowIso: () => "2026-01-01T00:00:00.000Z" },
    log: silentLog,
    perform: (effect) => effects.push(effect),
    outbox: () => [],
    onCommitted() {
      throw new Error("nothing was committed");
    },
    onBroken: (cause) => causes.push(cause),
  });
  const hello = () => engine.dispatch({ type: "client-hello", client: HELLO });
  expect(hello).toThrow("the disk is full");
  expect({ effects, causes: causes.length, clients: engine.state.clients.size }).toEqual({
    effects: [],
    causes: 1,
    clients: 0,
  });
  expect(hello()).toEqual({ ok: true }); // stopped: it does nothing more
  expect(causes).toHaveLength(1);
});
