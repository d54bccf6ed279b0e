import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import { sharesOf } from "./shares.ts";

test("each client's share is what it has delivered, of all that is", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { maxSegmentSeconds: 10 } });
  bench.index(20); // four segments of 250 frames
  expect(sharesOf(bench.job())).toEqual([]);
  bench.hello("two");
  bench.finish(bench.attempts("one")[0] ?? bench.attempt());
  bench.finish(bench.attempts("two")[0] ?? bench.attempt());
  bench.finish(bench.attempts("one")[0] ?? bench.attempt());
  expect(sharesOf(bench.job())).toEqual([
    { clientId: "one", clientName: "one", segments: 2, frames: 500, percent: 66.7 },
    { clientId: "two", clientName: "two", segments: 1, frames: 250, percent: 33.3 },
  ]);
});
