import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";

/** A job of three segments, the first two verified, that has failed at the third. */
function failedAtThird(): SchedulerBench {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { maxRetries: 0, maxSegmentSeconds: 4, benchmarkSeconds: 4 } });
  bench.index(6);
  for (const index of [0, 1]) {
    const attempt = bench.attempts().find((each) => each.segmentIndex === index);
    if (attempt === undefined) throw new Error(`segment ${index} is not leased`);
    bench.finish(attempt);
  }
  bench.fail(bench.attempt()); // after a seek
  bench.pass(1000);
  bench.fail(bench.attempt()); // from the beginning
  expect(bench.job().status).toBe("Failed");
  return bench;
}

test("a failed job goes on from its verified segments; what had failed has all its tries again", () => {
  const bench = failedAtThird();
  expect(bench.send({ type: "retry-requested", jobId: "job", lost: [] }).verdict.ok).toBe(true);
  expect(bench.effects("start-index")).toHaveLength(1);
  // Without the index it is not known to be all in segments: it must not combine early.
  const afresh = { gops: [], indexComplete: false };
  expect(bench.job()).toMatchObject({ status: "Processing", error: null, completedAt: null, ...afresh });
  bench.index(6);
  const attempt = bench.attempt();
  expect(attempt.segmentIndex).toBe(2);
  expect(bench.segment(2)).toMatchObject({ failures: 0, failedOn: [] });
  bench.finish(attempt);
  expect(bench.job().status).toBe("Combining");
  expect(bench.segment(0).attempts).toBe(1);
});

test("a verified segment whose file is gone is encoded again", () => {
  const bench = failedAtThird();
  bench.send({ type: "retry-requested", jobId: "job", lost: [0, 1] });
  expect(bench.job()).toMatchObject({ status: "Benchmarking" });
  expect(bench.attempts().map((each) => each.segmentIndex)).toEqual([0]);
});

test("only what failed or was cancelled is tried again", () => {
  const bench = failedAtThird();
  bench.send({ type: "retry-requested", jobId: "job", lost: [] });
  const again = bench.send({ type: "retry-requested", jobId: "job", lost: [] });
  expect(again.verdict).toMatchObject({ ok: false, error: { code: "E_WRONG_STATE" } });
  expect(bench.send({ type: "retry-requested", jobId: "none", lost: [] }).verdict).toMatchObject({
    error: { code: "E_UNKNOWN_ID" },
  });
});
