// Segments whose parameter sets can't be joined: which clients go on, what is encoded again, what happens when none fits.
import { expect, test } from "bun:test";
import { FACTS, gops, SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { JobSettings } from "../model/job.ts";
import type { Attempt } from "../model/segment.ts";
import { idleClients } from "../views/idle.ts";

function benchWith(settings: Partial<JobSettings>, clients: readonly string[] = ["one", "two"]): SchedulerBench {
  const bench = new SchedulerBench();
  for (const id of clients) bench.hello(id);
  bench.submit("job", { settings: { requiredClients: clients.length, ...settings } });
  bench.index(60);
  return bench;
}

function finish(bench: SchedulerBench, attempt: Attempt, extradataSha256: string | null, seconds = 1): void {
  bench.land(attempt, { seconds });
  const { id: attemptId, jobId, segmentIndex } = attempt;
  bench.send({ type: "segment-verified", attemptId, jobId, segmentIndex, facts: { ...FACTS, extradataSha256 } });
}

/** The client's oldest live attempt. */
function firstOf(bench: SchedulerBench, clientId: string): Attempt {
  const [first] = bench.attempts(clientId);
  if (first === undefined) throw new Error(`${clientId} holds nothing`);
  return first;
}

const REASON = "writes other stream headers than the rest, so its segments can't be joined with theirs";

test("the slower client's segment is encoded again by the other, and it gets no more", () => {
  const bench = benchWith({ headers: "global" });
  const slow = firstOf(bench, "one");
  finish(bench, slow, "a", 100);
  finish(bench, firstOf(bench, "two"), "b", 1);
  expect(bench.segment(slow.segmentIndex).phase.kind).not.toBe("verified");
  expect(bench.segment(slow.segmentIndex).notes).toEqual([`encoded again: the libx264 of one ${REASON}`]);
  expect(bench.effects("drop-result").map(({ attemptId }) => attemptId)).toEqual([slow.id]);
  expect(bench.details("client-unfit")).toEqual([`libx264 ${REASON}`]);
  expect(bench.attempts("one")).toEqual([]);
  expect(idleClients(bench.state, bench.job()).map(({ client, reason }) => [client.id, reason])).toEqual([
    ["one", `its libx264 ${REASON}`],
  ]);
});

test("the later one is dropped when the earlier is as fast; its live work is stopped", () => {
  const bench = benchWith({ headers: "repeated" });
  finish(bench, firstOf(bench, "one"), "a");
  const late = firstOf(bench, "two");
  finish(bench, late, null);
  expect(bench.segment(late.segmentIndex).phase.kind).not.toBe("verified");
  expect(bench.attempts("two")).toEqual([]);
  expect(bench.effects("stop-attempt").every(({ clientId }) => clientId === "two")).toBe(true);
});

test("two clients that make the same win over one that began", () => {
  const bench = benchWith({ headers: "global" }, ["one", "two", "three"]);
  const first = firstOf(bench, "one");
  finish(bench, first, "a");
  finish(bench, firstOf(bench, "two"), "b", 1.1);
  expect(bench.attempts("two")).toEqual([]);
  finish(bench, firstOf(bench, "three"), "b");
  expect(bench.attempts("one")).toEqual([]);
  expect(bench.segment(first.segmentIndex).phase.kind).not.toBe("verified");
  expect(bench.attempts("two").length).toBeGreaterThan(0);
});

test("a late result of a client that was set aside does not change the choice", () => {
  const bench = benchWith({ headers: "global" });
  const [slow, kept] = [firstOf(bench, "one"), firstOf(bench, "two")];
  bench.land(slow, { seconds: 100 });
  const late = firstOf(bench, "one");
  bench.land(late, { seconds: 100 });
  const verify = ({ id: attemptId, jobId, segmentIndex }: Attempt, extradataSha256: string) =>
    bench.send({ type: "segment-verified", attemptId, jobId, segmentIndex, facts: { ...FACTS, extradataSha256 } });
  verify(slow, "a");
  finish(bench, kept, "b", 1);
  expect(bench.details("client-unfit")).toEqual([`libx264 ${REASON}`]);
  bench.cut("two");
  verify(late, "a");
  expect(bench.details("client-unfit")).toEqual([]);
  expect(bench.segment(kept.segmentIndex).phase.kind).toBe("verified");
  expect(bench.segment(late.segmentIndex).phase.kind).not.toBe("verified");
});

test("where each segment carries its own parameter sets, nothing is encoded again", () => {
  const bench = benchWith({});
  const [one, two] = [firstOf(bench, "one"), firstOf(bench, "two")];
  finish(bench, one, "a");
  finish(bench, two, "b");
  expect(bench.segment(one.segmentIndex).phase.kind).toBe("verified");
  expect(bench.segment(two.segmentIndex).phase.kind).toBe("verified");
});

test("a client that makes another pixel format is told apart, whatever the codec", () => {
  const bench = benchWith({});
  const [one, two] = [firstOf(bench, "one"), firstOf(bench, "two")];
  const verify = ({ id: attemptId, jobId, segmentIndex }: Attempt, pixelFormat: string) =>
    bench.send({ type: "segment-verified", attemptId, jobId, segmentIndex, facts: { ...FACTS, pixelFormat } });
  bench.land(one, { seconds: 1 });
  bench.land(two, { seconds: 100 });
  verify(one, "yuv420p10le");
  verify(two, "yuv420p");
  expect(bench.segment(one.segmentIndex).phase.kind).toBe("verified");
  expect(bench.segment(two.segmentIndex).phase.kind).not.toBe("verified");
  const reason = "makes another pixel format than the rest, so its segments can't be joined with theirs";
  expect(bench.details("client-unfit")).toEqual([`libx264 ${reason}`]);
});

test("one client that makes two pixel formats of one source makes it in one piece", () => {
  const bench = benchWith({}, ["one"]);
  for (const pixelFormat of ["yuv420p", "yuvj420p"]) {
    const { id: attemptId, jobId, segmentIndex, ...attempt } = firstOf(bench, "one");
    bench.land({ id: attemptId, jobId, segmentIndex, ...attempt }, { seconds: 1 });
    bench.send({ type: "segment-verified", attemptId, jobId, segmentIndex, facts: { ...FACTS, pixelFormat } });
  }
  expect(bench.job().split).toMatchObject({ mode: "whole", reason: expect.stringContaining("yuvj420p") });
});

test.each([
  ["global", "whole"],
  ["repeated", "keyframes"],
] as const)("one client that writes several parameter sets, %s: %s", (headers, mode) => {
  const bench = benchWith({ headers }, ["one"]);
  finish(bench, firstOf(bench, "one"), "a");
  finish(bench, firstOf(bench, "one"), "b");
  expect(bench.job().split.mode).toBe(mode);
  expect(bench.job().unfit ?? []).toEqual([]);
});

test("when those who fit are gone for good, the others begin again", () => {
  const bench = benchWith({ headers: "global" });
  const kept = firstOf(bench, "two");
  finish(bench, firstOf(bench, "one"), "a", 100);
  finish(bench, kept, "b", 1);
  bench.cut("two", true);
  for (let waited = 0; waited < 50; waited += 10) {
    bench.pass(10_000);
    bench.heard("one");
    expect(bench.attempts("one")).toEqual([]);
  }
  expect(bench.job().status).toBe("WaitingForClients");
  expect(bench.segment(kept.segmentIndex).phase.kind).toBe("verified");
  bench.pass(10_000);
  bench.heard("one");
  bench.pass(1000);
  expect(bench.attempts("one").length).toBeGreaterThan(0);
  expect(bench.segment(kept.segmentIndex).notes.at(-1)).toStartWith("encoded again: no client was left");
  expect(bench.job().status).not.toBe("Failed");
});

test("with one segment over everything, a client with other parameter sets may encode it", () => {
  const bench = new SchedulerBench();
  for (const id of ["one", "two"]) bench.hello(id);
  bench.submit("job", { settings: { requiredClients: 2, headers: "global" } });
  bench.send({ type: "index-advanced", jobId: "job", gops: gops(60) });
  finish(bench, firstOf(bench, "one"), "a", 100);
  finish(bench, firstOf(bench, "two"), "b", 1);
  expect(bench.attempts("one")).toEqual([]);
  const endPts = gops(60).at(-1)?.endPts ?? 0;
  const whole = { reason: "no seek lands", startPts: 0, endPts, totalFrames: 60 };
  bench.send({ type: "index-unsplittable", jobId: "job", ...whole });
  expect(bench.job()).toMatchObject({ split: { mode: "whole" }, unfit: [] });
  bench.cut("two", true);
  expect(bench.attempts("one")).toHaveLength(1);
});
