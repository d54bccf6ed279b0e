import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import { resultStanding } from "../rules/result-rules.ts";

/** Two segments of a short job: "slow" holds one of them at 5 frames per second, "fast" is done with the other. */
function slowAndFast(slowFps = 5, slowFrames = 10) {
  const bench = new SchedulerBench();
  bench.hello("slow");
  bench.hello("fast");
  bench.submit("job", { settings: { maxRetries: 0 } });
  bench.index(10);
  const slow = bench.attempt("slow");
  bench.progress(slow, "encoding", slowFrames, slowFps);
  bench.now += 2000;
  const fast = bench.attempt("fast");
  bench.progress(fast, "encoding", 100, 100);
  bench.finish(fast, { seconds: 2.5 });
  return { bench, slow };
}

test("what a slow client still encodes at the end is given to an idle fast one too; the first verified result counts", () => {
  const { bench, slow } = slowAndFast();
  const second = bench.attempt("fast");
  expect(second.segmentIndex).toBe(slow.segmentIndex);
  expect(bench.segment(slow.segmentIndex)).toMatchObject({ attempts: 2, failures: 0, losses: 0 });
  bench.land(second);
  expect(bench.effects("stop-attempt")).toEqual([]);
  expect(bench.attempts()).toMatchObject([{ id: slow.id }]);
  bench.answer(second, "verified");
  expect(bench.effects("stop-attempt")).toMatchObject([{ clientId: "slow", attemptId: slow.id }]);
  expect(bench.details("attempt-stopped")).toEqual(["fast finished first"]);
  expect(bench.attempts()).toEqual([]);
  expect(resultStanding(bench.state, slow.id, "slow")).toBe("stale");
  expect(bench.land(slow).verdict).toMatchObject({ ok: false, error: { code: "E_STALE_ATTEMPT" } });
  expect(bench.job().status).toBe("Combining");
});

test("the first result is not as planned: the speculative attempt goes on alone, and its result counts", () => {
  const { bench, slow } = slowAndFast();
  const second = bench.attempt("fast");
  bench.land(second);
  bench.answer(second, "mismatched");
  expect(bench.effects("stop-attempt")).toEqual([]);
  expect(bench.effects("drop-result")).toMatchObject([{ attemptId: second.id }]);
  expect(bench.segment(slow.segmentIndex)).toMatchObject({
    leadIn: 0,
    phase: { kind: "leased", attemptIds: [slow.id] },
  });
  bench.finish(slow);
  expect(bench.segment(slow.segmentIndex).phase).toMatchObject({ kind: "verified", landed: { clientId: "slow" } });
  expect(bench.job().status).toBe("Combining");
});

test("a speculative result that lands while the first is checked is kept, and checked when that one is refuted", () => {
  const { bench, slow } = slowAndFast();
  const second = bench.attempt("fast");
  bench.land(second);
  expect(bench.land(slow).verdict).toEqual({ ok: true });
  expect(bench.effects("verify")).toEqual([]);
  expect(resultStanding(bench.state, slow.id, "slow")).toBe("had");
  bench.answer(second, "mismatched");
  expect(bench.effects("verify")).toMatchObject([{ attemptId: slow.id }]);
  expect(bench.effects("drop-result")).toMatchObject([{ attemptId: second.id }]);
  bench.answer(slow, "verified");
  expect(bench.job().status).toBe("Combining");
});

test("a speculative result that was kept goes when the first is verified, or the job ends", () => {
  const kept = () => {
    const { bench, slow } = slowAndFast();
    const second = bench.attempt("fast");
    bench.land(second);
    bench.land(slow);
    return { bench, slow, second };
  };
  const one = kept();
  one.bench.answer(one.second, "verified");
  expect(one.bench.effects("drop-result")).toMatchObject([{ attemptId: one.slow.id }]);
  const other = kept();
  other.bench.send({ type: "cancel-requested", jobId: "job" });
  other.bench.send({ type: "retry-requested", jobId: "job", lost: [] });
  expect(other.bench.effects("drop-result").map(({ attemptId }) => attemptId)).toEqual([
    other.second.id,
    other.slow.id,
  ]);
});

test("a speculative attempt that is lost while the first is checked takes nothing from it", () => {
  const { bench, slow } = slowAndFast();
  const second = bench.attempt("fast");
  bench.land(second);
  bench.fail(slow);
  expect(bench.attempts()).toEqual([]);
  expect(bench.segment(slow.segmentIndex).phase.kind).toBe("verifying");
  bench.answer(second, "verified");
  expect(bench.job().status).toBe("Combining");
});

