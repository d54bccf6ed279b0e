import { expect, test } from "bun:test";
import { FRAMES_PER_GOP, gops, SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import { idleClients } from "../views/idle.ts";

test("a client gets as many first segments as it has slots, each of benchmark length", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 3, benchmarkSeconds: 6 });
  bench.submit();
  bench.index(100);
  expect(bench.attempts().map((attempt) => attempt.isBenchmark)).toEqual([true, true, true]);
  expect(bench.job().segments.map((segment) => segment.frames)).toEqual([150, 150, 150]);
});

test("a short source is shared by all slots instead of taken whole by the first", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.hello("two", { slots: 2 });
  bench.submit();
  bench.index(4);
  expect(bench.attempts("one").length).toBe(2);
  expect(bench.attempts("two").length).toBe(2);
});

test("what a client did on earlier jobs sizes its first segment of a short source", () => {
  const bench = new SchedulerBench();
  bench.hello("slow");
  bench.hello("fast");
  const measured = new Map(bench.state.clients)
    .set("slow", { ...bench.client("slow"), encoderRates: { libx264: 1e6 } })
    .set("fast", { ...bench.client("fast"), encoderRates: { libx264: 4e6 } });
  const ready = new SchedulerBench({ ...bench.state, clients: measured });
  ready.submit("job", { settings: { benchmarkSeconds: 60, picture: { width: 100, height: 100, isDeep: false } } });
  ready.index(10);
  const framesOf = (id: string) => ready.segment(ready.attempt(id).segmentIndex).frames;
  expect([framesOf("fast"), framesOf("slow")]).toEqual([8 * FRAMES_PER_GOP, 2 * FRAMES_PER_GOP]);
});

test("while the index streams in, two seconds of video are enough to begin, less is not", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit("job", { durationSeconds: 600 });
  bench.send({ type: "index-advanced", jobId: "job", gops: [{ startPts: 0, endPts: 90_000, frames: 25 }] });
  expect(bench.attempts()).toEqual([]);
  bench.send({ type: "index-advanced", jobId: "job", gops: [{ startPts: 90_000, endPts: 180_000, frames: 25 }] });
  expect(bench.segment(0).frames).toBe(50);
});

test("slots are served one client after another, the fastest first", () => {
  const bench = new SchedulerBench();
  bench.hello("slow", { slots: 2 });
  bench.hello("fast", { slots: 2 });
  bench.submit();
  const measured = new Map(bench.state.clients)
    .set("slow", { ...bench.client("slow"), slotFps: { job: 10 } })
    .set("fast", { ...bench.client("fast"), slotFps: { job: 100 } });
  const ready = new SchedulerBench({ ...bench.state, clients: measured });
  ready.index(100);
  const order = ready.attempts().map((attempt) => attempt.clientId);
  expect(order.slice(0, 4)).toEqual(["fast", "slow", "fast", "slow"]);
});

test("an upload leaves its slot free, but uploads that pile up stop new work", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 1 });
  bench.submit();
  bench.index(100);
  for (let uploads = 1; uploads <= 3; uploads++) {
    for (const attempt of bench.attempts()) bench.progress(attempt, "uploading", FRAMES_PER_GOP);
    expect(bench.attempts().length).toBe(Math.min(uploads + 1, 3));
  }
});

test("after its first result a client holds one segment more than slots; not near the end of the job", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { maxSegmentSeconds: 4 } });
  bench.index(20);
  expect(bench.attempts().length).toBe(1);
  const held: number[] = [];
  for (let attempt = bench.attempts()[0]; attempt !== undefined; attempt = bench.attempts()[0]) {
    bench.finish(attempt);
    held.push(bench.attempts().length);
  }
  expect(held[0]).toBe(2);
  expect(held.at(-3)).toBe(1);
  expect(bench.job().status).toBe("Combining");
});

test("all segments of a slot but its last one are followed by more work", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2, benchmarkSeconds: 6 });
  bench.submit();
  bench.index(60);
  const followed = new Map<number, boolean>();
  for (let attempt = bench.attempts()[0]; attempt !== undefined; attempt = bench.attempts()[0]) {
    for (const each of bench.attempts()) followed.set(each.segmentIndex, each.isFollowed === true);
    bench.finish(attempt);
  }
  const inOrder = bench.job().segments.map(({ index }) => followed.get(index));
  expect(inOrder.slice(0, -2)).toEqual(inOrder.slice(2).map(() => true));
  expect(inOrder.slice(-2)).toEqual([false, false]);
});

