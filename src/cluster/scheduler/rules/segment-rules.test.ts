import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import type { Attempt } from "../model/segment.ts";

/** One client, one job of a single segment. */
function single(): SchedulerBench {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(3);
  return bench;
}

/** One client with two slots, a job of two segments, both leased. */
function pair(): { bench: SchedulerBench; first: Attempt; second: Attempt } {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit("job", { settings: { benchmarkSeconds: 4 } });
  bench.index(4);
  const [first, second] = bench.attempts();
  if (first === undefined || second === undefined) throw new Error("two attempts expected");
  return { bench, first, second };
}

function holderOf(bench: SchedulerBench, index: number): Attempt {
  const found = bench.attempts().find((attempt) => attempt.segmentIndex === index);
  if (found === undefined) throw new Error(`segment ${index} is not leased`);
  return found;
}

function land(bench: SchedulerBench): Attempt {
  const attempt = bench.attempt();
  bench.land(attempt);
  return attempt;
}

test("an answer about an attempt that is not the one being checked means nothing", () => {
  const bench = single();
  const attempt = land(bench);
  const before = bench.state;
  bench.answer({ ...attempt, id: "another" }, "verified");
  bench.answer({ ...attempt, segmentIndex: 7 }, "verified");
  bench.answer(attempt, "reference agrees");
  expect(bench.state).toBe(before);
});

test("a mismatch climbs the ladder: lead-in 1, then 3, then the server's own decoding", () => {
  const bench = single();
  bench.answer(land(bench), "mismatched");
  expect(bench.effects("drop-result").length).toBe(1);
  expect(bench.attempt().leadIn).toBe(1);
  bench.answer(land(bench), "mismatched");
  expect(bench.attempt().leadIn).toBe(3);
  const last = land(bench);
  bench.answer(last, "mismatched");
  expect(bench.segment(0).phase.kind).toBe("referencing");
  expect(bench.effects("reference").map((effect) => effect.attemptId)).toEqual([last.id]);
  expect(bench.segment(0)).toMatchObject({ failures: 0, losses: 0, attempts: 3 });
});

test("a segment that the reference agrees with is believed, noted, and the next mismatch asks the reference at once", () => {
  const { bench, first, second } = pair();
  for (const attempt of [first]) {
    bench.land(attempt);
    bench.answer(attempt, "mismatched");
  }
  for (let rung = 0; rung < 2; rung++) {
    const again = holderOf(bench, 0);
    bench.land(again);
    bench.answer(again, "mismatched");
    if (rung === 1) bench.answer(again, "reference agrees", "same frames");
  }
  expect(bench.segment(0).phase.kind).toBe("verified");
  expect(bench.segment(0).notes.at(-1)).toBe("believed by reference decoding: same frames");
  expect(bench.job().countsUnreliable).toBe(true);
  bench.land(second);
  bench.answer(second, "mismatched");
  expect(bench.segment(1).phase.kind).toBe("referencing");
  // Asked early, it disagrees: the ladder comes first, then the end.
  bench.answer(second, "reference disagrees");
  expect(holderOf(bench, 1).leadIn).toBe(1);
});

test("a reference that disagrees after the last lead-in: everything as one segment, and when that is not exact, failed", () => {
  const bench = single();
  for (let rung = 0; rung < 2; rung++) bench.answer(land(bench), "mismatched");
  const last = land(bench);
  bench.answer(last, "mismatched");
  bench.answer(last, "reference disagrees", "frame 12 differs");
  expect(bench.effects("drop-result").map((effect) => effect.attemptId)).toEqual([last.id]);
  expect(bench.job().split).toMatchObject({ mode: "whole", reason: expect.stringContaining("frame 12 differs") });
  expect(bench.segment(0)).toMatchObject({ leadIn: 0, phase: { kind: "leased" } });

  const whole = land(bench);
  bench.answer(whole, "mismatched");
  expect(bench.segment(0).phase.kind).toBe("referencing");
  bench.answer(whole, "reference disagrees", "frame 13 differs");
  expect(bench.job().error).toMatchObject({ code: "E_NOT_EXACT" });
  expect(bench.job().error?.message).toContain("frame 13 differs");
});

