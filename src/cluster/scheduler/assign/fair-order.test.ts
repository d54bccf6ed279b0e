import { expect, test } from "bun:test";
import { gops, SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { QueuePlace } from "../model/queue-place.ts";

const SHORT = { durationSeconds: 20 };

/** A film holds the only slot of the only client. */
function busyBench(queue?: QueuePlace): SchedulerBench {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit("film", { durationSeconds: 36_000, ...(queue === undefined ? {} : { queue }) });
  bench.send({ type: "index-advanced", jobId: "film", gops: gops(18_000) });
  bench.progress(bench.attempt(), "encoding", 10, 1);
  return bench;
}

test("a short job gets a slot at once while a long one holds them all", () => {
  const bench = busyBench();
  bench.submit("clip", SHORT);
  bench.index(10, "clip");
  const [film, clip] = bench.attempts();
  expect(film).toMatchObject({ jobId: "film", stage: "encoding" });
  expect(clip).toMatchObject({ jobId: "clip", isUrgent: true });
  bench.pass(1000);
  expect(bench.attempts()).toHaveLength(2); // one urgent encode for each that can be suspended
});

test("what is suspended for another job is not taken for hanging; the urgent encode itself may hang", () => {
  const bench = busyBench();
  bench.submit("clip", SHORT);
  bench.index(10, "clip");
  const [film, clip] = bench.attempts();
  if (film === undefined || clip === undefined) throw new Error("two attempts were expected");
  for (let minutes = 0; minutes < 40; minutes++) {
    for (let step = 0; step < 6; step++) {
      bench.now += 10_000;
      bench.heard();
      for (const attempt of bench.attempts()) bench.progress(attempt, "encoding", 10, 1);
    }
  }
  expect(bench.attempts().some(({ id }) => id === film.id)).toBe(true);
  expect(bench.attempts().some(({ id }) => id === clip.id)).toBe(false);
});

test("what a client has only queued of a long job goes back, and counts as nothing", () => {
  const bench = busyBench();
  bench.finish(bench.attempt(), { seconds: 10 });
  const [running, queued] = bench.attempts();
  if (running === undefined || queued === undefined) throw new Error("one in the slot and one behind it were expected");
  bench.progress(running, "encoding", 10, 1);
  bench.submit("clip", SHORT);
  bench.index(10, "clip");
  expect(bench.attempts().map(({ jobId }) => jobId)).toEqual(["film", "clip"]);
  expect(bench.segment(queued.segmentIndex, "film")).toMatchObject({ attempts: 0, losses: 0, failures: 0 });
});

test("jobs of one owner go by priority when they are equally long, and as they are moved", () => {
  const bench = new SchedulerBench();
  for (const [id, priority] of [
    ["a", 50],
    ["b", 60],
    ["c", 40],
  ] as const) {
    bench.submit(id, { queue: { priority } });
    bench.index(1000, id);
  }
  bench.hello();
  expect(bench.attempt().jobId).toBe("b");
  bench.send({ type: "move-requested", jobId: "c", to: "first" });
  bench.send({ type: "move-requested", jobId: "a", priority: 55 });
  bench.hello("other");
  expect(bench.attempt("other").jobId).toBe("c");
  bench.send({ type: "move-requested", jobId: "a", to: "first" });
  bench.hello("third");
  expect(bench.attempt("third").jobId).toBe("a");
  expect(bench.send({ type: "move-requested", jobId: "none", to: "last" }).verdict).toMatchObject({ ok: false });
});

test("a job that was moved takes nothing from other owners", () => {
  const bench = new SchedulerBench();
  bench.submit("short", { queue: { priority: 50, owner: "one" } });
  bench.submit("long", { queue: { priority: 50, owner: "other", place: -1 } });
  bench.index(900, "short");
  bench.index(1000, "long");
  bench.hello();
  expect(bench.attempt().jobId).toBe("short");
});
