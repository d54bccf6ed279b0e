import { expect, test } from "bun:test";
import { FRAMES_PER_GOP, SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { Job } from "../model/job.ts";
import type { Attempt } from "../model/segment.ts";
import { jobProgress } from "../views/job-progress.ts";

const RATE = { bitrate: 1_000_000, maxrate: null, bufsize: null };
const TARGETS = (job: Job) => job.segments.map(({ rate }) => rate?.targetBits);

/** Three segments of 10 s, all leased to be measured. */
function measuring(rate: Job["rate"] = RATE): { bench: SchedulerBench; attempts: Attempt[] } {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 3 });
  bench.submit("job", { ...(rate === undefined ? {} : { rate }), settings: { maxSegmentSeconds: 10 } });
  bench.index(15);
  return { bench, attempts: bench.attempts() };
}

function measure(bench: SchedulerBench, attempt: Attempt, bits: number) {
  const { id: attemptId, clientId } = attempt;
  return bench.send({ type: "attempt-measured", attemptId, clientId, bits, frames: 250, seconds: 2 });
}

test("nothing is encoded before all is measured; then the bits are shared out by what was measured", () => {
  const { bench, attempts } = measuring();
  const [first, second, third] = attempts as [Attempt, Attempt, Attempt];
  measure(bench, first, 1_000_000);
  expect(bench.job().status).toBe("Processing");
  measure(bench, second, 3_000_000);
  expect(bench.job().segments.map(({ phase }) => phase.kind)).toEqual(["measured", "measured", "leased"]);
  expect(bench.attempts()).toEqual([third]);
  measure(bench, third, 6_000_000);
  expect(TARGETS(bench.job())).toEqual([3_000_000, 9_000_000, 18_000_000]);
  expect(bench.attempts()).toHaveLength(3);
  expect(bench.effects("offer").map(({ segment }) => segment.rate?.targetBits)).toContain(18_000_000);
  for (const attempt of bench.attempts()) bench.finish(attempt, { videoBytes: 1 });
  expect(bench.job().status).toBe("Combining");
});

test("a still keeps what it was measured with, up to a tenth of its time's share: a lower rate brings little of it back", () => {
  const { bench, attempts } = measuring();
  const [first, second, third] = attempts as [Attempt, Attempt, Attempt];
  measure(bench, first, 600_000);
  measure(bench, second, 4_000_000);
  measure(bench, third, 200_000_000);
  const [small = 0, still = 0, busy = 0] = TARGETS(bench.job());
  // In proportion it would be 88,000 and 586,000.
  expect([small, still]).toEqual([600_000, 1_000_000]);
  expect(small + still + busy).toBe(30_000_000);
});

test("of segments of about one length those with the fewest bits are encoded first", () => {
  const { bench, attempts } = measuring();
  for (const [place, bits] of [9_000_000, 1_000_000, 5_000_000].entries())
    measure(bench, attempts[place] as Attempt, bits);
  expect(bench.attempts().map(({ segmentIndex }) => segmentIndex)).toEqual([1, 2, 0]);
});

test("a measurement counts under its lease and once; a result of a measuring attempt is refused", () => {
  const { bench, attempts } = measuring();
  const [first] = attempts as [Attempt];
  expect(bench.land(first).verdict).toMatchObject({ ok: false, error: { code: "E_STALE_ATTEMPT" } });
  expect(bench.segment(0).phase.kind).toBe("leased");
  bench.send({ type: "attempt-measured", attemptId: first.id, clientId: "two", bits: 5, frames: 1, seconds: 1 });
  expect(bench.segment(0).rate).toBeUndefined();
  measure(bench, first, 700);
  measure(bench, first, 900);
  expect(bench.segment(0).rate).toEqual({ measuredBits: 700 });
});

test("a range whose measuring lacks frames is measured again from further back, and then taken as it is", () => {
  const { bench, attempts } = measuring();
  const [first] = attempts as [Attempt];
  const short = (attempt: Attempt, frames: number, bits: number) =>
    bench.send({
      type: "attempt-measured",
      attemptId: attempt.id,
      clientId: attempt.clientId,
      bits,
      frames,
      seconds: 1,
    });
  short(first, 0, 0);
  expect(bench.segment(0)).toMatchObject({ leadIn: 1, phase: { kind: "leased" } });
  const again = () => bench.attempts().find(({ segmentIndex }) => segmentIndex === 0) as Attempt;
  short(again(), 100, 500);
  expect(bench.segment(0)).toMatchObject({ leadIn: 3, phase: { kind: "leased" } });
  short(again(), 249, 900);
  expect(bench.segment(0)).toMatchObject({ phase: { kind: "measured" }, rate: { measuredBits: 900 } });
});

test("an encoder that can't be measured reports bits of no frames", () => {
  const { bench, attempts } = measuring();
  const [first] = attempts as [Attempt];
  const { id: attemptId, clientId } = first;
  bench.send({ type: "attempt-measured", attemptId, clientId, bits: 700, frames: 0, seconds: 0 });
  expect(bench.segment(0).rate).toEqual({ measuredBits: 700 });
});

