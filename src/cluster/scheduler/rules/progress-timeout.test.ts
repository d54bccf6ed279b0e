import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";

/** Reports the same of every attempt each four seconds; when the first one is lost, in seconds, and why. */
function reportUntilLost(bench: SchedulerBench, seconds: number): { readonly at: number; readonly why: string } | null {
  const attempts = bench.attempts();
  for (let at = 4; at <= seconds; at += 4) {
    bench.now += 4000;
    const decisions = [bench.heard(), ...attempts.map((each) => bench.progress(each, each.stage, each.framesDone))];
    const lost = decisions.flatMap(({ events }) => events).find((event) => event.type === "lease-lost");
    if (lost !== undefined) return { at, why: lost.detail };
  }
  return null;
}

test("an attempt that is reported without progress is lost after its progress timeout", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(100);
  bench.progress(bench.attempt(), "encoding", 10, 25);
  // Nobody knows how fast this encoder is: a first segment has half an hour and more for a frame.
  const lost = reportUntilLost(bench, 4000);
  expect(lost?.at).toBeGreaterThanOrEqual(35 * 60);
  expect(lost?.at).toBeLessThanOrEqual(35 * 60 + 20);
  expect(lost?.why).toMatch(/^no progress for \d+ s while encoding/);
});

test("where the speed is known it is held to that: five minutes, or time for six hundred frames", () => {
  for (const { seconds, lostAt } of [
    { seconds: 10, lostAt: 300 },
    { seconds: 1000, lostAt: 1200 },
  ]) {
    const bench = new SchedulerBench();
    bench.hello("one");
    bench.submit();
    bench.index(400);
    bench.land(bench.attempt(), { frames: 500, seconds });
    const [next] = bench.attempts();
    if (next === undefined) throw new Error("nothing was given");
    bench.progress(next, "encoding", 10, 1);
    const lost = reportUntilLost(bench, 4000);
    expect(lost?.at).toBeGreaterThanOrEqual(lostAt);
    expect(lost?.at).toBeLessThanOrEqual(lostAt + 20);
  }
});

test("an upload is held for as long as its bytes come in", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(5);
  const { id } = bench.attempt();
  bench.progress(bench.attempt(), "uploading", 250, 0);
  for (let at = 0; at < 900; at += 4) {
    bench.now += 4000;
    bench.heard();
    bench.send({ type: "upload-advanced", attemptId: id });
    bench.send({ type: "attempt-progressed", clientId: "one", attemptId: id, stage: "uploading", frames: 250, fps: 0 });
  }
  expect(bench.state.attempts.has(id)).toBe(true);
});
