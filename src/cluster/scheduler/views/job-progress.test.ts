import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import { heldJobOf, jobProgress } from "./job-progress.ts";

test("frames done are those of landed segments and of running encodes; the estimate follows from their speed", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit("job", { settings: { maxSegmentSeconds: 10 } });
  bench.index(100);
  const [first, second] = bench.attempts();
  if (first === undefined || second === undefined) throw new Error("two attempts expected");
  bench.finish(first);
  bench.progress(second, "encoding", 100, 50);
  const progress = jobProgress(bench.state, bench.job());
  expect(progress).toMatchObject({
    framesDone: 350,
    framesTotal: 5000,
    percent: 7,
    fps: 50,
    etaSeconds: 93,
    clients: 1,
    capableClients: 1,
  });
  expect(progress.segments).toMatchObject({ done: 1, running: bench.attempts().length });
  expect(heldJobOf(bench.state, "one")).toBe("job");
  expect(heldJobOf(bench.state, "two")).toBeNull();
  bench.cut("one");
  expect(jobProgress(bench.state, bench.job())).toMatchObject({
    framesDone: 350,
    fps: 0,
    etaSeconds: null,
    clients: 0,
  });
});

test("nothing is promised that is not known", () => {
  const bench = new SchedulerBench();
  bench.submit();
  expect(jobProgress(bench.state, bench.job())).toMatchObject({
    percent: 0,
    framesTotal: null,
    etaSeconds: null,
    fps: 0,
  });
});

test("a job is at 100 percent only when it is completed", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(3);
  bench.finish(bench.attempt());
  expect(jobProgress(bench.state, bench.job()).percent).toBe(99.9);
  bench.send({ type: "stitch-finished", jobId: "job", output: { name: "o", bytes: 1, sha256: "" } });
  expect(jobProgress(bench.state, bench.job())).toMatchObject({ percent: 100, etaSeconds: 0 });
});
