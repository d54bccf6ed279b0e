import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { SegmentReport } from "../../../media/model/segment.ts";
import { resultStanding } from "./result-rules.ts";

/** One client at work on a long job, or on one of so many groups. */
function working(groups = 100): SchedulerBench {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(groups);
  return bench;
}

test("a lease lasts fifteen seconds and progress renews it", () => {
  const bench = working();
  const { id } = bench.attempt();
  bench.now += 14_000;
  bench.heard();
  bench.progress(bench.attempt(), "encoding", 10, 25);
  bench.pass(14_000);
  expect(bench.attempt()).toMatchObject({ id, framesDone: 10, fps: 25, stage: "encoding" });
});

test("a lease that ends frees the segment at once, tells the client, and counts as a loss", () => {
  const bench = working();
  const { id } = bench.attempt();
  bench.now += 10_000;
  bench.heard();
  bench.pass(5000);
  expect(bench.details("lease-lost").length).toBe(1);
  expect(bench.effects("stop-attempt").map((effect) => effect.attemptId)).toEqual([id]);
  expect(bench.segment(0)).toMatchObject({ losses: 1, failures: 0, attempts: 2, phase: { kind: "leased" } });
});

test("progress of another client, of an unknown one or of an unknown attempt renews nothing", () => {
  const bench = working();
  bench.hello("two", { encoders: [] });
  const before = bench.state.attempts;
  const attempt = bench.attempt();
  bench.progress({ ...attempt, clientId: "two" }, "encoding", 5, 5);
  bench.progress({ ...attempt, clientId: "nobody" }, "encoding", 5, 5);
  bench.progress({ ...attempt, id: "none" }, "encoding", 5, 5);
  expect(bench.state.attempts).toBe(before);
});

test("stage and frames never go back", () => {
  const bench = working();
  bench.progress(bench.attempt(), "uploading", 200, 0);
  const attempt = bench.attempts().find((each) => each.stage === "uploading");
  if (attempt === undefined) throw new Error("no upload");
  bench.progress(attempt, "encoding", 100, 20);
  expect(bench.state.attempts.get(attempt.id)).toMatchObject({ stage: "uploading", framesDone: 200 });
});

test("a result under a live lease is taken once and verified", () => {
  const bench = working();
  const attempt = bench.attempt();
  expect(resultStanding(bench.state, attempt.id, "one")).toBe("wanted");
  expect(bench.land(attempt).verdict).toEqual({ ok: true });
  expect(bench.effects("verify")).toEqual([{ type: "verify", jobId: "job", segmentIndex: 0, attemptId: attempt.id }]);
  expect(resultStanding(bench.state, attempt.id, "one")).toBe("had");
  const again = bench.land(attempt);
  expect(again.verdict).toEqual({ ok: true });
  expect(again.effects).toEqual([]);
  expect(again.events).toEqual([]);
});

test("a result after its lease is refused, its file dropped, the refusal recorded", () => {
  const bench = working();
  const late = bench.attempt();
  bench.cut();
  bench.pass(2000);
  expect(resultStanding(bench.state, late.id, "one")).toBe("stale");
  const { id: attemptId } = late;
  const storedFor = { jobId: "job", segmentIndex: 0 };
  const report = {
    frames: 1,
    seconds: 1,
    encoder: "libx264",
    ffmpegVersion: "5",
    seamStart: null,
    seamAfterEnd: null,
    decodeErrors: [],
  };
  bench.send({ type: "result-landed", attemptId, clientId: "one", report, storedFor });
  expect(bench.last.verdict).toMatchObject({ ok: false, error: { code: "E_STALE_ATTEMPT" } });
  expect(bench.effects("drop-result")).toEqual([{ type: "drop-result", ...storedFor, attemptId }]);
  expect(bench.last.events).toMatchObject([{ type: "attempt-refused", attemptId, segmentIndex: 0 }]);
  expect(bench.segment(0).phase.kind).toBe("pending");
});

test("a result under another client's name is refused", () => {
  const bench = working();
  const attempt = bench.attempt();
  bench.hello("two", { encoders: [] });
  expect(bench.land({ ...attempt, clientId: "two" }).verdict.ok).toBe(false);
  expect(bench.attempt()).toBe(attempt);
});

test("the file of a taken result is not dropped when another client claims the same attempt", () => {
  const bench = working();
  const attempt = bench.attempt();
  bench.land(attempt);
  const { report } = (bench.segment(0).phase as { landed: { report: SegmentReport } }).landed;
  const storedFor = { jobId: "job", segmentIndex: 0 };
  bench.send({ type: "result-landed", attemptId: attempt.id, clientId: "two", report, storedFor });
  expect(bench.last.verdict.ok).toBe(false);
  expect(bench.last.effects).toEqual([]);
});

