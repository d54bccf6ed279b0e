// kill -9 of a client in download, encode and upload, of the server before and in the benchmark, and clients that sleep
// past their lease. Where recovery.test.ts kills in mid-work, these hold the work still where they kill, so that each
// death is in the state it names. Each job ends with the very frames of its source.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { Cluster, processesNaming, until } from "../support/cluster.ts";
import { expectWhole } from "../support/same-frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { makeWrongFfmpeg } from "../support/wrong-ffmpeg.ts";

const tools = await findTools(process.env);
const BOUND_MS = 90_000;
const FRAMES = 100;
const PARAMS = "-c:v libx264 -qp 0 -preset ultrafast";
const SMALL = [
  "--benchmark-duration",
  "1",
  "--max-segment-duration",
  "1",
  "--retry-delay",
  "0.2",
  "--chunk-size",
  "16384",
];
const CLIENT = ["--slots", "1", "--source-access", "gateway", "--reconnect-delay", "0.3"];
const isLinux = process.platform === "linux";

async function sourceIn(cluster: Cluster): Promise<string> {
  const source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: FRAMES, gop: 25 });
  return source;
}

/** Of the encoders themselves, without the guards that started them. */
async function encodersOf(folder: string): Promise<number[]> {
  const processes = await processesNaming(folder);
  const encoders = processes.filter(({ command }) => command.includes("segment_") && !command.includes("__exec"));
  return encoders.map(({ pid }) => pid);
}

test.skipIf(!isLinux)(
  "a client killed in download and in upload: at most that segment is done again",
  async () => {
    await using cluster = await Cluster.make();
    const source = await sourceIn(cluster);
    await using proxy = await TcpProxy.open(() => cluster.port);
    await cluster.serve({ args: SMALL });
    const workDir = cluster.path("one-work");
    const start = () => cluster.joinThrough([], `127.0.0.1:${proxy.port}`, "one", CLIENT);
    const segments = async (jobId: string) => (await cluster.jobDetail(jobId)).segment_list;

    proxy.hold("to-client");
    let client = await start();
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
    await until("a block is on its way", BOUND_MS, async () => proxy.holding > 0);
    client.kill("SIGKILL");
    await client.exited;
    proxy.heal();

    // The segment is done, and stays on the way: killed there, it is handed in by the next process.
    proxy.hold("to-server");
    client = await start();
    await until("a segment is on its way", BOUND_MS, async () => proxy.holding > 0);
    const [held] = (await segments(jobId)).filter(({ state }) => state === "leased");
    client.kill("SIGKILL");
    await client.exited;
    await until("no encoder outlives it", BOUND_MS, async () => (await encodersOf(workDir)).length === 0);
    proxy.heal();
    client = await start();
    await until("it is handed in", BOUND_MS, async () => {
      return (await segments(jobId))[held?.index ?? 0]?.state === "verified";
    });
    await expectWhole(cluster, jobId, { path: source, frames: FRAMES }, BOUND_MS);
    const list = await segments(jobId);
    // One death lost what was being fetched, the other nothing; each may have taken what waited behind it along.
    expect(list.every(({ attempts }) => attempts <= 3)).toBe(true);
    expect((await cluster.jobDetail(jobId)).events.some(({ type }) => type === "lease-lost")).toBe(true);
    expect((await readdir(workDir, { recursive: true })).filter((name) => name.includes("segment_"))).toEqual([]);
  },
  300_000,
);

test.skipIf(!isLinux)(
  "the server killed while a job is Queued, WaitingForClients and Benchmarking goes on with it each time",
  async () => {
    await using cluster = await Cluster.make();
    const source = await sourceIn(cluster);
    await using proxy = await TcpProxy.open(() => cluster.port);
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), tools, "slow-index");
    const serve = () => cluster.serve({ args: SMALL, env: wrong.env });
    let server = await serve();
    const client = await cluster.joinThrough([], `127.0.0.1:${proxy.port}`, "one", CLIENT);
    const killedAs = async (jobId: string, status: string) => {
      await cluster.untilJob(jobId, `is ${status}`, BOUND_MS, (job) => job.status === status);
      server.kill("SIGKILL");
      await server.exited;
    };

    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
    await killedAs(jobId, "Queued");
    client.kill("SIGKILL");
    await client.exited;
    await wrong.become("right");
    server = await serve();
    await killedAs(jobId, "WaitingForClients");
    server = await serve();
    expect((await cluster.job(jobId)).status).toBe("WaitingForClients");
    proxy.hold("to-client");
    await cluster.joinThrough([], `127.0.0.1:${proxy.port}`, "one", CLIENT);
    await killedAs(jobId, "Benchmarking");
    proxy.heal();
    server = await serve();
    await expectWhole(cluster, jobId, { path: source, frames: FRAMES }, BOUND_MS);
    const detail = await cluster.jobDetail(jobId);
    expect(detail.events.map((event) => event.detail)).toContain("Processing → Combining");
    expect(detail.error).toBeNull();
  },
  300_000,
);

