import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import { countCapable } from "../ability/capability.ts";
import type { Election } from "../model/job.ts";
import type { Attempt } from "../model/segment.ts";
import { idleClients } from "../views/idle.ts";

const CANDIDATES: Election["candidates"] = [
  { encoder: "libx264", family: "software" },
  { encoder: "h264_nvenc", family: "nvenc" },
  { encoder: "h264_vaapi", family: "vaapi" },
];
const PICTURE = { width: 1920, height: 1080, isDeep: false };
const CPU = { slots: 2, encoders: ["libx264"], families: ["software"] };
const GPU = {
  slots: 4,
  pools: { software: 2, nvenc: 2 },
  encoders: ["libx264", "h264_nvenc"],
  families: ["software", "nvenc"],
};
const VAAPI = {
  slots: 4,
  pools: { software: 2, vaapi: 2 },
  encoders: ["libx264", "h264_vaapi"],
  families: ["software", "vaapi"],
};

function benchWith(election: Partial<Election> = {}, requiredClients = 1): SchedulerBench {
  const bench = new SchedulerBench();
  bench.submit("job", {
    settings: {
      requiredClients,
      picture: PICTURE,
      election: { candidates: CANDIDATES, allowMixed: false, waitForFamilyMs: 20_000, ...election },
    },
  });
  return bench;
}

/** One of the attempts that a client holds. */
function oneOf(bench: SchedulerBench, clientId: string): Attempt {
  const [first] = bench.attempts(clientId);
  if (first === undefined) throw new Error(`${clientId} holds nothing`);
  return first;
}

test("the family with the most throughput among those present is elected, until the job starts", () => {
  const bench = benchWith({}, 2);
  bench.hello("cpu", CPU);
  expect(bench.job()).toMatchObject({ encoder: "libx264", family: "software" });
  bench.hello("gpu", GPU);
  // Two clients are required and NVENC has one: the family that has enough comes first.
  expect(bench.job().encoder).toBe("libx264");
  bench.hello("gpu2", GPU);
  expect(bench.job()).toMatchObject({ encoder: "h264_nvenc", family: "nvenc" });
  expect(bench.details("encoder-elected").at(-1)).toBe(
    "h264_nvenc (2 clients, about 1600 Mpixel/s), rather than libx264 (3 clients, about 150 Mpixel/s)",
  );
});

test("one output has one encoder: others stay idle, and say why", () => {
  const bench = benchWith();
  bench.hello("gpu", GPU);
  bench.hello("cpu", CPU);
  bench.hello("va", VAAPI);
  bench.index(100);
  expect(new Set(bench.attempts().map(({ clientId }) => clientId))).toEqual(new Set(["gpu"]));
  expect(bench.attempts().every(({ encoder }) => encoder === "h264_nvenc")).toBe(true);
  expect(idleClients(bench.state, bench.job()).map(({ client, reason }) => [client.id, reason])).toEqual([
    ["cpu", "has libx264; the job uses h264_nvenc throughout (--allow-mixed lets both work)"],
    ["va", "has libx264; the job uses h264_nvenc throughout (--allow-mixed lets both work)"],
  ]);
});

test("--allow-mixed: each client works with its own best", () => {
  const bench = benchWith({ allowMixed: true });
  bench.hello("gpu", GPU);
  bench.hello("cpu", CPU);
  bench.hello("va", VAAPI);
  bench.index(200);
  const used = new Map(bench.attempts().map(({ clientId, encoder }) => [clientId, encoder]));
  expect(used).toEqual(
    new Map([
      ["gpu", "h264_nvenc"],
      ["cpu", "libx264"],
      ["va", "h264_vaapi"],
    ]),
  );
});

test("a named encoder is honoured: nobody else works, whoever is there", () => {
  const bench = new SchedulerBench();
  bench.submit("job", { encoder: "h264_nvenc", family: "nvenc" });
  bench.hello("cpu", CPU);
  bench.index(10);
  expect(bench.attempts()).toEqual([]);
  expect(bench.job().status).toBe("WaitingForClients");
  expect(idleClients(bench.state, bench.job())[0]?.reason).toBe("has no h264_nvenc, which the job names");
  bench.hello("gpu", GPU);
  expect(bench.attempts()[0]?.clientId).toBe("gpu");
});