test("a later segment that the reference disagrees with is decoded from the beginning, before all is one segment", () => {
  const { bench, first, second } = pair();
  bench.finish(first);
  bench.land(second);
  bench.answer(second, "mismatched");
  for (const leadIn of [1, 3] as const) {
    expect(holderOf(bench, 1).leadIn).toBe(leadIn);
    bench.answer(land(bench), "mismatched");
  }
  const [sought] = bench.effects("reference");
  bench.answer(
    { id: sought?.attemptId ?? "", jobId: "job", segmentIndex: 1 } as Attempt,
    "reference disagrees",
    "two are lost",
  );
  expect(bench.job().split.mode).toBe("keyframes");
  expect(holderOf(bench, 1).leadIn).toBe("beginning");
  expect(bench.segment(1).notes.at(-1)).toBe("encoded again from the beginning of the source: two are lost");
  const whole = land(bench);
  bench.answer(whole, "mismatched");
  bench.answer(whole, "reference disagrees", "two are lost");
  expect(bench.job().split.mode).toBe("whole");
});

test("equal or unknown seams pass", () => {
  for (const seam of ["x", null]) {
    const { bench, first, second } = pair();
    bench.finish(second, { seamStart: seam });
    bench.finish(first, { seamAfterEnd: "x" });
    expect(bench.job().status).toBe("Combining");
  }
});

test("a seam that differs sends the later segment down the ladder, whichever came first", () => {
  const { bench, first, second } = pair();
  bench.finish(second, { seamStart: "grey" });
  bench.finish(first, { seamAfterEnd: "picture" });
  expect(bench.last.events.some((event) => event.type === "seam-mismatch" && event.segmentIndex === 1)).toBe(true);
  expect(bench.effects("drop-result").map((effect) => effect.attemptId)).toEqual([second.id]);
  expect(bench.segment(0).phase.kind).toBe("verified");
  const again = bench.attempt();
  expect(again).toMatchObject({ segmentIndex: 1, leadIn: 1 });
  bench.finish(again, { seamStart: "picture" });
  expect(bench.job().status).toBe("Combining");
});

/** Two segments whose seam differs to the last lead-in; the server's own decoding has confirmed the later one. */
function confirmedLater() {
  const { bench, first, second } = pair();
  bench.finish(first, { seamAfterEnd: "odd" });
  bench.finish(second, { seamStart: "right" });
  bench.finish(bench.attempt(), { seamStart: "right" });
  const last = bench.attempt();
  expect(last.leadIn).toBe(3);
  bench.finish(last, { seamStart: "right" });
  expect(bench.segment(1).phase.kind).toBe("referencing");
  bench.answer(last, "reference agrees");
  expect(bench.segment(1).phase.kind).toBe("verified");
  return { bench, first };
}

test("a seam that still differs at the last lead-in goes to the reference, then its other side does", () => {
  const { bench, first } = confirmedLater();
  expect(bench.segment(0).phase.kind).toBe("referencing");
  bench.answer(first, "reference agrees");
  expect(bench.segment(0).phase.kind).toBe("verified");
  expect(bench.job().status).toBe("Combining");
});

test("when the reference confirms the later side of a seam and not the earlier, the earlier is encoded again", () => {
  const { bench, first } = confirmedLater();
  bench.answer(first, "reference disagrees");
  expect(bench.segment(0)).toMatchObject({ phase: { kind: "leased" }, leadIn: 1 });
  bench.finish(bench.attempt(), { seamAfterEnd: "right" });
  expect(bench.job().status).toBe("Combining");
});

const DAMAGED = { decodeErrors: ["[h264] error while decoding MB 37 15, bytestream -6"] };

test("where the decoder complains a segment is decoded from the beginning, unless it begins there", () => {
  const { bench, first, second } = pair();
  bench.land(first, DAMAGED);
  bench.answer(first, "verified");
  expect(bench.segment(0).phase.kind).toBe("verified");
  bench.land(second, DAMAGED);
  bench.answer(second, "verified");
  expect(bench.effects("drop-result").map(({ attemptId }) => attemptId)).toEqual([second.id]);
  const again = holderOf(bench, 1);
  expect(again.leadIn).toBe("beginning");
  bench.land(again, DAMAGED);
  bench.answer(again, "verified");
  expect(bench.segment(1)).toMatchObject({
    phase: { kind: "verified" },
    notes: ["encoded again from the beginning of the source: the decoder complained"],
  });
});

test("a source that is damaged almost everywhere is encoded in one run", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 40 });
  bench.submit("job", { settings: { benchmarkSeconds: 4 } });
  bench.index(160);
  const leased = bench.attempts().filter(({ segmentIndex }) => segmentIndex > 0);
  expect(leased.length).toBeGreaterThan(33);
  for (const attempt of leased) {
    if (bench.job().split.mode === "whole") break;
    bench.land(attempt, DAMAGED);
    bench.answer(attempt, "verified");
  }
  expect(bench.job().split).toEqual({
    mode: "whole",
    reason: "more than 32 segments must be decoded from the beginning of the source",
  });
});
