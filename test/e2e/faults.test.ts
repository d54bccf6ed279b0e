// Wrong ffmpegs on a client and on the server, by a wrapper program: a bad client is told from a poison segment, and a
// job that failed goes on from what is finished.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { appendFile, copyFile, mkdir, readdir, rm, stat, truncate, utimes } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "../../src/base/ids.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster, type Running, until } from "../support/cluster.ts";
import { download, expectSameFrames } from "../support/same-frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { makeWrongFfmpeg } from "../support/wrong-ffmpeg.ts";

const tools = await findTools(process.env);
/** Lossless, so that the frames of the output are the source's. */
const PARAMS = "-c:v libx264 -qp 0 -preset ultrafast";
const SMALL = ["--benchmark-duration", "1", "--max-segment-duration", "1", "--retry-delay", "0.2"];
const isPosix = process.platform !== "win32";

/** A key frame every half second: four segments. */
const FRAMES = 96;
/** Seven segments: enough for a client to be quarantined. */
const MORE_FRAMES = 168;

/** One server for the tests of wrong clients and changed sources; each has clients and files of its own, by other names. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve({ args: SMALL });
}, 60_000);
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

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

async function connect(...args: Parameters<Cluster["join"]>): Promise<void> {
  clients.push(await cluster.join(...args));
}

async function makeSource(name: string, frames = FRAMES): Promise<string> {
  const source = cluster.path(`${name}.mp4`);
  await makeSynthetic(source, { frames, gop: 12 });
  return source;
}

test.skipIf(!isPosix)(
  "a job that failed at the stitch is tried again from there: no segment is encoded twice",
  async () => {
    await using cluster = await Cluster.make();
    const source = cluster.path("source.mp4");
    await makeSynthetic(source, { frames: FRAMES, gop: 12 });
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), tools, "fail-stitch");
    await cluster.serve({ args: SMALL, env: wrong.env });
    await cluster.join("one");
    const jobId = await cluster.submit(source, cluster.path("out.mkv"), PARAMS);
    const failed = await cluster.untilJob(jobId, "has failed", 90_000, (job) => job.status === "Failed");
    expect(failed.error?.message).toContain("refused by the test");
    const before = await cluster.jobDetail(jobId);
    expect(before.segment_list.every((segment) => segment.state === "verified")).toBe(true);
    await wrong.become("right");
    const again = await cluster.json<{ status: string }>(["jobs", "retry", jobId]);
    expect(again.status).toBe("Processing");
    await cluster.untilComplete(jobId, 90_000);
    const after = await cluster.jobDetail(jobId);
    expect(after.segment_list.map((each) => each.attempts)).toEqual(before.segment_list.map((each) => each.attempts));
    expect(after.attempts.length).toBe(before.attempts.length);
    expect(after.events.map((event) => event.detail)).toContain("Failed → Processing");
    await expectSameFrames(source, await download(cluster, jobId), FRAMES);
    const refused = await cluster.command(["jobs", "retry", jobId]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("Completed");
  },
  240_000,
);

test.skipIf(!isPosix)(
  "a client whose encoder writes other headers is told apart; nothing of it is joined with the rest",
  async () => {
    const source = await makeSource("headers");
    const other = await makeWrongFfmpeg(cluster.path("headers-tools"), tools, "other-headers");
    await connect("same", ["--slots", "1"]);
    await connect("other", ["--slots", "1"], other.env);
    // Decoded by the headers of the first segment, those of the other client would be other pictures than by their own.
    const extra = ["--required-clients", "2", "--verify", "full"];
    const jobId = await cluster.submit(source, cluster.path("out.mkv"), "-c:v mpeg4 -q:v 3", extra);
    await cluster.untilComplete(jobId, 120_000);
    const { events } = await cluster.jobDetail(jobId);
    const told = events.filter(({ type }) => type === "client-unfit").map(({ detail }) => detail);
    expect(told).toEqual([
      "mpeg4 writes other stream headers than the rest, so its segments can't be joined with theirs",
    ]);
    const proof = await cluster.json<Proof>(["jobs", "proof", jobId]);
    expect(proof.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(proof.checks.find(({ name }) => name === "parameter sets")?.detail).toStartWith("1 different set,");
    expect(new Set(proof.segments.map(({ client }) => client)).size).toBe(1);
    expect(proof.segments.flatMap(({ notes }) => notes).join()).toContain("encoded again: the mpeg4 of ");
  },
  240_000,
);

test.skipIf(!isPosix)(
  "a client whose ffmpeg loses frames is quarantined, shown so, and released; the output is whole",
  async () => {
    const source = await makeSource("lossy", MORE_FRAMES);
    const wrong = await makeWrongFfmpeg(cluster.path("lossy-tools"), tools, "drop-frame");
    await connect("good", ["--slots", "1"]);
    await connect("bad", ["--slots", "1"], wrong.env);
    const first = await cluster.submit(source, cluster.path("out.mkv"), PARAMS);
    await cluster.untilComplete(first, 120_000);
    await expectSameFrames(source, await download(cluster, first), MORE_FRAMES);
    let bad = (await cluster.clients()).find((client) => client.name === "bad");
    // A fast good client may leave it too little to be wrong about in one job.
    for (let more = 0; more < 3 && bad?.quarantine === null; more++) {
      const next = await cluster.submit(source, cluster.path("out.mkv"), PARAMS);
      await cluster.untilComplete(next, 120_000);
      bad = (await cluster.clients()).find((client) => client.name === "bad");
    }
    expect(bad?.quarantine).toMatch(/^failed on 3 segments that others had no trouble with/);
    expect((await cluster.command(["clients", "list"])).stdout).toContain("quarantined");
    const shown = await cluster.command(["clients", "show", bad?.client_id ?? ""]);
    expect(shown.stdout).toContain("another client's was");
    const resumed = await cluster.json<{ quarantine: null }>(["clients", "resume", bad?.client_id ?? ""]);
    expect(resumed.quarantine).toBeNull();
    const drained = await cluster.json<{ draining: boolean }>(["clients", "drain", bad?.client_id ?? ""]);
    expect(drained.draining).toBe(true);
    expect((await cluster.command(["clients", "list"])).stdout).toContain("draining");
  },
  300_000,
);

test.skipIf(!isPosix)(
  "a client that decodes other pictures, as many as there should be, or encodes wrong levels delivers nothing that counts",
  async () => {
    const source = await makeSource("pictures", MORE_FRAMES);
    const wrong = await makeWrongFfmpeg(cluster.path("pictures-tools"), tools, "other-pictures");
    await connect("right", ["--slots", "1"]);
    await connect("wrong", ["--slots", "1"], wrong.env);
    const bad = (await cluster.clients()).find((client) => client.name === "wrong")?.client_id ?? "";
    const encode = async () => {
      const jobId = await cluster.submit(source, cluster.path("out.mkv"), PARAMS, ["--required-clients", "2"]);
      await cluster.untilComplete(jobId, 120_000);
      const proof = await cluster.json<Proof>(["jobs", "proof", jobId]);
      expect(proof.segments.map(({ client }) => client)).not.toContain("wrong");
      await expectSameFrames(source, await download(cluster, jobId), MORE_FRAMES);
      return { proof, detail: await cluster.jobDetail(jobId) };
    };
    const decoded = await encode();
    // Its first result is found by its own pictures; one that it might deliver later, by its neighbours'.
    const found = decoded.detail.events.filter(({ type }) => type === "seam-mismatch" || type === "segment-retry");
    expect(found.length).toBeGreaterThan(0);

    await wrong.become("wrong-levels");
    await cluster.json(["clients", "resume", bad]);
    const encoded = await encode();
    expect(encoded.proof.checks.find(({ name }) => name === "picture")?.ok).toBe(true);
    expect(encoded.detail.attempts.some(({ client_id }) => client_id === bad)).toBe(true);
  },
  240_000,
);

test.skipIf(!isPosix)(
  "a segment that crashes every client's ffmpeg fails the job, which names the clients",
  async () => {
    await using cluster = await Cluster.make();
    const source = cluster.path("source.mp4");
    await makeSynthetic(source, { frames: FRAMES, gop: 12 });
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), tools, "crash-on-first");
    await cluster.serve({ args: [...SMALL, "--max-retries", "1"] });
    await cluster.join("one", [], wrong.env);
    await cluster.join("two", [], wrong.env);
    const jobId = await cluster.submit(source, cluster.path("out.mkv"), PARAMS);
    const failed = await cluster.untilJob(jobId, "has failed", 90_000, (job) => job.status === "Failed");
    expect(failed.error?.message).toMatch(/^segment 0 failed 2 times on 2 clients \((one, two|two, one)\)/);
    const clients = await cluster.clients();
    expect(clients.every((client) => client.quarantine === null)).toBe(true);
    const nameOf = (id: string) => clients.find(({ client_id }) => client_id === id)?.name;
    const { attempts } = await cluster.jobDetail(jobId);
    const shown = (await cluster.command(["jobs", "show", jobId])).stdout.split("\n");
    const history = shown.slice(shown.findIndex((line) => line.startsWith("ATTEMPT AT")) + 1).slice(0, attempts.length);
    for (const [at, { segment_index, client_id, outcome }] of attempts.entries())
      expect(history[at]).toMatch(new RegExp(`\\b${segment_index} +${nameOf(client_id)} .*${outcome ?? "ended"}`));
    expect(history.join("\n")).toMatch(/segment-retry: .*failed/);
    await wrong.become("right");
    await cluster.json(["jobs", "retry", jobId]);
    await cluster.untilComplete(jobId, 90_000);
    await expectSameFrames(source, await download(cluster, jobId), FRAMES);
  },
  240_000,
);

test("a source that is changed or deleted while its job waits fails the job with the reason", async () => {
  const source = await makeSource("waiting");
  const other = cluster.path("other.mp4");
  await copyFile(source, other);
  const changed = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
  const deleted = await cluster.submit(other, cluster.path("b.mkv"), PARAMS);
  await appendFile(source, "more");
  await rm(other);
  for (const jobId of [changed, deleted]) {
    const job = await cluster.untilJob(jobId, "has failed", 60_000, ({ status }) => status === "Failed");
    expect(job.error).toMatchObject({ code: "E_SOURCE_CHANGED" });
  }
  const again = await cluster.command(["jobs", "retry", deleted]);
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain("no longer there");
}, 180_000);

test.skipIf(!isPosix)(
  "a source that is changed while it is encoded fails the job; put back as it was, it goes on from what is finished",
  async () => {
    const source = await makeSource("changed");
    const moment = new Date("2026-01-01T00:00:00Z");
    await utimes(source, moment, moment);
    const wrong = await makeWrongFfmpeg(cluster.path("changed-tools"), tools, "right");
    await connect("slow", ["--slots", "1"], wrong.env);
    const jobId = await cluster.submit(source, cluster.path("out.mkv"), PARAMS);
    await cluster.untilJob(jobId, "has a segment", 60_000, (job) => job.segments.done > 0);
    await wrong.become("slow-encode");
    const { size } = await stat(source);
    await appendFile(source, "more");
    const failed = await cluster.untilJob(jobId, "has failed", 60_000, ({ status }) => status === "Failed");
    expect(failed.error).toMatchObject({ code: "E_SOURCE_CHANGED" });
    const isDone = ({ state }: { state: string }) => state === "verified";
    const finished = (await cluster.jobDetail(jobId)).segment_list.filter(isDone);
    expect(finished.length).toBeGreaterThan(0);
    expect((await cluster.command(["jobs", "retry", jobId])).stderr).toContain("changed");

    await truncate(source, size);
    await utimes(source, moment, moment);
    await wrong.become("right");
    await cluster.json(["jobs", "retry", jobId]);
    await cluster.untilComplete(jobId, 90_000);
    const after = (await cluster.jobDetail(jobId)).segment_list;
    for (const { index, attempts } of finished) expect(after[index]?.attempts).toBe(attempts);
    await expectSameFrames(source, await download(cluster, jobId), FRAMES);
  },
  240_000,
);

test("jobs without their database are refused with what to do, and left alone", async () => {
  await using cluster = await Cluster.make();
  const folder = join(cluster.workDir, "server", newId());
  await mkdir(folder, { recursive: true });
  const args = [
    "serve",
    "--port",
    "0",
    "--host",
    "127.0.0.1",
    "--work-dir",
    cluster.workDir,
    "--token",
    "t".repeat(16),
  ];
  const refused = await cluster.run(args);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("server.db is missing");
  expect(refused.stderr).toContain("Put the database back");
  expect(await readdir(join(cluster.workDir, "db")).catch(() => [])).not.toContain("server.db");
  expect(await readdir(folder)).toEqual([]);
}, 180_000);
