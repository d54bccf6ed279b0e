import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { Attempt } from "../model/segment.ts";
import { findLost } from "./lease-reclaim.ts";
import { resultStanding } from "./result-rules.ts";

/** One client at work on the one segment of a job. */
function atWork(): { bench: SchedulerBench; attempt: Attempt } {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(1);
  return { bench, attempt: bench.attempt() };
}

/** It, cut off for a minute: its lease has ended two seconds after its socket closed. */
function cutOff(): { bench: SchedulerBench; attempt: Attempt } {
  const { bench, attempt } = atWork();
  bench.cut("one");
  bench.pass(2000);
  bench.pass(58_000);
  expect(bench.attempts()).toEqual([]);
  return { bench, attempt };
}

test("the only client, cut off for a minute, goes on with what it names: a new lease, no other attempt, no loss", () => {
  const { bench, attempt } = cutOff();
  expect(bench.segment(0)).toMatchObject({ losses: 1, lostOn: ["one"], phase: { kind: "pending" } });
  bench.hello("one", { heldAttempts: [attempt.id] });
  expect(bench.effects("welcome")[0]?.keepAttempts).toEqual([attempt.id]);
  expect(bench.effects("offer")).toEqual([]);
  expect(bench.attempt()).toMatchObject({ id: attempt.id, leaseEndsAt: bench.now + 15_000, progressedAt: bench.now });
  expect(bench.details("lease-renewed")).toEqual(["one came back before another client had taken the segment"]);
  expect(bench.segment(0)).toMatchObject({ attempts: 1, losses: 0, failures: 0, lostOn: [] });
  bench.finish(bench.attempt());
  expect(bench.job().status).toBe("Combining");
});

test("lost and taken up again however often: it never counts against the segment", () => {
  const { bench, attempt } = atWork();
  for (let times = 0; times < 40; times++) {
    bench.cut("one");
    bench.pass(2000);
    bench.hello("one", { heldAttempts: [attempt.id] });
  }
  expect(bench.segment(0)).toMatchObject({ attempts: 1, losses: 0 });
  expect(bench.attempt().id).toBe(attempt.id);
});

test("a client that falls silent on a link that stays up is not told to stop: it is asked to come back, and goes on", () => {
  const { bench, attempt } = atWork();
  bench.now += 1000;
  bench.heard(); // the lease is older than the last word
  bench.pass(14_000);
  expect(bench.effects("stop-attempt")).toEqual([]);
  expect(bench.effects("close-client")).toMatchObject([{ clientId: "one", reconnect: true }]);
  expect(bench.client().status).toBe("Disconnected");
  expect(bench.details("lease-lost")).toEqual(["the lease ended while the client was silent"]);
  bench.hello("one", { heldAttempts: [attempt.id] });
  expect(bench.attempt().id).toBe(attempt.id);
});

test("leased elsewhere meanwhile, begun or not: refused as ever, also when that client loses it in turn", () => {
  const { bench, attempt } = cutOff();
  bench.hello("two");
  expect(bench.attempt("two").segmentIndex).toBe(0);
  bench.hello("one", { heldAttempts: [attempt.id] });
  expect(bench.effects("welcome")[0]?.keepAttempts).toEqual([]);
  expect(bench.land(attempt).verdict).toMatchObject({ error: { code: "E_STALE_ATTEMPT" } });
  bench.fail(bench.attempt("two")); // and for a second nobody gets it
  expect(bench.segment(0).phase.kind).toBe("pending");
  expect(findLost(bench.state, attempt.id)).toBeNull();
  bench.send({ type: "attempt-reclaimed", clientId: "one", attemptId: attempt.id });
  expect(bench.state.attempts.has(attempt.id)).toBe(false);
});

test("a hello that does not name it forgets it; a later one can't have it", () => {
  const { bench, attempt } = cutOff();
  bench.hello("one", { encoders: [] });
  expect(findLost(bench.state, attempt.id)).toBeNull();
  bench.hello("one", { heldAttempts: [attempt.id] });
  expect(bench.effects("welcome")[0]?.keepAttempts).toEqual([]);
  expect(bench.segment(0)).toMatchObject({ attempts: 2, losses: 1 });
});

test("of a client that has lost its encoder, or of another client, nothing is taken up", () => {
  const { bench, attempt } = cutOff();
  bench.send({ type: "attempt-reclaimed", clientId: "nobody", attemptId: attempt.id });
  bench.hello("two", { encoders: [], heldAttempts: [attempt.id] });
  expect(bench.effects("welcome")[0]?.keepAttempts).toEqual([]);
  bench.send({ type: "client-drain-requested", clientId: "two" });
  const { link, families, slots } = bench.client("two");
  bench.send({ type: "client-changed", clientId: "two", link, encoders: ["libx264"], families, slots });
  bench.send({ type: "attempt-reclaimed", clientId: "two", attemptId: attempt.id });
  expect(bench.attempts()).toEqual([]);
  expect(findLost(bench.state, attempt.id)?.id).toBe(attempt.id);
  bench.hello("one", { encoders: ["libx265"], heldAttempts: [attempt.id] });
  expect(bench.effects("welcome")[0]?.keepAttempts).toEqual([]);
});

test("what is given back, left behind with a goodbye or gets no further is not waited for", () => {
  const given = atWork();
  given.bench.fail(given.attempt, "stopped");
  expect(findLost(given.bench.state, given.attempt.id)).toBeNull();
  const left = atWork();
  left.bench.cut("one", true);
  expect(findLost(left.bench.state, left.attempt.id)).toBeNull();
  const stuck = atWork();
  for (let now = 0; stuck.bench.state.attempts.has(stuck.attempt.id); now += 5000) {
    expect(now).toBeLessThan(40 * 60_000);
    stuck.bench.now += 5000;
    stuck.bench.heard();
    stuck.bench.progress(stuck.attempt, "encoding");
  }
  expect(findLost(stuck.bench.state, stuck.attempt.id)).toBeNull();
});

test("a result that comes before the hello claims its lease: taken under a new one, refused without", () => {
  const { bench, attempt } = cutOff();
  expect(resultStanding(bench.state, attempt.id, "one")).toBe("stale");
  expect(bench.land(attempt).verdict.ok).toBe(false);
  bench.send({ type: "attempt-reclaimed", clientId: "one", attemptId: attempt.id });
  expect(resultStanding(bench.state, attempt.id, "one")).toBe("wanted");
  expect(bench.attempt()).toMatchObject({ id: attempt.id, leaseEndsAt: bench.now + 15_000 });
  expect(bench.land(attempt).verdict).toEqual({ ok: true });
});

test("a server that starts again still knows who may come back, and a job that has ended does not", () => {
  const { bench, attempt } = cutOff();
  const again = new SchedulerBench(bench.state);
  again.now = 5;
  again.send({ type: "restarted" });
  expect(findLost(again.state, attempt.id)?.id).toBe(attempt.id);
  again.send({ type: "cancel-requested", jobId: "job" });
  expect(findLost(again.state, attempt.id)).toBeNull();
});
