// Recovery, first level: kill -9 of a client in mid-segment, of the server in Processing and in Combining.
// Each ends with the very frames of an undisturbed run.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STOPPED_WITHIN_MS } from "../../src/base/process/terminate.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { Cluster, processesUsing, until } from "../support/cluster.ts";
import { withinPromise } from "../support/lateness.ts";
import { IS_LONG } from "../support/long-run.ts";
import { download, expectSameFrames } from "../support/same-frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { makeWrongFfmpeg } from "../support/wrong-ffmpeg.ts";

/** Long enough to be killed in, small enough to be quick: 8 s of 320x180 with a key frame each second, and a tone. */
const FRAMES = 200;
let folder: string;
let source: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-recovery-"));
  source = join(folder, "source.mp4");
  await makeSynthetic(source, { frames: FRAMES, gop: 25, withSound: true });
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const PARAMS = "-c:v libx264 -qp 0 -preset veryfast";
const SEGMENTS = ["--benchmark-duration", "2", "--max-segment-duration", "2", "--retry-delay", "0.2"];

// Chaos has it too, and deaths.test.ts a client killed in download and in upload.
test.skipIf(!IS_LONG)(
  "a client killed in mid-segment: its segment goes to another, the output is identical",
  async () => {
    await using cluster = await Cluster.make();
    await cluster.serve({ args: SEGMENTS });
    const victim = await cluster.join("victim", ["--source-access", "gateway", "--slots", "1"]);
    const jobId = await cluster.submit(source, cluster.path("out.mp4"), PARAMS);
    await cluster.untilJob(jobId, "encodes", 60_000, (job) => job.segments.running > 0 && job.frames.done > 0);
    victim.kill("SIGKILL");
    await victim.exited;
    const isGone = async () => (await processesUsing(join(cluster.folder, "victim-work"))).length === 0;
    await withinPromise("the end of its ffmpeg", STOPPED_WITHIN_MS, () => until("it is gone", 60_000, isGone));
    await cluster.join("heir");
    await cluster.untilComplete(jobId, 120_000);
    const detail = await cluster.jobDetail(jobId);
    expect(detail.events.some((event) => event.type === "lease-lost")).toBe(true);
    await expectSameFrames(source, await download(cluster, jobId, "mp4"), FRAMES);
  },
  240_000,
);

test("the server killed in Processing goes on without encoding finished segments again", async () => {
  await using cluster = await Cluster.make();
  const server = await cluster.serve({ args: SEGMENTS });
  await cluster.join("one", ["--reconnect-delay", "0.3"]);
  const jobId = await cluster.submit(source, cluster.path("out.mp4"), PARAMS);
  await cluster.untilJob(jobId, "has finished segments", 90_000, (job) => job.segments.done >= 2);
  const before = await cluster.jobDetail(jobId);
  const finished = before.segment_list.filter((segment) => segment.state === "verified");
  server.kill("SIGKILL");
  await server.exited;
  await cluster.serve({ args: SEGMENTS });
  await cluster.untilComplete(jobId, 120_000);
  const after = await cluster.jobDetail(jobId);
  for (const segment of finished) {
    expect(after.segment_list[segment.index]).toMatchObject({
      attempts: segment.attempts,
      start_pts: segment.start_pts,
      end_pts: segment.end_pts,
    });
  }
  expect(after.events.map((event) => event.detail)).toContain("Processing → Combining");
  await expectSameFrames(source, await download(cluster, jobId, "mp4"), FRAMES);
}, 240_000);

test.skipIf(process.platform === "win32")(
  "the server killed in Combining stitches again",
  async () => {
    await using cluster = await Cluster.make();
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), await findTools(process.env), "slow-stitch");
    const server = await cluster.serve({ args: SEGMENTS, env: wrong.env });
    await cluster.join("one", ["--reconnect-delay", "0.3"]);
    const jobId = await cluster.submit(source, cluster.path("out.mkv"), "-c:v ffv1 -c:a flac");
    await cluster.untilJob(jobId, "combines", 120_000, (job) => job.status === "Combining");
    server.kill("SIGKILL");
    await server.exited;
    await until("its stitch is gone", 60_000, async () => (await processesUsing(cluster.workDir)).length === 0);
    await wrong.become("right");
    await cluster.serve({ args: SEGMENTS, env: wrong.env });
    await cluster.untilComplete(jobId, 120_000);
    await expectSameFrames(source, await download(cluster, jobId), FRAMES);
  },
  240_000,
);

test.skipIf(process.platform === "win32")(
  "a segment that fails everywhere fails the job with ffmpeg's own last words, after the retries asked for",
  async () => {
    await using cluster = await Cluster.make();
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), await findTools(process.env), "unknown-profile");
    await cluster.serve({ args: ["--max-retries", "1", "--retry-delay", "0.1"] });
    await cluster.join("one", [], wrong.env);
    const params = "-c:v libx264 -preset ultrafast";
    const asked = ["submit", source, "-o", cluster.path("out.mp4"), "--ffmpeg-params", params, "--json"];
    const ended = await cluster.command(asked);
    expect(ended.exitCode).toBe(3);
    const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { event: string; job_id: string };
    expect(last.event).toBe("failed");
    const job = await cluster.jobDetail(last.job_id);
    expect(job.error?.code).toBe("E_ENCODE_FAILED");
    expect(job.error?.message ?? "").toMatch(/profile unheard/i);
    // Segments are tried side by side: whichever is the first to use up its retries ends the job. Those behind the first
    // have as many once more, from the beginning of the source.
    expect(job.error?.message ?? "").toContain("failed 2 times");
    expect(job.segment_list[0]?.attempts).toBeLessThanOrEqual(2);
    expect(Math.max(...job.segment_list.map(({ attempts }) => attempts))).toBeLessThanOrEqual(4);
  },
  180_000,
);
