import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";

/** The same state in a new process whose monotonic clock began again. */
function restart(bench: SchedulerBench): SchedulerBench {
  const again = new SchedulerBench(bench.state);
  again.now = 5;
  again.send({ type: "restarted" });
  return again;
}

test("leases are renewed; clients are away until they come back, and keep what they name", () => {
  const bench = new SchedulerBench();
  bench.now = 1_000_000;
  bench.hello("one", { link: 7 });
  bench.submit();
  bench.index(100);
  const after = restart(bench);
  expect(after.attempt().leaseEndsAt).toBe(5 + 15_000);
  expect(after.client()).toMatchObject({ status: "Disconnected", link: 0, lastHeardAt: 5 });
  after.hello("one", { link: 1, heldAttempts: [after.attempt().id] });
  expect(after.effects("welcome")[0]?.keepAttempts).toEqual([after.attempt().id]);
});

test("a result may land before its client has said hello again", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit();
  bench.index(100);
  const after = restart(bench);
  expect(after.land(after.attempt()).verdict).toEqual({ ok: true });
});

test("the server's own work starts again: index, audio, checks, references, stitch", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit("job", { hasSoundWork: true, settings: { benchmarkSeconds: 4 } });
  bench.index(4);
  const [first] = bench.attempts();
  if (first === undefined) throw new Error("no attempt");
  bench.land(first);
  const after = restart(bench);
  expect(after.last.effects).toEqual([
    { type: "start-index", jobId: "job" },
    { type: "start-audio", jobId: "job" },
    { type: "verify", jobId: "job", segmentIndex: 0, attemptId: first.id },
  ]);
  expect(after.job()).toMatchObject({ gops: [], indexComplete: false });
});

test("a combining job stitches again; one whose segment has gone encodes it again", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(3);
  bench.finish(bench.attempt());
  expect(bench.job().status).toBe("Combining");
  const after = restart(bench);
  expect(after.effects("start-stitch").length).toBe(1);

  const segment = { ...bench.segment(0), phase: { kind: "pending", notBefore: 0 } as const };
  const lost = new SchedulerBench({
    ...bench.state,
    jobs: new Map([["job", { ...bench.job(), segments: [segment] }]]),
  });
  lost.send({ type: "restarted" });
  expect(lost.details("job-status")).toEqual(["Combining → Processing"]);
  lost.hello();
  expect(lost.attempt().segmentIndex).toBe(0);
});

test("waiting times of the earlier clock do not hold a segment back", () => {
  const bench = new SchedulerBench();
  bench.now = 1_000_000;
  bench.hello();
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(1);
  bench.fail(bench.attempt());
  const after = restart(bench);
  expect(after.segment(0).phase).toEqual({ kind: "pending", notBefore: 5 + 1000 });
});

test("a lease whose attempt was not stored is free; an attempt without a lease is gone", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit();
  bench.index(100);
  const [first, second] = bench.attempts();
  if (first === undefined || second === undefined) throw new Error("two attempts expected");
  const stray = { ...second, id: "stray" };
  const after = restart(
    new SchedulerBench({
      ...bench.state,
      attempts: new Map([
        [first.id, first],
        ["stray", stray],
      ]),
    }),
  );
  expect(after.attempts().map((attempt) => attempt.id)).toEqual([first.id]);
  expect(after.segment(1).phase.kind).toBe("pending");
});

test("an ended job only has its files let go again", () => {
  const bench = new SchedulerBench();
  bench.submit();
  bench.send({ type: "cancel-requested", jobId: "job" });
  const after = restart(bench);
  expect(after.last.effects).toEqual([{ type: "release-job", jobId: "job", status: "Cancelled" }]);
  expect(after.job()).toBe(bench.job());
});

test("attempts that nobody can hold any more are dropped, and their segments are free at once", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.hello("two");
  bench.submit("job", { settings: { benchmarkSeconds: 4 } });
  bench.index(100);
  const [kept, gone] = [bench.attempt("one"), bench.attempt("two")];
  const clients = new Map(bench.state.clients);
  clients.delete("two"); // its row was lost
  bench.state = { ...bench.state, clients };
  const after = restart(bench);
  expect(after.attempts().map((each) => each.id)).toEqual([kept.id]);
  expect(after.segment(gone.segmentIndex).phase).toEqual({ kind: "pending", notBefore: 5 });
  expect(after.segment(kept.segmentIndex).phase).toEqual({ kind: "leased", attemptIds: [kept.id] });
});

test("a lease whose attempt is not in the database is no lease", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(100);
  const attempt = bench.attempt();
  bench.state = { ...bench.state, attempts: new Map() };
  const after = restart(bench);
  expect(after.segment(attempt.segmentIndex).phase).toEqual({ kind: "pending", notBefore: 5 });
});

test("an attempt of a segment that is somebody else's, or of a job that has ended, is dropped", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(100);
  const attempt = bench.attempt();
  const stray = { ...attempt, id: "stray" };
  bench.state = { ...bench.state, attempts: new Map([...bench.state.attempts, [stray.id, stray]]) };
  expect(
    restart(bench)
      .attempts()
      .map((each) => each.id),
  ).toEqual([attempt.id]);
  const { attempts } = bench.state;
  bench.send({ type: "cancel-requested", jobId: "job" });
  bench.state = { ...bench.state, attempts };
  expect(restart(bench).attempts()).toEqual([]);
});
