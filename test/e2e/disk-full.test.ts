// Full disks under real processes, on file systems of a few megabytes: of a client while it encodes, of the server when
// a segment comes and when the output is put together. Work waits or fails with the reason, nothing half-written is
// taken for whole, and with room again everything ends with the very frames of the source.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { Cluster, until } from "../support/cluster.ts";
import { giveKeptEncoders } from "../support/kept-encoders.ts";
import { download, expectSameFrames } from "../support/same-frames.ts";
import { canHaveSmallDisks, SmallDisk } from "../support/small-disk.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { makeWrongFfmpeg } from "../support/wrong-ffmpeg.ts";

const tools = await findTools(process.env);
const isPossible = canHaveSmallDisks();
const BOUND_MS = 90_000;
const FRAMES = 75;
/** Noise: 8 MB a second when nothing is lost. */
const PARAMS = "-c:v ffv1";

async function noisySource(cluster: Cluster): Promise<string> {
  const source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: FRAMES, gop: 25, size: "640x360", noise: 60 });
  return source;
}

test.skipIf(!isPossible)(
  "a client whose disk runs full gives its segment back and gets no more until it has room; nobody is blamed",
  async () => {
    await using cluster = await Cluster.make();
    const source = await noisySource(cluster);
    using disk = new SmallDisk(cluster.path("full-work"), 96);
    await cluster.serve({ args: ["--benchmark-duration", "60"] });
    const client = async (name: string) => (await cluster.clients()).find((each) => each.name === name);

    await cluster.join("full", ["--slots", "1", "--source-access", "gateway"]);
    // It begins, and all of the video in one segment does not fit.
    await disk.fillUpTo(17);
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
    await until("it says that it is full", BOUND_MS, async () => (await client("full"))?.no_room !== null);
    await until("its segment is free", BOUND_MS, async () => {
      return (await cluster.jobDetail(jobId)).segment_list[0]?.state === "pending";
    });
    const given = (await cluster.jobDetail(jobId)).attempts;
    expect(given.map(({ reason }) => reason).join()).toContain("its disk is full");
    expect((await cluster.jobDetail(jobId)).idle_clients.map(({ reason }) => reason).join()).toContain("full");
    expect((await cluster.command(["clients", "list"])).stdout).toContain("Idle, full");

    const other = await cluster.join("other", ["--slots", "1"]);
    await cluster.untilComplete(jobId, BOUND_MS);
    await expectSameFrames(source, await download(cluster, jobId), FRAMES);
    const detail = await cluster.jobDetail(jobId);
    expect(detail.events.filter(({ type }) => type === "segment-retry")).toEqual([]);
    expect(detail.attempts.filter(({ client_id }) => client_id === given[0]?.client_id)).toHaveLength(1);
    expect((await client("full"))?.quarantine).toBeNull();

    other.kill("SIGTERM");
    await other.exited;
    await disk.relieve();
    await until("it has room again", BOUND_MS, async () => (await client("full"))?.no_room === null);
    const next = await cluster.submit(source, cluster.path("b.mkv"), PARAMS);
    await cluster.untilComplete(next, BOUND_MS);
    await expectSameFrames(source, await download(cluster, next), FRAMES);
  },
  300_000,
);

test.skipIf(!isPossible)(
  "a full server: segments wait for room; a stitch without it fails, before or in its midst, and goes on with it",
  async () => {
    await using cluster = await Cluster.make();
    const source = await noisySource(cluster);
    using disk = new SmallDisk(cluster.workDir, 36);
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), tools, "right");
    await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "1"], env: wrong.env });
    const client = await cluster.join("one", ["--slots", "1", "--log-level", "debug"]);

    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS, ["--required-clients", "1"]);
    await disk.fillUpTo(4);
    await until("a segment finds no room", BOUND_MS, async () => {
      return client.stderr().includes("the server's work directory is full");
    });
    const segments = join(cluster.workDir, "server", jobId, "segments");
    const landed = (await cluster.jobDetail(jobId)).segment_list.filter(({ state }) => state === "verified").length;
    expect((await readdir(segments)).length).toBe(landed);
    await disk.relieve();

    // 22 MiB of segments, and as much again for the output.
    const failed = await cluster.untilJob(jobId, "has failed", BOUND_MS, (job) => job.status === "Failed");
    expect(failed.error).toMatchObject({ code: "E_NO_SPACE", hint: expect.stringContaining("jobs retry") });
    const before = await cluster.jobDetail(jobId);
    expect(before.segment_list.map(({ state }) => state)).toEqual(["verified", "verified", "verified"]);

    disk.resize(120);
    await wrong.become("fill-at-stitch", cluster.workDir);
    await cluster.json(["jobs", "retry", jobId]);
    const again = await cluster.untilJob(jobId, "has failed again", BOUND_MS, (job) => job.status === "Failed");
    expect(again.error).toMatchObject({ code: "E_NO_SPACE", hint: expect.stringContaining("jobs retry") });
    const names = await readdir(join(cluster.workDir, "server", jobId));
    expect(names.filter((name) => name.startsWith(".") || name.startsWith("output"))).toEqual([]);

    await wrong.become("right");
    await disk.relieve();
    await cluster.json(["jobs", "retry", jobId]);
    await cluster.untilComplete(jobId, BOUND_MS);
    const after = await cluster.jobDetail(jobId);
    expect(after.attempts.length).toBe(before.attempts.length);
    await expectSameFrames(source, await download(cluster, jobId), FRAMES);
  },
  300_000,
);

test.skipIf(!isPossible)(
  "a server without room for its database ends and says so; started with room it goes on",
  async () => {
    await using cluster = await Cluster.make();
    const source = await noisySource(cluster);
    using disk = new SmallDisk(cluster.workDir, 96);
    const server = await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "1"] });
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
    await disk.fillUpTo(0);
    // Each client that comes is written down.
    const args = ["--slots", "1", "--reconnect-delay", "0.3"];
    const join = ["join", "--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token, ...args];
    for (const each of [1, 2, 3]) await giveKeptEncoders(cluster.path(`c${each}`), {});
    const clients = [1, 2, 3].map((each) =>
      cluster.start(`c${each}`, [...join, "--work-dir", cluster.path(`c${each}`)]),
    );
    expect(await server.exited).toBe(1);
    expect(server.stderr()).toMatch(/no room|no space|is full/i);
    for (const client of clients.slice(1)) client.kill("SIGKILL");
    await disk.relieve();
    await cluster.serve();
    await cluster.untilComplete(jobId, BOUND_MS);
    await expectSameFrames(source, await download(cluster, jobId), FRAMES);
  },
  300_000,
);
