// EMULATED hardware end to end: clients whose ffmpeg answers for NVENC and VA-API by running libx264 (test/support/
// emulated-hardware.ts), one of them failing as consumer NVENC does. Real cluster, real proof.
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { ClientDetailView } from "../../src/cluster/server/views.ts";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster, type Running, until } from "../support/cluster.ts";
import { type Emulation, emulatedFfmpeg, emulatedLog, withEmulation } from "../support/emulated-hardware.ts";
import { framesOf, framesOfSources, largestTimingError } from "../support/frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";

setDefaultTimeout(240_000);

const FRAMES = 192;
const SMALL = "-vf scale=160:-2 -an";
const DONE_WITHIN_MS = 180_000;

const NVENC_FOREVER: Emulation = { encoder: "h264_nvenc", sessions: null, lostAfter: null };

const sourceFrames = framesOfSources();
let cluster: Cluster;
let source: string;
beforeAll(async () => {
  cluster = await Cluster.make();
  source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: FRAMES, gop: 12 });
  await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "2"] });
}, 60_000);
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** The server lives on, and each test has clients of its own, by names of their own: none was measured before. */
const clients: Running[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) {
    client.kill("SIGKILL");
    await client.exited;
  }
  await until("the server knows that they are gone", 60_000, async () =>
    (await cluster.clients()).every(({ status }) => status === "Disconnected"),
  );
});

async function join(...args: Parameters<Cluster["join"]>): Promise<Running> {
  const client = await cluster.join(...args);
  clients.push(client);
  return client;
}

const joinSoftware = (name: string) => join(name, ["--hw-accel", "none"]);

async function joinEmulated(name: string, emulation: Partial<Emulation> & Pick<Emulation, "encoder">) {
  const folder = await emulatedFfmpeg(cluster.path(`${name}-ffmpeg`), {
    sessions: null,
    lostAfter: null,
    ...emulation,
  });
  await join(name, ["--slots", "auto"], withEmulation(folder));
  return folder;
}

async function detailOf(name: string): Promise<ClientDetailView> {
  const client = (await cluster.clients()).find((each) => each.name === name);
  return await cluster.api(`/clients/${client?.client_id}`);
}

async function completed(jobId: string, output: string): Promise<Proof> {
  await cluster.untilComplete(jobId, DONE_WITHIN_MS);
  const download = await cluster.command(["jobs", "download", jobId, "-o", output]);
  expect(download.exitCode).toBe(0);
  const proof = await cluster.json<Proof>(["jobs", "proof", jobId]);
  expect(proof.exact).toBe(true);
  const [want, made] = await Promise.all([sourceFrames(source), framesOf(output)]);
  expect(made.pts.length).toBe(FRAMES);
  expect(largestTimingError(want, made)).toBeLessThan(0.001);
  return proof;
}

test("emulated NVENC, emulated VA-API and software: one family elected and proven; mixed when allowed", async () => {
  await Promise.all([
    joinEmulated("nvenc", { encoder: "h264_nvenc" }),
    joinEmulated("vaapi", { encoder: "h264_vaapi" }),
    joinSoftware("cpu"),
  ]);

  const shown = await detailOf("nvenc");
  expect(shown.pools).toMatchObject({ nvenc: 2 });
  expect(shown.hardware.find(({ family }) => family === "nvenc")).toEqual({
    family: "nvenc",
    device: "0",
    reason: null,
    encoders: ["h264_nvenc (8 bits, to 4096x2160)"],
  });
  expect(shown.hardware.find(({ family }) => family === "vaapi")?.reason).toStartWith("listed by ffmpeg, but: ");

  const extra = ["--codec", "h264", "--quality", "40", "--speed", "ultrafast"];
  const mixed = cluster.path("mixed.mp4");
  const mixedId = await cluster.submit(source, mixed, SMALL, [...extra, "--allow-mixed", "--required-clients", "3"]);
  const mixedProof = await completed(mixedId, mixed);
  const used = new Map(mixedProof.segments.map(({ client, encoder }) => [client, encoder]));
  expect(used.size).toBeGreaterThan(1);
  for (const [client, encoder] of used) {
    expect(encoder).toBe({ nvenc: "h264_nvenc", vaapi: "h264_vaapi", cpu: "libx264" }[client] ?? "");
  }

  const output = cluster.path("one.mp4");
  // libx264 runs behind all three: which is fastest is chance here, so the family is asked for.
  const jobId = await cluster.submit(source, output, SMALL, [...extra, "--family", "nvenc"]);
  let reasons: readonly string[] = [];
  await until("the idle clients are told", 60_000, async () => {
    const job = await cluster.jobDetail(jobId);
    reasons = job.idle_clients.map(({ name, reason }) => `${name}: ${reason}`).sort();
    return reasons.length === 2 || job.status === "Completed";
  });
  const proof = await completed(jobId, output);
  expect(proof.encoder).toMatchObject({ name: "h264_nvenc", family: "nvenc" });
  expect(new Set(proof.segments.map(({ client }) => client))).toEqual(new Set(["nvenc"]));
  expect(reasons).toEqual([
    "cpu: has no encoder for this codec of the family nvenc",
    "vaapi: has no encoder for this codec of the family nvenc",
  ]);
});