test("after a restart a speculative attempt beside a result that is checked keeps its lease; one that is gone leaves no trace", () => {
  const { bench, slow } = slowAndFast();
  const second = bench.attempt("fast");
  bench.land(second);
  const attempts = new Map(bench.state.attempts);
  bench.send({ type: "restarted" });
  expect(bench.attempts().map((each) => each.id)).toEqual([slow.id]);
  attempts.delete(slow.id);
  bench.state = { ...bench.state, attempts };
  bench.send({ type: "restarted" });
  const { phase } = bench.segment(slow.segmentIndex);
  expect(phase).toMatchObject({ kind: "verifying", landed: { attemptId: second.id } });
  expect(phase).not.toHaveProperty("speculative");
});

test("however many leases of other attempts were lost, an attempt that goes on does not fail for it", () => {
  const { bench, slow } = slowAndFast();
  const job = bench.job();
  const segments = job.segments.map((segment) => ({ ...segment, losses: 100 })); // past every bound
  bench.state = { ...bench.state, jobs: new Map([["job", { ...job, segments }]]) };
  bench.cut("fast", true);
  expect(bench.job()).toMatchObject({ status: "Processing", error: null });
  expect(bench.attempts().map((each) => each.id)).toEqual([slow.id]);
  expect(bench.segment(slow.segmentIndex).losses).toBe(101);
  bench.finish(slow);
  expect(bench.job().status).toBe("Combining");
});

test("the first one may win too, and then the second is stopped", () => {
  const { bench, slow } = slowAndFast();
  const second = bench.attempt("fast");
  bench.finish(slow);
  expect(bench.attempts()).toEqual([]);
  expect(bench.land(second).verdict.ok).toBe(false);
  expect(bench.job().status).toBe("Combining");
});

test("nothing is doubled where the second client would not be clearly sooner, or nearly all is done", () => {
  expect(slowAndFast(90).bench.attempts("fast")).toEqual([]);
  expect(slowAndFast(5, 245).bench.attempts("fast")).toEqual([]);
});

test("a speculative attempt that fails takes nothing from the first one, and does not get the segment again", () => {
  const { bench, slow } = slowAndFast();
  bench.fail(bench.attempt("fast"));
  bench.pass(2000);
  expect(bench.attempts().map((each) => each.id)).toEqual([slow.id]);
  expect(bench.job().status).toBe("Processing");
  bench.finish(slow);
  expect(bench.job().status).toBe("Combining");
});

test("when the speculative attempt has failed and the first one is lost, the retries are used up", () => {
  const { bench, slow } = slowAndFast();
  bench.fail(bench.attempt("fast"));
  bench.fail(slow, "stopped");
  expect(bench.job()).toMatchObject({ status: "Failed", error: { code: "E_ENCODE_FAILED" } });
});

test("a segment that waits in a busy client's queue moves to one that falls idle", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(400);
  bench.finish(bench.attempt(), { seconds: 10 });
  const [running, queued] = bench.attempts("one");
  if (running === undefined || queued === undefined) throw new Error("one segment ahead is fetched early");
  bench.progress(running, "encoding", 5, 25);
  // The rest goes to others, until only these two are left.
  bench.hello("two", { slots: 8 });
  for (let round = 0; round < 200 && bench.state.attempts.has(queued.id); round++) {
    const next = bench.attempts("two").find((each) => each.segmentIndex !== running.segmentIndex);
    if (next === undefined) break;
    bench.finish(next, { seconds: 5 });
  }
  expect(bench.state.attempts.has(queued.id)).toBe(false);
  expect(bench.segment(queued.segmentIndex)).toMatchObject({ losses: 0, failures: 0 });
});

test("after a restart both attempts on a segment keep their leases", () => {
  const { bench, slow } = slowAndFast();
  const second = bench.attempt("fast");
  bench.send({ type: "restarted" });
  expect(bench.attempts().map((each) => each.id)).toEqual([slow.id, second.id]);
  expect(bench.segment(slow.segmentIndex).phase).toEqual({ kind: "leased", attemptIds: [slow.id, second.id] });
});

test("nobody waits for a speculative attempt on a client that is paused: the ladder is climbed", () => {
  const { bench, slow } = slowAndFast();
  const second = bench.attempt("fast");
  bench.send({ type: "client-pause-requested", clientId: "slow" });
  bench.land(second);
  bench.answer(second, "mismatched");
  expect(bench.segment(slow.segmentIndex).leadIn).toBe(1);
  expect(bench.state.attempts.has(slow.id)).toBe(false);
});
