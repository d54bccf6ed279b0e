import { expect, test } from "bun:test";
import { FRAMES_PER_GOP, gops, SchedulerBench } from "../../../../test/support/scheduler-bench.ts";

test("a submitted job is Queued, its index starts, and audio that must be encoded starts at the same time", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit("job", { hasSoundWork: true });
  expect(bench.job().status).toBe("Queued");
  expect(bench.last.effects).toEqual([
    { type: "start-index", jobId: "job" },
    { type: "start-audio", jobId: "job" },
  ]);
  expect(bench.details("job-status")).toEqual(["Submitted → Queued"]);
});

test("a job submitted twice is one job", () => {
  const bench = new SchedulerBench();
  bench.submit();
  const before = bench.state;
  bench.submit();
  expect(bench.state).toBe(before);
});

test("with fewer capable clients than required it waits, and nothing is leased", () => {
  const bench = new SchedulerBench();
  bench.submit("job", { settings: { requiredClients: 2 } });
  bench.index(20);
  expect(bench.job().status).toBe("WaitingForClients");
  bench.hello("one");
  bench.hello("other encoder", { encoders: ["libx265"] });
  expect(bench.job().status).toBe("WaitingForClients");
  expect(bench.attempts()).toEqual([]);
  bench.hello("two");
  expect(bench.details("job-status")).toEqual(["WaitingForClients → Queued", "Queued → Benchmarking"]);
  expect(bench.attempts().length).toBe(2);
  expect(bench.job().startedAt).toBe(bench.last.events[0]?.at ?? "");
});

test("a job that had enough clients and no lease yet goes back to waiting when one leaves", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit();
  bench.cut("one", true);
  expect(bench.job().status).toBe("WaitingForClients");
});

test("once started, the number of required clients no longer matters", () => {
  const bench = new SchedulerBench();
  bench.submit("job", { settings: { requiredClients: 2 } });
  bench.index(40);
  bench.hello("one");
  bench.hello("two");
  bench.cut("two", true);
  expect(bench.job().status).toBe("Benchmarking");
  bench.finish(bench.attempt("one"));
  expect(bench.job().status).toBe("Processing");
});

test("Processing begins when a first segment is verified", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(4);
  const attempt = bench.attempt();
  bench.land(attempt);
  expect(bench.job().status).toBe("Benchmarking");
  bench.answer(attempt, "verified");
  expect(bench.details("job-status")[0]).toBe("Benchmarking → Processing");
});

test("Processing begins when a client that has delivered gets a second segment", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit();
  bench.index(60);
  expect(bench.attempts().map((attempt) => attempt.isBenchmark)).toEqual([true, true]);
  expect(bench.job().status).toBe("Benchmarking");
  const [first] = bench.attempts();
  if (first === undefined) throw new Error("no attempt");
  bench.land(first);
  expect(bench.job().status).toBe("Processing");
});

test("a client that joins late benchmarks without changing the job's state", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(60);
  bench.finish(bench.attempt());
  bench.hello("late");
  expect(bench.attempt("late").isBenchmark).toBe(true);
  expect(bench.client("late").status).toBe("Benchmarking");
  expect(bench.job().status).toBe("Processing");
});

test("alone for a lease time it waits for clients; the next client brings it back", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(60);
  bench.finish(bench.attempt());
  bench.cut("one", true);
  expect(bench.job().status).toBe("Processing");
  bench.pass(14_999);
  expect(bench.job().status).toBe("Processing");
  bench.pass(1);
  expect(bench.details("job-status")).toEqual(["Processing → WaitingForClients"]);
  bench.hello("two");
  expect(bench.details("job-status")).toEqual(["WaitingForClients → Processing"]);
  expect(bench.job().aloneSince).toBeNull();
});

