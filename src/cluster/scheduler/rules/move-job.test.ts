import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { QueueMove } from "../model/queue-place.ts";

/** Jobs of one owner that wait for a client, in the order of their submission. */
function waiting(ids: readonly string[]): SchedulerBench {
  const bench = new SchedulerBench();
  for (const id of ids) {
    bench.submit(id, { queue: { priority: 50, owner: "one" } });
    bench.index(1000, id);
  }
  return bench;
}

function move(bench: SchedulerBench, jobId: string, wanted: QueueMove) {
  return bench.send({ type: "move-requested", jobId, ...wanted }).verdict;
}

/** Ids by place; jobs of the same place together, by name. */
function order(bench: SchedulerBench): string {
  const placed = [...bench.state.jobs.values()].map(({ id, queue }) => ({ id, place: queue?.place ?? 0 }));
  placed.sort((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1));
  return placed.map(({ id }) => id).join("");
}

test("a job goes before another one, and gets the next client", () => {
  const bench = waiting(["a", "b", "c"]);
  expect(move(bench, "a", { to: "first" })).toEqual({ ok: true });
  expect(move(bench, "c", { before: "a" })).toEqual({ ok: true });
  expect(order(bench)).toBe("cab");
  bench.hello();
  expect(bench.attempt().jobId).toBe("c");
});

test("a job goes between two others, however often", () => {
  const bench = waiting(["a", "b", "c"]);
  move(bench, "a", { to: "first" });
  move(bench, "c", { to: "last" });
  for (let moves = 0; moves < 2000; moves++) {
    const [id, next] = moves % 2 === 0 ? (["a", "c"] as const) : (["b", "c"] as const);
    expect(move(bench, id, { before: next })).toEqual({ ok: true });
    expect(order(bench)).toBe(moves % 2 === 0 ? "bac" : "abc");
  }
  for (const { queue } of bench.state.jobs.values()) expect(Number.isFinite(queue?.place)).toBe(true);
});

test("jobs that stand at the same place stay together behind the one that goes before them", () => {
  const bench = waiting(["a", "b", "c"]);
  move(bench, "b", { before: "c", priority: 80 });
  expect(order(bench)).toBe("bac");
  expect(bench.job("b").queue).toMatchObject({ priority: 80, owner: "one" });
});

test("what can't be moved, and before what nothing can be moved", () => {
  const bench = waiting(["a", "b", "c"]);
  bench.submit("d", { queue: { priority: 50, owner: "other" } });
  bench.send({ type: "cancel-requested", jobId: "c" });
  const refused = (code: string, message: string) => ({
    ok: false,
    error: { code, message: expect.stringContaining(message), hint: expect.any(String) },
  });
  expect(move(bench, "a", { before: "none" })).toMatchObject(refused("E_UNKNOWN_ID", "no job with id none"));
  expect(move(bench, "none", { before: "a" })).toMatchObject(refused("E_UNKNOWN_ID", "no job with id none"));
  expect(move(bench, "a", { before: "c" })).toMatchObject(refused("E_WRONG_STATE", "job c has ended already"));
  expect(move(bench, "c", { before: "a" })).toMatchObject(refused("E_WRONG_STATE", "job c has ended already"));
  expect(move(bench, "a", { before: "a" })).toMatchObject(refused("E_WRONG_STATE", "before itself"));
  expect(move(bench, "a", { before: "d" })).toMatchObject(refused("E_WRONG_STATE", "another owner's"));
  expect(order(bench)).toBe("abcd");
});