test("emulated consumer NVENC: one session too many costs a slot and no segment", async () => {
  const folder = await joinEmulated("geforce", { encoder: "h264_nvenc", sessions: 1 });
  const output = cluster.path("geforce.mp4");
  const jobId = await cluster.submit(source, output, SMALL, [
    "--codec",
    "h264",
    "--quality",
    "30",
    "--family",
    "nvenc",
  ]);
  const proof = await completed(jobId, output);
  expect(proof.encoder.name).toBe("h264_nvenc");
  expect(emulatedLog(folder)).toContain("refused");
  expect((await detailOf("geforce")).pools).toMatchObject({ nvenc: 1 });
  const { attempts } = await cluster.jobDetail(jobId);
  expect(attempts.filter(({ outcome }) => outcome === "segment-retry")).toEqual([]);
});

test("an emulated GPU that is lost in mid-job: software encodes it all again, and the job completes", async () => {
  await joinEmulated("dying", { encoder: "h264_nvenc", lostAfter: 2 });
  await joinSoftware("heir");
  const output = cluster.path("lost.mp4");
  const extra = ["--codec", "h264", "--quality", "30", "--speed", "ultrafast", "--wait-for-family", "0"];
  const jobId = await cluster.submit(source, output, SMALL, extra);
  const proof = await completed(jobId, output);
  expect(new Set(proof.segments.map(({ encoder }) => encoder))).toEqual(new Set(["libx264"]));
  expect(proof.encoder).toMatchObject({ name: "libx264", family: "software" });
  const { events } = await cluster.jobDetail(jobId);
  const told = events.filter(({ type }) => type === "client-unfit" || type === "encoder-elected");
  expect(told.some(({ detail }) => detail.startsWith("h264_nvenc: the GPU was lost"))).toBe(true);
  expect((await detailOf("dying")).encoders).not.toContain("h264_nvenc");
});

test("an emulated family that disappears in mid-job: waited for and kept, or everything is encoded again, as asked", async () => {
  await joinSoftware("stand-in");
  const extra = ["--codec", "h264", "--quality", "30", "--speed", "ultrafast", "--wait-for-family"];
  const gpu = (name: string, folder: string) => join(name, ["--slots", "auto"], withEmulation(folder));
  /** By the rule of thumb the job is the GPU's, as long as it was not measured: each one is a new client. */
  const losesGpu = async (name: string, wait: string) => {
    const folder = await emulatedFfmpeg(cluster.path(`${name}-ffmpeg`), { ...NVENC_FOREVER, waitsAfter: 2 });
    const client = await gpu(name, folder);
    const output = cluster.path(`${name}.mp4`);
    const jobId = await cluster.submit(source, output, SMALL, [...extra, wait]);
    await cluster.untilJob(jobId, "has two segments", DONE_WITHIN_MS, ({ segments }) => segments.done === 2);
    client.kill("SIGKILL");
    await client.exited;
    return { jobId, output, folder };
  };

  const replaced = await losesGpu("gone", "1");
  const other = await completed(replaced.jobId, replaced.output);
  expect(other.encoder).toMatchObject({ name: "libx264", family: "software" });
  expect(new Set(other.segments.map(({ encoder }) => encoder))).toEqual(new Set(["libx264"]));
  const notes = other.segments.flatMap((segment) => segment.notes);
  expect(notes).toContain("started over with libx264: no client was left for h264_nvenc");

  const kept = await losesGpu("back", "ever");
  await emulatedFfmpeg(kept.folder, NVENC_FOREVER);
  await gpu("back", kept.folder);
  const proof = await completed(kept.jobId, kept.output);
  expect(proof.encoder).toMatchObject({ name: "h264_nvenc", family: "nvenc" });
  expect(proof.segments.filter(({ attempts }) => attempts === 1).length).toBeGreaterThanOrEqual(2);
  expect(proof.segments.flatMap((segment) => segment.notes)).toEqual([]);
});