test("it combines when all is verified and the audio is done, and completes with the stitch", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit("job", { hasSoundWork: true });
  bench.index(4);
  for (let attempt = bench.attempts()[0]; attempt !== undefined; attempt = bench.attempts()[0]) bench.finish(attempt);
  expect(bench.job().status).toBe("Processing");
  bench.send({ type: "audio-finished", jobId: "job" });
  expect(bench.job().status).toBe("Combining");
  expect(bench.last.effects).toEqual([{ type: "start-stitch", jobId: "job" }]);
  const output = { name: "out.mp4", bytes: 7, sha256: "abc" };
  bench.send({ type: "stitch-finished", jobId: "job", output });
  expect(bench.job()).toMatchObject({ status: "Completed", output, completedAt: `at ${bench.now}` });
  expect(bench.effects("release-job")).toEqual([{ type: "release-job", jobId: "job", status: "Completed" }]);
});

test("it does not combine before the index is complete", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit();
  bench.send({ type: "index-advanced", jobId: "job", gops: gops(3) });
  for (let attempt = bench.attempts()[0]; attempt !== undefined; attempt = bench.attempts()[0]) bench.finish(attempt);
  expect(bench.job().status).toBe("Processing");
  bench.send({ type: "index-finished", jobId: "job", totalFrames: 3 * FRAMES_PER_GOP });
  expect(bench.job().status).toBe("Combining");
});

test("a stitch that breaks fails the job with its own error", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit();
  bench.index(2);
  bench.finish(bench.attempt());
  const error = { code: "E_STITCH", message: "no", hint: "none" } as const;
  bench.send({ type: "job-broke", jobId: "job", error });
  expect(bench.job()).toMatchObject({ status: "Failed", error });
});

test("cancel takes every attempt away and releases the job", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit();
  bench.index(60);
  const held = bench.attempts().map((attempt) => attempt.id);
  bench.send({ type: "cancel-requested", jobId: "job" });
  expect(bench.effects("stop-attempt").map((effect) => effect.attemptId)).toEqual(held);
  expect(bench.attempts()).toEqual([]);
  expect(bench.job().status).toBe("Cancelled");
  expect(bench.client().status).toBe("Idle");
  expect(bench.effects("release-job").length).toBe(1);
});

test("cancel of an ended job is refused, of an unknown one too", () => {
  const bench = new SchedulerBench();
  bench.submit();
  bench.send({ type: "cancel-requested", jobId: "job" });
  const ended = bench.state;
  expect(bench.send({ type: "cancel-requested", jobId: "job" }).verdict).toMatchObject({
    ok: false,
    error: { code: "E_WRONG_STATE", message: "job job has ended: it is Cancelled" },
  });
  expect(bench.state).toBe(ended);
  expect(bench.send({ type: "cancel-requested", jobId: "?" }).verdict).toMatchObject({
    error: { code: "E_UNKNOWN_ID" },
  });
});

test("groups that are known already, or that segments hold, do not count twice", () => {
  const bench = new SchedulerBench();
  bench.submit();
  bench.send({ type: "index-advanced", jobId: "job", gops: gops(3) });
  bench.send({ type: "index-advanced", jobId: "job", gops: gops(5) });
  expect(bench.job().gops).toMatchObject(gops(5));
  expect(bench.job().gops).toHaveLength(5);
  expect(bench.job().gops.at(-1)?.framesUpTo).toBe(5 * FRAMES_PER_GOP);
});

test("an index that contradicts its earlier self fails the job", () => {
  const bench = new SchedulerBench();
  bench.submit();
  bench.send({ type: "index-advanced", jobId: "job", gops: gops(2) });
  bench.send({ type: "index-advanced", jobId: "job", gops: [{ startPts: 200_000, endPts: 500_000, frames: 80 }] });
  expect(bench.job().error?.code).toBe("E_INDEX");
});

