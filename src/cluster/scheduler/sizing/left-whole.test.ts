import { expect, test } from "bun:test";
import { FRAMES_PER_GOP, SchedulerBench } from "../../../../test/support/scheduler-bench.ts";

/** The segments of a job of so many groups of two seconds, beside others that have not been read yet. */
function cut(groups: number, others: number, slots: number, maxSegmentSeconds: number | null = null): number[] {
  const bench = new SchedulerBench();
  bench.hello("one", { slots });
  bench.submit("job", { durationSeconds: 2 * groups, settings: { maxSegmentSeconds } });
  for (let number = 0; number < others; number++) bench.submit(`other ${number}`, { durationSeconds: 4 });
  bench.index(groups);
  return bench.job().segments.map(({ frames }) => frames / FRAMES_PER_GOP);
}

test("a short job alone is shared by the slots", () => {
  expect(cut(4, 0, 2)).toEqual([2, 2]);
});

test("a short job stays in one piece while there is a job for every slot, and is shared while there is none", () => {
  expect(cut(4, 1, 2)).toEqual([4]);
  expect(cut(4, 1, 4)).toEqual([1, 1, 1, 1]);
  expect(cut(4, 3, 4)).toEqual([4]);
});

test("a longer one is cut all the same, and so is one whose segments must be shorter", () => {
  expect(cut(6, 1, 2).length).toBeGreaterThan(1);
  expect(cut(4, 1, 2, 4).length).toBeGreaterThan(1);
});
