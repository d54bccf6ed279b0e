import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import { crewOf } from "./crew.ts";

test("the crew of a job: who holds what of it, how fast, and who has delivered how much", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit("job", { settings: { maxSegmentSeconds: 10 } });
  bench.index(100);
  const [first, second] = bench.attempts();
  if (first === undefined || second === undefined) throw new Error("two attempts expected");
  bench.progress(second, "encoding", 100, 50);
  const crew = () => crewOf(bench.state, bench.job());
  expect(crew()).toMatchObject([{ clientId: "one", name: "one", condition: "ready", fps: 50, percent: 0 }]);
  expect(crew()[0]?.segments[1]).toEqual({
    ...{ index: second.segmentIndex, stage: "encoding", framesDone: 100 },
    frames: bench.job().segments[second.segmentIndex]?.frames ?? 0,
  });
  bench.finish(first);
  expect(crew()).toMatchObject([{ percent: 100 }]);
  bench.cut("one");
  expect(crew()).toMatchObject([{ condition: "lost", fps: 0, percent: 100 }]);
});
