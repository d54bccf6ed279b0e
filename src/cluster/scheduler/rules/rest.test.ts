import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { Rest } from "../model/client.ts";
import { LEASE_MS } from "../model/timing.ts";
import { idleClients } from "../views/idle.ts";
import { jobProgress } from "../views/job-progress.ts";

const HOURS: Rest = {
  reason: "outside its hours (22:00-07:00)",
  until: "2026-11-30T21:00:00.000Z",
  isSuspended: false,
};
const BATTERY: Rest = { reason: "on battery", until: null, isSuspended: true };

/** Client "one" encodes the first segment of a job of two. */
function encoding(): SchedulerBench {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { maxSegmentSeconds: 10 } });
  bench.index(10);
  bench.heard("one");
  bench.progress(bench.attempt("one"), "encoding", 10, 5);
  return bench;
}

function tell(bench: SchedulerBench, resting?: Rest): void {
  const { link, encoders, families, slots } = bench.client("one");
  const abilities = { link, encoders, families, slots, ...(resting === undefined ? {} : { resting }) };
  bench.send({ type: "client-changed", clientId: "one", ...abilities });
}

test("a client that rests finishes what it can and gets nothing more; what it gives back is no loss", () => {
  const bench = encoding();
  const attempt = bench.attempt("one");
  tell(bench, HOURS);
  expect(bench.details("client-resting")).toEqual([HOURS.reason]);
  expect(bench.attempts()).toHaveLength(1);
  expect(idleClients(bench.state, bench.job())).toEqual([]);
  bench.fail(attempt, "stopped", "it rests: outside its hours (22:00-07:00)");
  expect(bench.details("lease-lost")).toEqual(["given back by the client: it rests: outside its hours (22:00-07:00)"]);
  expect(bench.segment(0)).toMatchObject({ failures: 0, losses: 0, phase: { kind: "pending" } });
  expect(bench.attempts()).toEqual([]);
  expect(idleClients(bench.state, bench.job())).toMatchObject([{ reason: `rests: ${HOURS.reason}` }]);
  bench.hello("two");
  expect(bench.attempt("two").segmentIndex).toBe(0);
  tell(bench);
  expect(bench.details("client-resumed")).toEqual(["it works again"]);
  expect(bench.attempt("one").segmentIndex).toBe(1);
});

test("however often it goes to rest, the job does not fail for it", () => {
  const bench = encoding();
  for (let nights = 0; nights < 50; nights++) {
    const attempt = bench.attempt("one");
    tell(bench, HOURS);
    bench.fail(attempt, "stopped", "it rests");
    tell(bench);
    bench.heard("one");
    bench.pass(1000);
  }
  expect(bench.job().status).toBe("Benchmarking");
  expect(bench.segment(0).losses).toBe(0);
});

test("what stands still keeps its lease, counts for no speed, and is doubled near the end by an idle client", () => {
  const bench = encoding();
  const attempt = bench.attempt("one");
  tell(bench, BATTERY);
  for (let waited = 0; waited < 30 * 60_000; waited += LEASE_MS / 3) {
    bench.now += LEASE_MS / 3;
    bench.heard("one");
    bench.progress(attempt, "encoding", 10, 5);
  }
  expect(bench.attempts()).toHaveLength(1);
  expect(jobProgress(bench.state, bench.job())).toMatchObject({ fps: 0, framesDone: 10 });
  expect(idleClients(bench.state, bench.job())).toMatchObject([
    { reason: "rests: on battery; what it encodes is suspended" },
  ]);
  bench.hello("two");
  bench.heard("two");
  bench.finish(bench.attempt("two"));
  expect(bench.attempt("two").segmentIndex).toBe(0);
  expect(bench.attempts()).toHaveLength(2);
});

test("a hello says whether it rests; one that rests starts no job", () => {
  const bench = new SchedulerBench();
  bench.submit();
  bench.index(10);
  bench.hello("one", { resting: BATTERY });
  expect(bench.attempts()).toEqual([]);
  expect(bench.job().status).toBe("WaitingForClients");
  bench.hello("one");
  expect(bench.attempts()).toHaveLength(1);
});