test("CPU and GPU of one machine work on different jobs at once, each with its own slots", () => {
  const bench = new SchedulerBench();
  bench.hello("gpu", GPU);
  bench.submit("cpu-job", { encoder: "libx264", family: "software" });
  bench.submit("gpu-job", { encoder: "h264_nvenc", family: "nvenc" });
  bench.index(100, "cpu-job");
  bench.index(100, "gpu-job");
  const perJob = (id: string) => bench.attempts().filter(({ jobId }) => jobId === id).length;
  expect([perJob("cpu-job"), perJob("gpu-job")]).toEqual([2, 2]);
});

test("a family that disappears is waited for, then another is elected and everything is encoded again", () => {
  const bench = benchWith();
  bench.hello("gpu", GPU);
  bench.hello("cpu", CPU);
  bench.index(40);
  const [first] = bench.attempts();
  if (first === undefined) throw new Error("nothing was given");
  bench.finish(first);
  expect(bench.segment(first.segmentIndex).phase.kind).toBe("verified");
  bench.cut("gpu", true);
  bench.pass(15_000);
  bench.heard("cpu");
  expect(bench.job().encoder).toBe("h264_nvenc");
  bench.pass(6000);
  bench.heard("cpu");
  expect(bench.job()).toMatchObject({ encoder: "libx264", family: "software" });
  expect(bench.segment(first.segmentIndex).phase.kind).not.toBe("verified");
  expect(bench.segment(first.segmentIndex).notes).toContain(
    "started over with libx264: no client was left for h264_nvenc",
  );
  expect(bench.attempts().every(({ encoder, clientId }) => encoder === "libx264" && clientId === "cpu")).toBe(true);
});

test("waiting for ever means that nothing is thrown away", () => {
  const bench = benchWith({ waitForFamilyMs: null });
  bench.hello("gpu", GPU);
  bench.hello("cpu", CPU);
  bench.index(40);
  const [first] = bench.attempts();
  if (first === undefined) throw new Error("nothing was given");
  bench.finish(first);
  bench.cut("gpu", true);
  for (let minute = 0; minute < 60; minute++) {
    bench.pass(10_000);
    bench.heard("cpu");
  }
  expect(bench.job()).toMatchObject({ encoder: "h264_nvenc", status: "WaitingForClients" });
  expect(bench.segment(first.segmentIndex).phase.kind).toBe("verified");
});

test("a device that can't do the job takes nothing from its retries; another encoder takes over at once", () => {
  const bench = benchWith({ waitForFamilyMs: null });
  bench.hello("gpu", GPU);
  bench.index(40);
  const [first] = bench.attempts();
  if (first === undefined) throw new Error("nothing was given");
  const [, second] = bench.attempts();
  if (second === undefined) throw new Error("a device has two slots");
  bench.fail(first, "unfit", "the device is gone");
  expect(bench.details("client-unfit")).toEqual(["h264_nvenc: the device is gone"]);
  // What the client still works on may yet come out well.
  expect(bench.job().encoder).toBe("h264_nvenc");
  bench.fail(second, "unfit", "the device is gone");
  expect(bench.job()).toMatchObject({ encoder: "libx264", family: "software" });
  expect(bench.segment(first.segmentIndex)).toMatchObject({ failures: 0, losses: 0 });
  expect(bench.attempts().every(({ encoder }) => encoder === "libx264")).toBe(true);
});

