import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../test/support/scheduler-bench.ts";
import { decide, emptyState } from "./decide.ts";
import type { Input } from "./model/input.ts";
import { CLIENT_TRANSITIONS, JOB_TRANSITIONS } from "./model/state-changes.ts";

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    const parts = value instanceof Map ? [...value.values()] : Object.values(value);
    for (const part of parts) deepFreeze(part);
  }
  return value;
}

function busy(): SchedulerBench {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.hello("two");
  bench.submit();
  bench.now += 1;
  bench.submit("later");
  bench.index(60);
  bench.index(60, "later");
  return bench;
}

test("the same state, input and moment give the same decision, and the state given is not touched", () => {
  const bench = busy();
  const state = deepFreeze(bench.state);
  const [attempt] = bench.attempts();
  if (attempt === undefined) throw new Error("no attempt");
  const inputs: Input[] = [
    { type: "tick" },
    { type: "restarted" },
    { type: "cancel-requested", jobId: "job" },
    { type: "client-disconnect-requested", clientId: "one" },
    { type: "attempt-failed", clientId: attempt.clientId, attemptId: attempt.id, kind: "encode", reason: "no" },
  ];
  for (const input of inputs) {
    const run = () => {
      let ids = 100;
      return decide(state, input, { now: bench.now + 20_000, at: "then", newId: () => `a${++ids}` });
    };
    expect(run()).toEqual(run());
  }
});

test("what an input does not concern keeps its identity", () => {
  const bench = busy();
  const before = bench.state;
  const [attempt] = bench.attempts("one");
  if (attempt === undefined) throw new Error("no attempt");
  bench.progress(attempt, "encoding", 3, 20);
  expect(bench.state.jobs).toBe(before.jobs);
  expect(bench.state.clients).toBe(before.clients);
  bench.land(attempt);
  expect(bench.job("later")).toBe(before.jobs.get("later") ?? bench.job());
  expect(bench.segment(1)).toBe(before.jobs.get("job")?.segments[1] ?? bench.segment(0));
  expect(bench.client("two")).toBe(before.clients.get("two") ?? bench.client());
});

test("a tick on which nothing happens returns the very same state", () => {
  const bench = busy();
  const before = bench.state;
  bench.pass(100);
  expect(bench.state).toBe(before);
});

test("ids that nobody knows change nothing and throw nothing", () => {
  const place = { jobId: "?", segmentIndex: 3, attemptId: "?" };
  const facts = { frames: 1, firstPts: 0, lastPts: 0, bytes: 1, sha256: "", extradataSha256: null };
  const strangers: Input[] = [
    { type: "index-advanced", jobId: "?", gops: [] },
    { type: "index-finished", jobId: "?", totalFrames: 1 },
    { type: "index-unsplittable", jobId: "?", reason: "", startPts: 0, endPts: 1, totalFrames: 1 },
    { type: "index-off-grid", jobId: "?", reason: "" },
    { type: "job-broke", jobId: "?", error: { code: "E_STITCH", message: "", hint: "" } },
    { type: "audio-finished", jobId: "?" },
    { type: "stitch-finished", jobId: "?", output: { name: "", bytes: 0, sha256: "" } },
    { type: "segment-verified", ...place, facts },
    { type: "segment-mismatched", ...place, reason: "" },
    { type: "reference-decided", ...place, facts: null, reason: "" },
    {
      type: "change-looked-for",
      jobId: "?",
      segmentIndex: 3,
      reason: "",
      error: { code: "E_STITCH", message: "", hint: "" },
      whyWhole: "",
    },
    { type: "attempt-progressed", clientId: "?", attemptId: "?", stage: "encoding", frames: 1, fps: 1 },
  ];
  for (const input of strangers) {
    const decision = decide(emptyState, input, { now: 0, at: "", newId: () => "x" });
    expect(decision).toMatchObject({ next: emptyState, effects: [], events: [], verdict: { ok: true } });
  }
});

test("the tables of transitions name every state; what is completed stays so, what failed leaves only by a retry", () => {
  expect(JOB_TRANSITIONS.Completed).toEqual([]);
  for (const end of ["Failed", "Cancelled"] as const) expect(JOB_TRANSITIONS[end]).toEqual(["Queued", "Processing"]);
  for (const [from, targets] of Object.entries({ ...JOB_TRANSITIONS, ...CLIENT_TRANSITIONS })) {
    expect(targets).not.toContain(from);
  }
});