test("while other jobs wait, the last segment is followed too; a whole video never is", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 1 });
  bench.submit("first");
  bench.submit("second");
  bench.submit("whole", { split: { mode: "whole", reason: "it cannot be cut" } });
  for (const id of ["whole", "first", "second"]) bench.index(1, id);
  const followed = new Map<string, boolean>();
  for (let attempt = bench.attempts()[0]; attempt !== undefined; attempt = bench.attempts()[0]) {
    followed.set(attempt.jobId, attempt.isFollowed === true);
    bench.finish(attempt);
  }
  expect(Object.fromEntries(followed)).toEqual({ whole: false, first: true, second: false });
});

test("returned segments go before new ones", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(100);
  bench.cut("one", true);
  bench.hello("two");
  expect(bench.attempt()).toMatchObject({ clientId: "two", segmentIndex: 0 });
});

test("a returned segment that was cut for a fast client waits for one, but not for ever", () => {
  const bench = new SchedulerBench();
  bench.hello("slow");
  bench.hello("fast");
  bench.hello("leaves");
  bench.submit();
  bench.index(2000);
  const speeds = { slow: 10, fast: 200, leaves: 200 };
  const finishAt = (id: "slow" | "fast" | "leaves") => {
    const [attempt] = bench.attempts(id);
    if (attempt === undefined) throw new Error(`${id} has nothing`);
    bench.finish(attempt, { seconds: bench.segment(attempt.segmentIndex).frames / speeds[id] });
  };
  for (const id of ["leaves", "fast", "slow", "leaves", "fast"] as const) finishAt(id);
  const [taken] = bench.attempts("leaves");
  if (taken === undefined) throw new Error("nothing was given");
  expect(bench.segment(taken.segmentIndex).frames).toBeGreaterThan(5000);
  bench.cut("leaves", true);
  finishAt("slow");
  expect(bench.attempts("slow").map(({ segmentIndex }) => segmentIndex)).not.toContain(taken.segmentIndex);
  finishAt("fast");
  finishAt("fast");
  expect(bench.attempts("fast").map(({ segmentIndex }) => segmentIndex)).toContain(taken.segmentIndex);
});

test("a segment is kept from a client on which it failed while another has not tried it", () => {
  const bench = new SchedulerBench();
  bench.hello("bad");
  bench.submit("job", { settings: { benchmarkSeconds: 100, retryDelayMs: 0 } });
  bench.index(1);
  bench.hello("good");
  bench.fail(bench.attempt("bad"));
  expect(bench.attempt()).toMatchObject({ clientId: "good", segmentIndex: 0 });
  bench.fail(bench.attempt());
  expect(bench.attempts().length).toBe(1); // both have failed it once: either may try again
});

test("a segment whose lease was lost goes to another idle client rather than back to the same one", () => {
  const bench = new SchedulerBench();
  bench.hello("flaky");
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(1);
  bench.hello("steady");
  bench.hello("flaky");
  expect(bench.attempt().clientId).toBe("steady");
});

test("jobs that would end sooner come first; another one gets the slots they can't use", () => {
  const bench = new SchedulerBench();
  bench.submit("first", { encoder: "libx265" });
  bench.now += 1;
  bench.submit("second");
  bench.index(100, "first");
  bench.index(1000, "second");
  bench.hello("both", { encoders: ["libx264", "libx265"] });
  bench.hello("only 264");
  expect(bench.attempt("both").jobId).toBe("first");
  expect(bench.attempt("only 264").jobId).toBe("second");
});

test("a job that renders text goes to clients that render it as its first one does", () => {
  const bench = new SchedulerBench();
  const prints = (drawtext: string | null) => ({ textPrints: { drawtext, subtitles: null } });
  bench.hello("one", prints("a"));
  bench.hello("other", prints("b"));
  bench.hello("alike", prints("a"));
  bench.hello("none", prints(null));
  bench.hello("silent");
  bench.submit("job", { text: { draws: ["drawtext"], print: null } });
  bench.index(100);
  const leased = () => new Set(bench.attempts().map((attempt) => attempt.clientId));
  const [first] = bench.attempts();
  const expected = bench.client(first?.clientId ?? "").textPrints?.drawtext === "b" ? ["other"] : ["one", "alike"];
  expect(leased()).toEqual(new Set(expected));
  bench.submit("plain");
  bench.index(100, "plain");
  expect(leased().size).toBe(5);
});

