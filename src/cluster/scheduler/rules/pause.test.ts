import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { Decision } from "../model/decision.ts";
import { LEASE_MS } from "../model/timing.ts";
import { idleClients } from "../views/idle.ts";
import { jobProgress } from "../views/job-progress.ts";

const MINUTE_MS = 60_000;

function pause(bench: SchedulerBench, clientId = "one"): Decision {
  return bench.send({ type: "client-pause-requested", clientId });
}
function resume(bench: SchedulerBench, clientId = "one"): Decision {
  return bench.send({ type: "client-resume-requested", clientId });
}

/** Client "one" encodes the first segment of a job of two; it has reported 10 frames. */
function encoding(): SchedulerBench {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { maxSegmentSeconds: 10 } });
  bench.index(10);
  bench.heard("one");
  bench.progress(bench.attempt("one"), "encoding", 10, 5);
  return bench;
}

test("a paused client keeps its lease for as long as it reports, however long nothing moves", () => {
  const bench = encoding();
  const attempt = bench.attempt("one");
  expect(pause(bench).verdict).toEqual({ ok: true });
  expect(bench.effects("pause-client")).toEqual([{ type: "pause-client", clientId: "one", isPaused: true }]);
  for (let waited = 0; waited < 90 * MINUTE_MS; waited += LEASE_MS / 3) {
    bench.now += LEASE_MS / 3;
    bench.heard("one");
    bench.progress(attempt, "encoding", 10, 5);
  }
  expect(bench.attempts()).toHaveLength(1);
  expect(bench.segment(0)).toMatchObject({ losses: 0, attempts: 1 });
  expect(bench.job().status).toBe("Benchmarking");
  expect(resume(bench).verdict).toEqual({ ok: true });
  expect(bench.effects("pause-client")).toEqual([{ type: "pause-client", clientId: "one", isPaused: false }]);
  // What it got no further in is counted from here on.
  bench.now += 30 * MINUTE_MS;
  bench.heard("one");
  bench.progress(attempt, "encoding", 10, 5);
  bench.now += LEASE_MS - 1;
  bench.heard("one");
  expect(bench.attempts()).toHaveLength(1);
  bench.finish(bench.attempt("one"));
  expect(bench.segment(0).phase.kind).toBe("verified");
});

test("silence ends its lease as anybody's", () => {
  const bench = encoding();
  pause(bench);
  bench.now += LEASE_MS + 3000;
  bench.send({ type: "tick" });
  expect(bench.client("one").status).toBe("Disconnected");
  expect(bench.attempts()).toHaveLength(0);
  bench.hello("one", { heldAttempts: [] });
  expect(bench.effects("welcome")[0]?.isPaused).toBe(true);
  expect(bench.attempts()).toHaveLength(0);
});

test("it gets nothing new and others go on; near the end an idle client takes its segment too, and the first counts", () => {
  const bench = encoding();
  const held = bench.attempt("one");
  pause(bench);
  bench.hello("two");
  bench.heard("two");
  const other = bench.attempt("two");
  expect(other.segmentIndex).toBe(1);
  bench.heard("one");
  bench.progress(held, "encoding", 10, 5);
  bench.land(other);
  expect(bench.details("segment-leased").join()).toContain("in addition to one");
  bench.answer(other, "verified");
  const double = bench.attempt("two");
  expect(double.segmentIndex).toBe(0);
  expect(bench.attempts()).toHaveLength(2);
  bench.finish(double);
  expect(bench.job().status).toBe("Combining");
  expect(bench.attempts()).toHaveLength(0);
});

test("a third client takes over where both that hold a segment are paused; a failure elsewhere does not forbid it", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { maxSegmentSeconds: 100 } });
  bench.index(4);
  bench.fail(bench.attempt("one"));
  bench.now += 2000;
  bench.send({ type: "tick" });
  expect(bench.segment(0).failures).toBe(1);
  expect(bench.attempts().map(({ clientId }) => clientId)).toEqual(["one"]);
  pause(bench, "one");
  bench.hello("two");
  pause(bench, "two");
  bench.hello("three");
  expect(bench.attempts().map(({ clientId }) => clientId)).toEqual(["one", "two", "three"]);
  bench.hello("four");
  expect(bench.attempts("four")).toHaveLength(0);
});

test("one that uploads works, paused or not", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { maxSegmentSeconds: 100 } });
  bench.index(4);
  bench.progress(bench.attempt("one"), "uploading", 200, 5);
  pause(bench);
  bench.hello("two");
  expect(bench.attempts("two")).toHaveLength(0);
});

test("speeds and estimates leave it out, and people are told", () => {
  const bench = encoding();
  expect(jobProgress(bench.state, bench.job()).fps).toBe(5);
  pause(bench);
  expect(jobProgress(bench.state, bench.job())).toMatchObject({ fps: 0, etaSeconds: null, framesDone: 10 });
  const [told] = idleClients(bench.state, bench.job());
  expect(told).toMatchObject({ client: { id: "one" }, reason: expect.stringContaining("paused, what it encodes") });
  resume(bench);
  expect(idleClients(bench.state, bench.job())).toEqual([]);
});

test("said twice, resumed without need, unknown", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  pause(bench);
  expect(pause(bench)).toMatchObject({ verdict: { ok: true }, effects: [], events: [] });
  resume(bench);
  expect(resume(bench).verdict).toMatchObject({ ok: false, error: { code: "E_WRONG_STATE" } });
  expect(pause(bench, "nobody").verdict).toMatchObject({ ok: false, error: { code: "E_UNKNOWN_ID" } });
});
