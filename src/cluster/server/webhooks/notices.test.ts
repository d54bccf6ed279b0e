import { expect, test } from "bun:test";
import { gops, SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import { happenings } from "./notices.ts";

/** What one step of a bench tells. */
function told(bench: SchedulerBench, step: () => unknown): string[] {
  const before = bench.state;
  step();
  return happenings(before, bench.state, bench.last.events).map((each) =>
    "jobId" in each ? `${each.event} ${each.jobId}` : `${each.event} ${each.clientId}`,
  );
}

test("clients come and go once, whatever else their status does", () => {
  const bench = new SchedulerBench();
  expect(told(bench, () => bench.hello("one"))).toEqual(["client.joined one"]);
  expect(told(bench, () => bench.hello("one", { link: 2 }))).toEqual([]);
  expect(told(bench, () => bench.cut("one", true))).toEqual(["client.left one"]);
});

test("a job tells that it has begun and how it ended; a retry that it ended again", () => {
  const bench = new SchedulerBench();
  const cancel = () => bench.send({ type: "cancel-requested", jobId: "job" });
  bench.hello("one");
  expect(told(bench, () => bench.submit("job"))).toEqual([]);
  expect(told(bench, () => bench.send({ type: "index-advanced", jobId: "job", gops: gops(100) }))).toEqual([
    "job.started job",
  ]);
  expect(told(bench, cancel)).toEqual(["job.cancelled job"]);
  expect(told(bench, () => bench.send({ type: "retry-requested", jobId: "job", lost: [] }))).toEqual([]);
  expect(told(bench, cancel)).toEqual(["job.cancelled job"]);
});
