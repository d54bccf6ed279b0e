// A server that starts again on the state of one that was killed: what had ended leaves no files, a source makes one job.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFile, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { exists } from "../../src/base/files.ts";
import { silentLog } from "../../src/base/log.ts";
import { ALL_JOBS } from "../../src/cluster/server/lists.ts";
import { type OpenCoordinator, openCoordinator } from "../../src/cluster/server/open-coordinator.ts";
import { NO_STORES } from "../../src/cluster/server/remote/stores-file.ts";
import { openServerStore } from "../../src/db/server/server-store.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { until } from "../support/cluster.ts";
import { mediaPath } from "../support/media.ts";
import { ADMIN } from "../support/principals.ts";
import { uploadTo } from "../support/upload.ts";

const tools = await findTools(process.env);
let folder: string;
let open: OpenCoordinator | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-restart-"));
});

afterEach(async () => {
  await open?.close();
  open = null;
  await rm(folder, { recursive: true, force: true });
});

async function start(keepMs: number | null = null): Promise<OpenCoordinator> {
  open = await openCoordinator({
    workDir: folder,
    token: "token",
    keepAdminToken: async () => {},
    requiredClients: 1,
    benchmarkSeconds: 10,
    maxSegmentSeconds: null,
    ffmpegParams: "-c:v libx264",
    fileNameOutput: null,
    exactly: true,
    verify: "fast",
    chunkBytes: 65536,
    maxRetries: 3,
    retryDelayMs: 100,
    keepMs,
    keepSinceMs: 0,
    mediaRoots: [],
    allowPrivateWebhooks: false,
    stores: NO_STORES,
    env: {},
    tools,
    log: silentLog,
    clock: systemClock,
    store: openServerStore(join(folder, "db", "server.db")),
    onBroken: (cause) => {
      throw cause;
    },
  });
  return open;
}

async function upload(coordinator: OpenCoordinator): Promise<string> {
  const clip = mediaPath("flower-540p29.97-5s.mp4");
  if (clip === null) throw new Error("the shipped clips are missing");
  return (await uploadTo(coordinator, basename(clip), await Bun.file(clip).bytes())).source_id;
}

const asked = {
  ffmpegParams: null,
  outputName: "out.mp4",
  requiredClients: null,
  family: null,
  allowMixed: null,
  waitForFamily: null,
  name: null,
  verify: null,
};

test("killed between a job's end and the removal of its files: the next start removes them", async () => {
  const first = await start();
  const follower = first.follow(["job", "client"], ADMIN, null, () => undefined);
  expect(follower.next()).toMatchObject({ type: "snapshot", data: { jobs: [], clients: [] } });
  const { job_id: jobId } = await first.createJob({ ...asked, sourceId: await upload(first) }, ADMIN);
  const uploads = join(folder, "server", "uploads");
  const [uploaded = ""] = await readdir(uploads);
  await copyFile(join(uploads, uploaded), join(folder, "kept"));
  await first.cancelJob(jobId);
  await until("who follows is told of its end", 20_000, async () => {
    const event = follower.next();
    return event?.type === "job" && (event.data as { readonly status: string }).status === "Cancelled";
  });
  const root = join(folder, "server", jobId);
  // What is being removed is gone when it is closed, work that was still running included: nothing is removed behind it.
  await first.close();
  expect([await exists(root), await readdir(uploads)]).toEqual([false, []]);

  await mkdir(join(root, "segments"), { recursive: true });
  await writeFile(join(root, "segments", "000000.nut"), "left");
  await copyFile(join(folder, "kept"), join(uploads, uploaded));
  await start();
  await until(
    "they are gone again",
    60_000,
    async () => !(await exists(root)) && (await readdir(uploads)).length === 0,
  );
});

test("a failed job keeps its source until its time is over (--keep); then a retry is told why it can't be", async () => {
  const first = await start(3_600_000);
  const sourceId = await upload(first);
  const { job_id: jobId } = await first.createJob({ ...asked, sourceId }, ADMIN);
  const uploads = join(folder, "server", "uploads");
  const [uploaded = ""] = await readdir(uploads);
  await appendFile(join(uploads, uploaded), "more");
  await until("it has failed", 20_000, async () => first.job(jobId).status === "Failed");
  expect(first.job(jobId).error?.code).toBe("E_SOURCE_CHANGED");
  await first.close();

  const second = await start(3_600_000);
  expect(await readdir(uploads)).toEqual([uploaded]);
  await second.close();

  const third = await start(0);
  await until("its files are gone", 20_000, async () => (await readdir(uploads)).length === 0);
  expect(await readdir(join(folder, "server", jobId))).toEqual([]);
  expect(third.jobDetail(jobId)).toMatchObject({ status: "Failed", error: { code: "E_SOURCE_CHANGED" } });
  const refusal = await third.retryJob(jobId).catch((thrown: unknown) => thrown);
  expect(refusal).toMatchObject({ code: "E_SOURCE_MISSING", hint: expect.stringContaining("submit it again") });
});

test("what a killed server had half written for a running job is removed when it starts again; its key is known", async () => {
  const first = await start();
  const sourceId = await upload(first);
  const key = { key: "nightly-7", requestSha256: "0" };
  const made = await Promise.all([1, 2].map(() => first.createJobOnce({ ...asked, sourceId }, ADMIN, key)));
  expect(made.map(({ isNew }) => isNew)).toEqual([true, false]);
  const jobId = made[0]?.job.job_id ?? "";
  await first.close();
  const root = join(folder, "server", jobId);
  await writeFile(join(root, ".output.mp4.0123abcd.tmp"), "half");
  const second = await start();
  const again = await second.createJobOnce({ ...asked, sourceId }, ADMIN, key);
  expect([again.job.job_id, again.isNew]).toEqual([jobId, false]);
  expect(second.listJobs(ALL_JOBS, ADMIN).items.map(({ job_id }) => job_id)).toEqual([jobId]);
  expect((await readdir(root)).filter((name) => name.startsWith("."))).toEqual([]);
});

test("a source makes one job, however often it is asked for at once", async () => {
  const coordinator = await start();
  const sourceId = await upload(coordinator);
  const answers = await Promise.allSettled([
    coordinator.createJob({ ...asked, sourceId }, ADMIN),
    coordinator.createJob({ ...asked, sourceId }, ADMIN),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect((await readdir(join(folder, "server", "uploads"))).length).toBe(1);
});