test.skipIf(!isLinux)(
  "the only client, cut off for longer than its lease: what it made is handed in, what it encodes goes on",
  async () => {
    await using cluster = await Cluster.make();
    const source = await sourceIn(cluster);
    await using proxy = await TcpProxy.open(() => cluster.port);
    await cluster.serve({ args: SMALL });
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), tools, "hold-later");
    const workDir = cluster.path("one-work");
    proxy.hold("to-server");
    await cluster.joinThrough([], `127.0.0.1:${proxy.port}`, "one", CLIENT, wrong.env);
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
    let encoders: number[] = [];
    await until("one segment is on its way and the next is encoded", BOUND_MS, async () => {
      encoders = await encodersOf(workDir);
      return proxy.holding > 0 && encoders.length === 1;
    });
    const events = async (type: string) => {
      const { events } = await cluster.jobDetail(jobId);
      return events.flatMap((event) => (event.type === type ? [event.attempt_id] : []));
    };
    proxy.cut();
    await until("both leases are over", BOUND_MS, async () => (await events("lease-lost")).length === 2);
    expect((await cluster.jobDetail(jobId)).segment_list.map(({ state }) => state).slice(0, 2)).toEqual([
      "pending",
      "pending",
    ]);
    proxy.heal();
    await until("they are leased again", BOUND_MS, async () => (await events("lease-renewed")).length === 2);
    expect((await events("lease-renewed")).sort()).toEqual((await events("lease-lost")).sort());
    expect(await encodersOf(workDir)).toEqual(encoders);
    await wrong.become("right");
    await expectWhole(cluster, jobId, { path: source, frames: FRAMES }, BOUND_MS);
    const detail = await cluster.jobDetail(jobId);
    expect(detail.segment_list.every(({ attempts }) => attempts === 1)).toBe(true);
    expect(detail.attempts.map(({ outcome }) => outcome)).toEqual(detail.segment_list.map(() => "segment-verified"));
  },
  300_000,
);

test.skipIf(!isLinux)(
  "clients that sleep past their lease, one with its ffmpeg: others finish; awake, they drop it and are of use again",
  async () => {
    await using cluster = await Cluster.make();
    const source = await sourceIn(cluster);
    await cluster.serve({ args: SMALL });
    const slow = await makeWrongFfmpeg(cluster.path("tools"), tools, "slow-encode");
    const laptop = await cluster.join("laptop", CLIENT, slow.env);
    const stopped = await cluster.join("stopped", CLIENT, slow.env);
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
    const folders = [cluster.path("laptop-work"), cluster.path("stopped-work")];
    await until("both encode", BOUND_MS, async () => {
      const encoders = await Promise.all(folders.map(encodersOf));
      return encoders.every((each) => each.length > 0);
    });
    stopped.kill("SIGSTOP"); // its ffmpeg goes on and finishes
    const asleep = (await processesNaming(cluster.path("laptop-work"))).map(({ pid }) => pid);
    for (const pid of asleep) process.kill(pid, "SIGSTOP");
    try {
      // Before anybody could take over their work for being quicker.
      await until("their leases are over", BOUND_MS, async () => {
        return (await cluster.clients()).every(({ status }) => status === "Disconnected");
      });
      await cluster.join("heir", ["--slots", "2"]);
      await cluster.untilComplete(jobId, BOUND_MS);
    } finally {
      for (const pid of asleep) process.kill(pid, "SIGCONT");
      laptop.kill("SIGCONT");
      stopped.kill("SIGCONT");
    }
    const detail = await cluster.jobDetail(jobId);
    const lost = detail.attempts.filter(({ outcome }) => outcome === "lease-lost");
    expect(new Set(lost.map(({ client_id }) => client_id)).size).toBe(2);
    await until("they are back and hold nothing", BOUND_MS, async () => {
      const names = await Promise.all(folders.map((folder) => readdir(folder, { recursive: true })));
      const idle = (await cluster.clients()).filter(({ status }) => status === "Idle");
      return idle.length === 3 && !names.flat().some((name) => name.includes("segment_"));
    });
    await slow.become("right");
    await expectWhole(cluster, jobId, { path: source, frames: FRAMES }, BOUND_MS);
  },
  300_000,
);
