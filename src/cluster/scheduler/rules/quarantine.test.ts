import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { Attempt } from "../model/segment.ts";
import { idleClients } from "../views/idle.ts";

/** "good" and "bad" on one long job of short segments; good delivers a first segment. */
function twoClients(): SchedulerBench {
  const bench = new SchedulerBench();
  bench.hello("good");
  bench.hello("bad");
  bench.submit("job", { settings: { maxSegmentSeconds: 4, benchmarkSeconds: 4, retryDelayMs: 0 } });
  bench.index(100);
  bench.finish(anyOf(bench, "good"));
  return bench;
}

function anyOf(bench: SchedulerBench, clientId: string): Attempt {
  const [attempt] = bench.attempts(clientId);
  if (attempt === undefined) throw new Error(`${clientId} holds nothing`);
  return attempt;
}

test("a client that fails on three segments, which others have no trouble with, is quarantined and gets no more", () => {
  const bench = twoClients();
  for (let times = 0; times < 3; times++) bench.fail(anyOf(bench, "bad"), "encode", "Bus error\nlast words");
  const { quarantine } = bench.client("bad");
  expect(quarantine).toBe("failed on 3 segments that others had no trouble with; the last error was: last words");
  for (const attempt of bench.attempts("bad")) bench.fail(attempt);
  bench.pass(1000);
  expect(bench.attempts("bad")).toEqual([]);
  const reasons = idleClients(bench.state, bench.job()).map(({ client, reason }) => `${client.id} ${reason}`);
  expect(reasons).toEqual([`bad is quarantined: ${quarantine}`]);
  for (let round = 0; round < 100 && bench.job().status === "Processing"; round++) bench.finish(anyOf(bench, "good"));
  expect(bench.job().status).toBe("Combining");
});

test("a segment that fails on several clients counts against none of them", () => {
  const bench = twoClients();
  bench.hello("third");
  const poison = anyOf(bench, "bad").segmentIndex;
  bench.fail(anyOf(bench, "bad"));
  for (let round = 0; round < 100 && bench.job().status !== "Failed"; round++) {
    const [first] = bench.attempts();
    const poisoned = bench.attempts().find((each) => each.segmentIndex === poison);
    if (poisoned !== undefined) bench.fail(poisoned);
    else if (first !== undefined) bench.finish(first);
  }
  expect(bench.job().error?.message).toContain(`segment ${poison} failed 3 times on 3 clients (bad, `);
  expect([...bench.state.clients.values()].every((client) => client.quarantine === null)).toBe(true);
});

test("where no client delivers, the job is at fault and not a client", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 4 });
  bench.hello("two", { slots: 4 });
  bench.submit("job", { settings: { maxSegmentSeconds: 4, benchmarkSeconds: 4, retryDelayMs: 0 } });
  bench.index(100);
  for (let round = 0; round < 50 && bench.job().status !== "Failed"; round++) {
    const [attempt] = bench.attempts();
    if (attempt !== undefined) bench.fail(attempt);
  }
  expect(bench.job().status).toBe("Failed");
  expect(bench.client("one").quarantine).toBeNull();
  expect(bench.client("two").quarantine).toBeNull();
});

test("one right segment resets the count", () => {
  const bench = twoClients();
  bench.fail(anyOf(bench, "bad"));
  bench.fail(anyOf(bench, "bad"));
  bench.finish(anyOf(bench, "bad"));
  bench.fail(anyOf(bench, "bad"));
  expect(bench.client("bad").quarantine).toBeNull();
});

test("frames that are missing only in one client's segments are asked of another before the ladder, and count against the client", () => {
  const bench = twoClients();
  for (let times = 0; times < 3; times++) {
    const wrong = anyOf(bench, "bad");
    bench.land(wrong);
    bench.answer(wrong, "mismatched");
    expect(bench.segment(wrong.segmentIndex)).toMatchObject({ leadIn: 0 });
    for (let round = 0; round < 20 && bench.segment(wrong.segmentIndex).phase.kind !== "verified"; round++) {
      bench.finish(anyOf(bench, "good"));
    }
  }
  expect(bench.client("bad").quarantine).toContain("another client's was");
});

test("a quarantine ends on request, and with a new process; a drain only on request", () => {
  const bench = twoClients();
  for (let times = 0; times < 3; times++) bench.fail(anyOf(bench, "bad"));
  bench.send({ type: "client-resume-requested", clientId: "bad" });
  expect(bench.client("bad").quarantine).toBeNull();
  expect(bench.attempts("bad").length).toBeGreaterThan(0);
  for (let times = 0; times < 3; times++) bench.fail(anyOf(bench, "bad"));
  bench.hello("bad");
  expect(bench.client("bad").quarantine).not.toBeNull();
  bench.hello("bad", { instance: "a new process" });
  expect(bench.client("bad").quarantine).toBeNull();

  bench.send({ type: "client-drain-requested", clientId: "bad" });
  bench.hello("bad", { instance: "a third one" });
  expect(bench.client("bad").isDraining).toBe(true);
  expect(bench.attempts("bad")).toEqual([]);
  expect(bench.send({ type: "client-resume-requested", clientId: "bad" }).verdict.ok).toBe(true);
  expect(bench.attempts("bad").length).toBeGreaterThan(0);
  expect(bench.send({ type: "client-resume-requested", clientId: "bad" }).verdict).toMatchObject({
    error: { code: "E_WRONG_STATE" },
  });
});

test("what a drained client holds is finished, and counts", () => {
  const bench = twoClients();
  const [held, ...more] = bench.attempts("bad");
  if (held === undefined) throw new Error("it holds one");
  bench.send({ type: "client-drain-requested", clientId: "bad" });
  expect(bench.finish(held).verdict.ok).toBe(true);
  expect(bench.segment(held.segmentIndex).phase.kind).toBe("verified");
  expect(bench.attempts("bad")).toEqual(more);
});

test("what the server's own decoding refutes is asked of another client before the job fails", () => {
  const bench = new SchedulerBench();
  bench.hello("bad");
  bench.submit("job", { settings: { maxSegmentSeconds: 4, benchmarkSeconds: 4, retryDelayMs: 0 } });
  bench.index(2);
  for (const _rung of [0, 1, 3]) {
    const attempt = bench.attempt();
    bench.land(attempt);
    if (attempt.leadIn === 3) bench.hello("good");
    bench.answer(attempt, "mismatched");
    if (attempt.leadIn === 3) bench.answer(attempt, "reference disagrees");
  }
  expect(bench.segment(0)).toMatchObject({ leadIn: 3 });
  expect(bench.attempt().clientId).toBe("good");
  bench.finish(bench.attempt());
  expect(bench.job().status).toBe("Combining");
});

test("when several clients' results are refuted, it is the source", () => {
  const bench = new SchedulerBench();
  for (const id of ["one", "two", "three", "four"]) bench.hello(id);
  bench.submit("job", { settings: { maxSegmentSeconds: 4, benchmarkSeconds: 4, retryDelayMs: 0 } });
  bench.index(1);
  for (let round = 0; round < 20 && bench.job().status !== "Failed"; round++) {
    const attempt = bench.attempt();
    bench.land(attempt);
    bench.answer(attempt, "mismatched");
    if (bench.segment(0).phase.kind === "referencing") bench.answer(attempt, "reference disagrees");
  }
  expect(bench.job().error).toMatchObject({ code: "E_NOT_EXACT" });
  // Three clients were asked for the segment, and three again for the whole in one piece.
  expect(bench.segment(0).attempts).toBe(3);
});