test("an index whose total is not the sum of its groups fails the job", () => {
  const bench = new SchedulerBench();
  bench.submit();
  bench.send({ type: "index-advanced", jobId: "job", gops: gops(2) });
  bench.send({ type: "index-finished", jobId: "job", totalFrames: 2 * FRAMES_PER_GOP + 1 });
  expect(bench.job().error?.code).toBe("E_INDEX");
});

test("a source without frames fails", () => {
  const bench = new SchedulerBench();
  bench.submit();
  bench.send({ type: "index-finished", jobId: "job", totalFrames: 0 });
  expect(bench.job().error?.code).toBe("E_SOURCE_NO_VIDEO");
});

test("a whole job is one segment, formed when the index is complete", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit("job", { split: { mode: "whole", reason: "yadif sees its neighbours" } });
  bench.send({ type: "index-advanced", jobId: "job", gops: gops(30) });
  expect(bench.attempts()).toEqual([]);
  bench.send({ type: "index-finished", jobId: "job", totalFrames: 1490 });
  expect(bench.job().segments).toMatchObject([{ startPts: 0, endPts: 30 * 180_000, frames: 1490 }]);
  expect(bench.segment(0).notes).toEqual(["not split: yadif sees its neighbours"]);
});

test("a source found unsplittable voids its segments for one over everything, once", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit();
  bench.send({ type: "index-advanced", jobId: "job", gops: gops(30) });
  const [landed, running] = bench.attempts();
  if (landed === undefined || running === undefined) throw new Error("two attempts expected");
  bench.finish(landed);
  const told = {
    type: "index-unsplittable",
    jobId: "job",
    reason: "no seek lands",
    startPts: 0,
    endPts: 30 * 180_000,
    totalFrames: 1500,
  } as const;
  bench.send(told);
  expect(bench.effects("stop-attempt").map((effect) => effect.attemptId)).toContain(running.id);
  expect(bench.effects("drop-result").map((effect) => effect.attemptId)).toEqual([landed.id]);
  expect(bench.job().segments).toMatchObject([{ index: 0, frames: 1500, phase: { kind: "leased" } }]);
  expect(bench.answer(running, "verified").events).toEqual([]);

  bench.send({ type: "restarted" });
  bench.hello("one", { slots: 2, heldAttempts: [bench.attempt().id] });
  const before = bench.attempt();
  bench.send(told);
  expect(bench.attempt()).toBe(before);
});

test("frames that leave the declared rate void all segments; those after it begin at the beginning, once", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit();
  bench.send({ type: "index-advanced", jobId: "job", gops: gops(30) });
  const [landed, running] = bench.attempts();
  if (landed === undefined || running === undefined) throw new Error("two attempts expected");
  bench.finish(landed);
  const told = { type: "index-off-grid", jobId: "job", reason: "frame 7 is late" } as const;
  bench.send(told);
  expect(bench.job()).toMatchObject({ split: { mode: "keyframes", offGrid: "frame 7 is late" }, segments: [] });
  expect(bench.effects("stop-attempt").map((effect) => effect.attemptId)).toContain(running.id);
  expect(bench.effects("drop-result").map((effect) => effect.attemptId)).toEqual([landed.id]);

  bench.send({ type: "index-advanced", jobId: "job", gops: gops(30) });
  expect(bench.segment(0)).toMatchObject({ index: 0, startPts: 0, phase: { kind: "leased" } });
  const before = bench.job();
  bench.send(told);
  expect(bench.job()).toBe(before);
});

test("an ended job never changes again", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit();
  bench.index(10);
  const attempt = bench.attempt();
  bench.send({ type: "cancel-requested", jobId: "job" });
  const ended = bench.job();
  bench.land(attempt);
  bench.answer(attempt, "verified");
  bench.fail(attempt);
  bench.index(12);
  bench.send({ type: "audio-finished", jobId: "job" });
  bench.send({ type: "stitch-finished", jobId: "job", output: { name: "", bytes: 0, sha256: "" } });
  bench.pass(60_000);
  expect(bench.job()).toBe(ended);
});