test("a line cut for all clients fails no job whose one unfit client is the first to be back", () => {
  const bench = new SchedulerBench();
  bench.submit("job", { encoder: "h264_nvenc", family: "nvenc" });
  bench.hello("sound", GPU);
  bench.hello("broken", GPU);
  bench.index(400);
  const [failed, ...held] = bench.attempts("broken");
  if (failed === undefined) throw new Error("the broken one got nothing");
  bench.fail(failed, "unfit", "the device is gone");
  bench.cut("sound");
  bench.cut("broken");
  bench.pass(20_000);
  bench.pass(60_000);
  bench.hello("broken", { ...GPU, heldAttempts: held.map(({ id }) => id) });
  expect(bench.job().status).not.toBe("Failed");
  bench.hello("sound", GPU);
  expect(bench.attempts("sound").length).toBeGreaterThan(0);
});

test("where an encoder is named and its only device can't do it, the job fails with the device's words", () => {
  const bench = new SchedulerBench();
  bench.submit("job", { encoder: "h264_nvenc", family: "nvenc" });
  bench.hello("gpu", GPU);
  bench.hello("cpu", CPU);
  bench.index(10);
  for (const attempt of bench.attempts("gpu")) bench.fail(attempt, "unfit", "the device is gone");
  expect(bench.job().status).toBe("Failed");
  expect(bench.job().error?.message).toBe("no client can encode this: gpu with h264_nvenc: the device is gone");
});

test("another device of the same family goes on", () => {
  const bench = benchWith();
  bench.hello("gpu", GPU);
  bench.hello("gpu2", GPU);
  bench.index(40);
  bench.fail(oneOf(bench, "gpu"), "unfit", "the device is gone");
  expect(bench.job().encoder).toBe("h264_nvenc");
  const holders = bench.attempts().filter(({ stage }) => stage === "queued");
  expect(holders.some(({ clientId }) => clientId === "gpu2")).toBe(true);
});

test("a device too small for the picture, or without ten bits, is not chosen", () => {
  const bench = benchWith();
  const limits = { h264_nvenc: { width: 1280, height: 720, isDeep: false } };
  bench.hello("gpu", { ...GPU, limits });
  expect(bench.job().encoder).toBe("libx264");
});

test("a build without the pixel format gets nothing of the job, and it is said", () => {
  const bench = new SchedulerBench();
  bench.hello("shallow", { pixelFormats: { libx264: ["yuv420p", "yuvj420p"] } });
  bench.hello("deep", { pixelFormats: { libx264: ["yuv420p", "yuv420p10le"] } });
  bench.submit("job", { settings: { picture: { ...PICTURE, isDeep: true, format: "yuv420p10le" } } });
  bench.index(40);
  expect(new Set(bench.attempts().map(({ clientId }) => clientId))).toEqual(new Set(["deep"]));
  const [idle] = idleClients(bench.state, bench.job());
  expect(idle?.reason).toMatch(/^the libx264 of its ffmpeg .* has no yuv420p10le$/);
  bench.submit("full range", { settings: { picture: { ...PICTURE, format: "yuv420p" } } });
  bench.index(40, "full range");
  bench.hello("old", { pixelFormats: { libx264: ["yuvj420p"] } });
  expect(countCapable(bench.state.clients, bench.job("full range"))).toBe(3);
});

test("what was measured here counts for more than the rule of thumb", () => {
  const bench = new SchedulerBench();
  const election = { candidates: CANDIDATES, allowMixed: false, waitForFamilyMs: null };
  bench.hello("gpu", GPU);
  bench.submit("first", { settings: { picture: PICTURE, election } });
  bench.index(2, "first");
  // This GPU turns out to be slow: one frame per second.
  bench.finish(oneOf(bench, "gpu"), { seconds: 50 });
  bench.submit("second", { settings: { picture: PICTURE, election } });
  expect(bench.job("second").encoder).toBe("libx264");
});

test("what a client can do changes while it is connected", () => {
  const bench = benchWith();
  bench.hello("gpu", GPU);
  expect(bench.job().encoder).toBe("h264_nvenc");
  const { link } = bench.client("gpu");
  bench.send({
    type: "client-changed",
    clientId: "gpu",
    link,
    slots: 2,
    encoders: ["libx264"],
    families: ["software"],
  });
  expect(bench.client("gpu").pools).toBeUndefined();
  expect(bench.job().encoder).toBe("libx264");
});