test("a client whose ffmpeg lacks the decoder or a filter gets none of the job, and it is said", () => {
  const bench = new SchedulerBench();
  const filters = ["scale", "fps"];
  bench.hello("whole", { decodes: ["h264", "av1"], filters: [...filters, "zscale"] });
  bench.hello("no av1", { decodes: ["h264"], filters: [...filters, "zscale"], ffmpeg: "8.1.2" });
  bench.hello("no zscale", { decodes: ["h264", "av1"], filters });
  bench.hello("silent");
  bench.submit("job", { settings: { needs: { codec: "av1", filters: ["zscale"] } } });
  bench.index(100);
  expect(new Set(bench.attempts().map(({ clientId }) => clientId))).toEqual(new Set(["whole", "silent"]));
  const idle = idleClients(bench.state, bench.job()).map(({ client, reason }) => `${client.id}: ${reason}`);
  expect(idle).toEqual(["no av1: its ffmpeg 8.1.2 cannot decode av1", expect.stringContaining("has no filter zscale")]);
});

test("a client whose release makes another output than the server's gets none of the job, and it is said", () => {
  const bench = new SchedulerBench();
  const releases = { from: { major: 6, minor: 1 }, before: { major: 8, minor: 0 }, others: "makes another" };
  const told = { "5.1": [5, 1], "6.1": [6, 1], "7.1": [7, 1], "8.0": [8, 0], "10.2": [10, 2] };
  for (const [ffmpeg, [major = 0, minor = 0]] of Object.entries(told))
    bench.hello(ffmpeg, { ffmpeg, release: { major, minor } });
  bench.hello("unknown");
  bench.submit("job", { settings: { needs: { codec: "h264", filters: [], releases } } });
  bench.index(100);
  expect(new Set(bench.attempts().map(({ clientId }) => clientId))).toEqual(new Set(["6.1", "7.1", "unknown"]));
  const idle = idleClients(bench.state, bench.job()).map(({ reason }) => reason);
  expect(idle).toContain("its ffmpeg 5.1 makes another");
});

test("the first client's text rendering no longer counts once no segment has it", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { textPrints: { drawtext: "a", subtitles: "a" } });
  bench.submit("job", { text: { draws: ["drawtext", "subtitles"], print: null } });
  bench.index(4);
  expect(bench.job().text?.print).toBe("a a");
  bench.send({ type: "client-disconnect-requested", clientId: "one" });
  bench.hello("two", { textPrints: { drawtext: "b", subtitles: "b" } });
  bench.pass(5000);
  expect(bench.attempts().every((attempt) => attempt.clientId === "two")).toBe(true);
  expect(bench.attempts().length).toBeGreaterThan(0);
  expect(bench.job().text?.print).toBe("b b");
});

test("a source with one key frame is shared by all clients; what is decoded for nothing counts as their work", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.hello("two");
  bench.submit("job", { durationSeconds: 60 });
  const parts = gops(30).map((part, at) =>
    at === 0 ? part : { ...part, leadFrames: at * FRAMES_PER_GOP, leadBytes: 0 },
  );
  bench.send({ type: "index-advanced", jobId: "job", gops: parts });
  bench.send({ type: "index-finished", jobId: "job", totalFrames: 30 * FRAMES_PER_GOP });
  const [first, second] = [bench.attempt("one"), bench.attempt("two")];
  expect(bench.segment(first.segmentIndex).frames).toBeLessThan(400);
  expect(bench.segment(second.segmentIndex).startPts).toBe(bench.segment(first.segmentIndex).endPts);
  const lead = bench.segment(first.segmentIndex).frames;
  const { frames } = bench.segment(second.segmentIndex);
  bench.land(second, { seconds: 10 });
  expect(bench.client("two").slotFps.job).toBeCloseTo((frames + lead / 4) / 10);
});