test("a failure waits for the retry delay and counts against the retries", () => {
  const bench = working();
  bench.fail(bench.attempt());
  expect(bench.segment(0)).toMatchObject({ failures: 1, failedOn: ["one"], phase: { kind: "pending" } });
  expect(bench.segment(1).phase.kind).toBe("leased"); // other work goes on
  bench.pass(999);
  expect(bench.segment(0).phase.kind).toBe("pending");
  bench.now += 1;
  bench.finish(bench.attempt());
  expect(bench.attempts().some((attempt) => attempt.segmentIndex === 0)).toBe(true);
});

test("a segment that fails more often than allowed fails the job with ffmpeg's own last words", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(3);
  for (let tries = 0; tries < 3; tries++) {
    expect(bench.job().status).toBe("Benchmarking");
    bench.fail(bench.attempt(), "encode", "Invalid data found");
    bench.pass(1000);
  }
  expect(bench.job().status).toBe("Failed");
  expect(bench.job().error).toMatchObject({
    code: "E_ENCODE_FAILED",
    message: "segment 0 failed 3 times; the last error was: Invalid data found",
  });
  expect(bench.job().error?.hint).toContain("ffmpeg");
});

test("a segment that sought and fails as often as allowed is decoded from the beginning, and only then fails the job", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit("job", { settings: { benchmarkSeconds: 4 } });
  bench.index(4);
  const [first] = bench.attempts();
  if (first === undefined) throw new Error("no attempt");
  bench.finish(first);
  const failsSecond = () => {
    for (let tries = 0; tries < 3; tries++) {
      const attempt = bench.attempts().find(({ segmentIndex }) => segmentIndex === 1);
      if (attempt === undefined) throw new Error("segment 1 is not leased");
      bench.fail(attempt, "encode", "Cannot determine format of input stream 0:0 after EOF");
      bench.pass(1000);
    }
  };
  failsSecond();
  expect(bench.job().error).toBeNull();
  expect(bench.segment(1)).toMatchObject({ leadIn: "beginning", failures: 0 });
  expect(bench.segment(1).notes.at(-1)).toContain("from the beginning of the source: Cannot determine format");
  failsSecond();
  expect(bench.job().error).toMatchObject({ code: "E_ENCODE_FAILED" });
});

test("a segment that fails as often as allowed where pictures change gives way to one run over everything", () => {
  const bench = working(1);
  bench.whyWhole = "the pictures change from 192x108 to 224x124, and filters start again there";
  for (let tries = 0; tries < 3; tries++) {
    bench.fail(bench.attempt());
    bench.pass(1000);
  }
  expect(bench.job()).toMatchObject({ error: null, split: { mode: "whole", reason: bench.whyWhole } });
});

test("a segment waits for the answer to whether pictures change; an answer that comes late changes nothing", () => {
  const bench = working(1);
  const failsOnce = () => {
    const { clientId, id: attemptId } = bench.attempt();
    bench.send({ type: "attempt-failed", clientId, attemptId, kind: "encode", reason: "no packets" });
    bench.pass(1000);
  };
  for (let tries = 0; tries < 2; tries++) failsOnce();
  const error = { code: "E_ENCODE_FAILED", message: "no packets", hint: "" } as const;
  const answer = { jobId: "job", segmentIndex: 0, reason: "no packets", error };
  bench.send({ type: "change-looked-for", ...answer, whyWhole: "late" });
  expect(bench.job()).toMatchObject({ error: null, split: { mode: "keyframes" } });
  failsOnce();
  expect(bench.attempts()).toEqual([]);
  expect(bench.job().error).toBeNull();
  bench.send({ type: "change-looked-for", ...answer, whyWhole: null });
  expect(bench.job().error).toEqual(error);
});

test("an attempt given back is a loss, not a failure", () => {
  const bench = working();
  bench.fail(bench.attempt(), "stopped");
  expect(bench.segment(0)).toMatchObject({ failures: 0, losses: 1 });
});

test("losses are bounded too", () => {
  const bench = working();
  for (let lost = 0; lost < 13; lost++) {
    expect(bench.job().status).toBe("Benchmarking");
    bench.fail(bench.attempt(), "stopped");
  }
  expect(bench.job().error).toMatchObject({ code: "E_ENCODE_FAILED" });
  expect(bench.job().error?.message).toContain("lost 13 times");
});

test("a measured speed is half new, half old, and the client's is that of all its slots", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit();
  bench.index(100);
  const [first] = bench.attempts();
  if (first === undefined) throw new Error("no attempt");
  bench.land(first, { frames: 100, seconds: 1 });
  expect(bench.client()).toMatchObject({ slotFps: { job: 100 }, performance: 200 });
  const [second] = bench.attempts();
  if (second === undefined) throw new Error("no attempt");
  bench.land(second, { frames: 100, seconds: 2 });
  expect(bench.client()).toMatchObject({ slotFps: { job: 75 }, performance: 150 });
});