test("a lost measuring attempt is measured again by another client", () => {
  const { bench, attempts } = measuring();
  for (const attempt of attempts.slice(0, 2)) measure(bench, attempt, 1_000_000);
  bench.hello("two");
  bench.cut("one", true);
  const again = bench.attempt("two");
  expect(again.segmentIndex).toBe(2);
  measure(bench, again, 1_000_000);
  expect(TARGETS(bench.job())).toEqual([10_000_000, 10_000_000, 10_000_000]);
});

test("later segments make up for what earlier ones took; the slack shrinks with what is left to do so", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 1 });
  bench.submit("job", { rate: RATE, settings: { maxSegmentSeconds: 10 } });
  bench.index(15);
  for (let index = 0; index < 3; index++) measure(bench, bench.attempt(), 1_000_000);
  expect(bench.segment(0).rate?.slackBits).toBe(600_000);
  bench.finish(bench.attempt(), { videoBytes: 12_000_000 / 8 });
  expect(bench.segment(1).rate).toMatchObject({ targetBits: 9_000_000, slackBits: 300_000 });
  bench.finish(bench.attempt(), { videoBytes: 9_300_000 / 8 });
  expect(bench.segment(2).rate).toMatchObject({ targetBits: 8_700_000, slackBits: 87_000 });
});

test("no segment's share is more than -maxrate lets through in its time", () => {
  const { bench, attempts } = measuring({ ...RATE, maxrate: 1_200_000, bufsize: 2_000_000 });
  for (const [index, attempt] of attempts.entries()) measure(bench, attempt, index === 1 ? 8_000_000 : 1_000_000);
  expect(TARGETS(bench.job())).toEqual([9_480_000, 11_040_000, 9_480_000]);
});

test("where -b:v is near -maxrate, a share may be too", () => {
  const { bench, attempts } = measuring({ ...RATE, maxrate: 1_000_000, bufsize: 2_000_000 });
  for (const [index, attempt] of attempts.entries()) measure(bench, attempt, index === 1 ? 8_000_000 : 1_000_000);
  expect(TARGETS(bench.job())).toEqual([9_950_000, 9_950_000, 9_950_000]);
});

test("a video in one segment is not measured: all the bits are its own", () => {
  const bench = new SchedulerBench();
  bench.submit("job", { rate: RATE });
  bench.index(4);
  bench.hello("one");
  expect(bench.segment(0).rate).toEqual({ targetBits: 8_000_000, slackBits: 80_000 });
  bench.finish(bench.attempt(), { videoBytes: 1_000_000 });
  expect(bench.job().status).toBe("Combining");
});

test("a source that turns out to be unsplittable forgets its measurements", () => {
  const { bench } = measuring();
  const other = new SchedulerBench();
  other.hello("one");
  other.submit("job", { rate: RATE });
  const gops = bench.job().gops.slice(0, 5);
  other.send({ type: "index-advanced", jobId: "job", gops });
  measure(other, other.attempt(), 5);
  const range = { startPts: 0, endPts: 900_000, totalFrames: 250 };
  other.send({ type: "index-unsplittable", jobId: "job", reason: "no seek lands", ...range });
  expect(other.job().segments).toHaveLength(1);
  expect(other.segment(0)).toMatchObject({ phase: { kind: "leased" }, rate: { targetBits: 10_000_000 } });
});

test("progress counts both passes and never falls between them", () => {
  const { bench, attempts } = measuring();
  const percent = () => jobProgress(bench.state, bench.job()).percent;
  const seen = [percent()];
  for (const attempt of attempts) {
    bench.progress(attempt, "encoding", 125, 100);
    seen.push(percent());
    measure(bench, attempt, 1_000_000);
    seen.push(percent());
  }
  expect(seen.at(-1)).toBe(20);
  for (const attempt of bench.attempts()) {
    bench.progress(attempt, "encoding", 5 * FRAMES_PER_GOP, 100);
    seen.push(percent());
    bench.finish(attempt, { videoBytes: 1 });
    seen.push(percent());
  }
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(99.9);
});

test("a restart keeps what was measured and what was shared out", () => {
  const { bench, attempts } = measuring();
  for (const attempt of attempts.slice(0, 2)) measure(bench, attempt, 1_000_000);
  bench.send({ type: "restarted" });
  bench.index(15);
  bench.hello("one", { slots: 3 });
  expect(bench.attempt()).toMatchObject({ segmentIndex: 2 });
  measure(bench, bench.attempt(), 1_000_000);
  const targets = TARGETS(bench.job());
  bench.send({ type: "restarted" });
  bench.index(15);
  expect(TARGETS(bench.job())).toEqual(targets);
});

test("segments that run side by side at the end miss by little together: none can make up for another", () => {
  const segments = 8;
  const bench = new SchedulerBench();
  bench.hello("one", { slots: segments });
  bench.submit("job", { rate: RATE, settings: { maxSegmentSeconds: 10 } });
  bench.index(5 * segments);
  for (const attempt of bench.attempts()) measure(bench, attempt, 1_000_000);
  expect(bench.attempts()).toHaveLength(segments);
  let worst = 0;
  for (const { rate } of bench.job().segments) worst += rate?.slackBits ?? 0;
  expect(worst).toBeLessThanOrEqual(0.017 * 10_000_000 * segments);
});
