// One chaos run from one seed: a real cluster, a lossless job, accidents at random moments, and at the end the very
// frames of the source, every segment once, nothing left over. The seed fixes which accidents happen, in which order, to
// whom and for how long (`story.ts`); where in the work one strikes, and how many there is time for, is the machine's.
import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "../../src/base/clock.ts";
import type { JobView } from "../../src/cluster/server/views.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { Cluster } from "../support/cluster.ts";
import { download, expectSameFrames } from "../support/same-frames.ts";
import { canHaveSmallDisks, SmallDisk } from "../support/small-disk.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { hasWallClock, makeWallClock } from "../support/wall-clock.ts";
import { makeWrongFfmpeg } from "../support/wrong-ffmpeg.ts";
import type { Scene } from "./accidents.ts";
import { type ClientMember, clientMember, serverMember } from "./members.ts";
import { type Chapter, lineRandom, tellStory } from "./story.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** Accidents happen for so long; then the cluster is left in peace. */
  readonly accidentsMs: number;
  readonly frames: number;
  readonly clients: number;
  readonly isLong: boolean;
  readonly say: (line: string) => void;
}

export interface ChaosStory {
  readonly accidents: readonly string[];
  readonly flipped: number;
  readonly attempts: number;
  readonly segments: number;
}

/** From the start one client's line damages a byte in so many: a few source blocks, and one segment in two or three. */
const FLIP_EVERY = 1_000_000;
/** In peace a short job is done in seconds; a lease and a patience may have to run out first. */
const PEACE_MS = 240_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosStory> {
  const story = tellStory(options.seed);
  await using cluster = await Cluster.make();
  const tools = await findTools(process.env);
  const source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: options.frames, gop: 12, withSound: true });
  await using undo = new AsyncDisposableStack();
  const smallDisk = (mebibytes: number) => (folder: string) => undo.use(new SmallDisk(folder, mebibytes));
  const disks = canHaveSmallDisks();
  const clock = hasWallClock ? await makeWallClock(cluster.path("clock")) : null;
  const around = { cluster, env: { ...clock?.env } };
  // Segments and output are as much again as a lossless frame each.
  const serverDisk = disks && options.isLong ? smallDisk(64 + options.frames / 4)(cluster.workDir) : null;
  const server = serverMember(around);
  const clients: ClientMember[] = [];
  for (let index = 1; index <= options.clients; index++) {
    const wrong = await makeWrongFfmpeg(cluster.path(`tools-${index}`), tools, "right");
    // What a line does depends on what travels; with a sequence of its own it shifts nothing else.
    const random = lineRandom(options.seed, index);
    const client = await clientMember({ ...around, random }, `client-${index}`, wrong, disks ? smallDisk(64) : null);
    undo.use(client.proxy);
    clients.push(client);
  }
  await server.start();
  const [first] = clients;
  if (first !== undefined) first.proxy.flipEvery = FLIP_EVERY;
  for (const client of clients) await client.start();
  const jobId = await cluster.submit(source, cluster.path("out.mkv"), "-c:v libx264 -qp 0 -preset slow -c:a flac");

  // Accidents before the first frame would strike nobody.
  await cluster.untilJob(jobId, "is being encoded", PEACE_MS, (job) => job.frames.done > 0);
  const scene = { cluster, server, serverDisk, clock, clients, isLong: options.isLong };
  const accidents = await spoil(story, scene, options);
  await makePeace(scene);
  await releaseQuarantined(cluster);
  const done = await untilComplete(cluster, jobId, accidents);
  expect(done.progress).toBe(100);

  await expectSameFrames(source, await download(cluster, jobId), options.frames);
  const detail = await cluster.jobDetail(jobId);
  const left = await readdir(join(cluster.workDir, "server", jobId));
  expect(left.sort()).toEqual(["frames.json", "output.mkv", "proof.json"]);
  for (const client of clients) await client.kill();
  await server.kill();
  const flipped = clients.reduce((sum, { proxy }) => sum + proxy.flipped, 0);
  return { accidents, flipped, attempts: detail.attempts.length, segments: detail.segment_list.length };
}

/** Leaves out what this run or this machine has not; the others come as they would have. */
async function spoil(
  story: Iterable<Chapter>,
  surroundings: Omit<Scene, "random">,
  { accidentsMs, isLong, say }: ChaosOptions,
): Promise<string[]> {
  const happened: string[] = [];
  const end = performance.now() + accidentsMs;
  for (const { accident, waitMs, random } of story) {
    const scene: Scene = { ...surroundings, random };
    if ((accident.isLong === true && !isLong) || accident.isPossible?.(scene) === false) continue;
    if (performance.now() >= end) break;
    await delay(waitMs);
    say(`  ${accident.name}`);
    await accident.happen(scene);
    happened.push(accident.name);
  }
  return happened;
}

/** Everything runs, nothing is cut, every ffmpeg is right. */
async function makePeace({ server, clients }: Pick<Scene, "server" | "clients">): Promise<void> {
  await server.start();
  for (const client of clients) {
    client.proxy.heal();
    await client.wrong.become("right");
    await client.start();
  }
}

/** A full disk may have failed the job, for that reason and no other; what was finished is kept, and it goes on. */
async function untilComplete(cluster: Cluster, jobId: string, accidents: readonly string[]): Promise<JobView> {
  const end = (job: JobView) => job.status === "Completed" || job.status === "Failed";
  const job = await cluster.untilJob(jobId, "has ended", PEACE_MS, end);
  if (job.status === "Completed") return job;
  expect(accidents.map((name) => name.startsWith("disk"))).toContain(true);
  expect(job.error?.code).toBe("E_NO_SPACE");
  await cluster.json(["jobs", "retry", jobId]);
  return await cluster.untilComplete(jobId, PEACE_MS);
}

/** Whoever was wrong often enough was rightly held back; now that it is right, somebody says so. */
async function releaseQuarantined(cluster: Cluster): Promise<void> {
  for (const client of await cluster.clients()) {
    if (client.quarantine !== null) await cluster.json(["clients", "resume", client.client_id]);
  }
}
