// Cancel, in every state that a job can be met in: `Cancelled` at once, every process of it gone within two seconds of
// the moment its machine was told, its files gone from server and client. The seconds are those that server and client
// measured themselves and logged; what a plain timer and a plain signal are late by here is allowed on top.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { STOPPED_WITHIN_MS } from "../../src/base/process/terminate.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { Cluster, processesNaming, processesUsing, type Running, until } from "../support/cluster.ts";
import { Lateness } from "../support/lateness.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { makeWrongFfmpeg } from "../support/wrong-ffmpeg.ts";

const tools = await findTools(process.env);
const BOUND_MS = 60_000;
const QUICK = "-c:v libx264 -qp 0 -preset ultrafast";
/** Its segments are judged by ffprobe, which can be held up; those of H.264 the server reads by itself, too quickly. */
const PROBED = "-c:v mpeg2video -q:v 5";
/** Minutes of work, so that it is under way when it is cancelled. */
const SLOW = "-c:v libx264 -preset placebo -crf 1 -vf scale=3840:-2";
const SMALL = [
  "--benchmark-duration",
  "2",
  "--max-segment-duration",
  "2",
  "--retry-delay",
  "0.2",
  "--chunk-size",
  "65536",
];

class Scene {
  readonly #cluster: Cluster;
  readonly #server: Running;
  readonly #lateness: Lateness;
  readonly #clientDir: string;
  client: Running | null = null;

  constructor(cluster: Cluster, server: Running, lateness: Lateness, clientDir: string) {
    this.#cluster = cluster;
    this.#server = server;
    this.#lateness = lateness;
    this.#clientDir = clientDir;
  }

  /** How many attempts the client says it has stopped, with the stage and the milliseconds of each. */
  stopped(): { stage: string; ms: number }[] {
    const said = this.client?.stderr() ?? "";
    const lines = [...said.matchAll(/an attempt was stopped attempt=\S+ stage=(\w+) ms=(\d+)/g)];
    return lines.map(([, stage = "", ms]) => ({ stage, ms: Number(ms) }));
  }

  /** Cancels; `stage`: what the client is to have been doing for it. */
  async cancel(jobId: string, stage?: string): Promise<void> {
    const before = this.stopped().length;
    expect(await this.#cluster.command(["cancel", jobId])).toMatchObject({ exitCode: 0 });
    expect((await this.#cluster.job(jobId)).status).toBe("Cancelled");
    const ended = new RegExp(`a job has ended.* job=${jobId} status=Cancelled ms=(\\d+)`);
    await until("the server says that the job has ended", BOUND_MS, async () => ended.test(this.#server.stderr()));
    await this.#expectInTime(Number(ended.exec(this.#server.stderr())?.[1]));
    if (stage !== undefined) {
      await until("the client says what it stopped", BOUND_MS, async () => this.stopped().length > before);
      const told = this.stopped().slice(before);
      expect(told.map((each) => each.stage)).toContain(stage);
      for (const { ms } of told) await this.#expectInTime(ms);
    }
    await until("nothing of it is left", BOUND_MS, async () => (await this.#leftovers(jobId)).length === 0);
    await until(
      "the source's blocks are gone from the client",
      BOUND_MS,
      async () => (await this.#blocks()).length === 0,
    );
  }

  async #expectInTime(ms: number): Promise<void> {
    expect(ms).toBeLessThanOrEqual(STOPPED_WITHIN_MS + (await this.#lateness.worstMs()));
  }

  /** Of that job: processes, its folder on the server, segment folders on the client. */
  async #leftovers(jobId: string): Promise<string[]> {
    const processes = await processesUsing(this.#cluster.folder);
    const names = await readdir(this.#clientDir, { recursive: true }).catch(() => []); // before there is a client
    return [
      ...processes.map(({ command }) => command).filter((command) => /segment_|\bsource\b.*\.mp4/.test(command)),
      ...(await readdir(join(this.#cluster.workDir, "server"))).filter((name) => name === jobId),
      ...names.filter((name) => name.includes("segment_")),
    ];
  }

  async #blocks(): Promise<string[]> {
    const names = await readdir(this.#clientDir, { recursive: true }).catch(() => []); // before there is a client
    return names.filter((name) => name.endsWith(".block"));
  }
}

test.skipIf(process.platform !== "linux")(
  "cancelled in any state: Cancelled, its processes gone within two seconds, its files gone",
  async () => {
    await using cluster = await Cluster.make();
    using lateness = new Lateness();
    const source = cluster.path("source.mp4");
    await makeSynthetic(source, { frames: 100, gop: 25 });
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), tools, "right");
    await using proxy = await TcpProxy.open(() => cluster.port);
    const server = await cluster.serve({ args: SMALL, env: wrong.env });
    const scene = new Scene(cluster, server, lateness, cluster.path("one-work"));
    let count = 0;
    const submit = (params: string) => {
      count += 1;
      return cluster.submit(source, cluster.path(`${count}.mkv`), params);
    };

    const waiting = await submit(QUICK);
    await cluster.untilJob(waiting, "waits", BOUND_MS, (job) => job.status === "WaitingForClients");
    await scene.cancel(waiting);

    const address = `127.0.0.1:${proxy.port}`;
    const args = ["--slots", "1", "--source-access", "gateway"];
    scene.client = await cluster.joinThrough([], address, "one", args, wrong.env);

    await wrong.become("slow-index");
    const indexing = await submit(QUICK);
    await until("its packets are being read", BOUND_MS, async () =>
      (await processesUsing(source)).some(({ command }) => command.includes("ffprobe")),
    );
    expect((await cluster.job(indexing)).status).toBe("Queued");
    await scene.cancel(indexing);
    await wrong.become("right");

    proxy.hold("to-client");
    const fetching = await submit(SLOW);
    await until("a block is on its way", BOUND_MS, async () => proxy.holding > 0);
    expect((await cluster.job(fetching)).status).toBe("Benchmarking");
    await scene.cancel(fetching, "fetching");
    proxy.heal();

    const encoding = await submit(SLOW);
    await cluster.untilJob(encoding, "is being encoded", BOUND_MS, (job) => job.frames.done > 0);
    const ffmpegs = await processesNaming(cluster.path("one-work"));
    expect(ffmpegs.filter(({ command }) => command.includes("segment_")).length).toBeGreaterThan(0);
    await scene.cancel(encoding, "encoding");

    proxy.hold("to-server");
    const uploading = await submit(QUICK);
    await until("a segment is on its way", BOUND_MS, async () => proxy.holding > 0);
    await scene.cancel(uploading, "uploading");
    proxy.heal();

    // Its second segment is not begun before its first is in.
    await wrong.become("hold-later");
    const processing = await submit(QUICK);
    await cluster.untilJob(processing, "has a segment", BOUND_MS, (job) => job.segments.done > 0);
    expect((await cluster.job(processing)).status).toBe("Processing");
    await scene.cancel(processing, "fetching");

    await wrong.become("slow-check");
    const verifying = await submit(PROBED);
    const isChecked = async () => (await cluster.jobDetail(verifying)).segment_list[0]?.state === "verifying";
    await until("its first segment is being checked", BOUND_MS, isChecked);
    await scene.cancel(verifying);

    await wrong.become("slow-stitch");
    const combining = await submit(QUICK);
    await cluster.untilJob(combining, "combines", BOUND_MS, (job) => job.status === "Combining");
    await scene.cancel(combining);
  },
  300_000,
);
