import { expect, test } from "bun:test";
import type { Attempt } from "../../scheduler/model/segment.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import { AttemptStages } from "./attempt-stages.ts";

const stateOf = (...attempts: readonly Partial<Attempt>[]) =>
  ({ attempts: new Map(attempts.map((each) => [each.id, each])) }) as unknown as SchedulerState;

test("each stage has its moment, and the last speed stays", () => {
  const stages = new AttemptStages();
  const none = stateOf();
  const queued = stateOf({ id: "a", stage: "queued", framesDone: 0, fps: 0 });
  const encoding = stateOf({ id: "a", stage: "encoding", framesDone: 30, fps: 12.5 });
  const further = stateOf({ id: "a", stage: "encoding", framesDone: 60, fps: 14 });
  const uploading = stateOf({ id: "a", stage: "uploading", framesDone: 60, fps: 0 });
  stages.note(queued, ["a"], "t1");
  stages.note(encoding, ["a"], "t2");
  stages.note(further, ["a"], "t3");
  stages.note(uploading, ["a"], "t4");
  stages.note(uploading, ["a"], "t5");
  stages.note(none, ["a"], "t6");
  const at = ["queued t1", "encoding t2", "uploading t4"];
  const course = stages.of("a");
  expect(course?.stages.map((each) => `${each.stage} ${each.at}`)).toEqual(at);
  expect([course?.frames, course?.fps]).toEqual([60, 14]);
  expect(stages.of("b")).toBeNull();
});

test("the oldest make room", () => {
  const stages = new AttemptStages();
  for (let number = 0; number <= 20_000; number += 1) {
    const after = stateOf({ id: `a${number}`, stage: "queued", framesDone: 0, fps: 0 });
    stages.note(after, after.attempts.keys(), "t");
  }
  expect([stages.of("a0"), stages.of("a1")?.frames]).toEqual([null, 0]);
});
