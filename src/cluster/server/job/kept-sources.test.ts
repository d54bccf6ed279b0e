import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "../../scheduler/model/job.ts";
import { JobFolders } from "./job-folders.ts";
import type { JobRecord } from "./job-record.ts";
import { KeptSources } from "./kept-sources.ts";

const HOUR_MS = 3_600_000;
const NOW = Date.parse("2026-11-22T12:00:00.000Z");
let folders: JobFolders;
let workDir: string;

beforeEach(async () => {
  workDir = await mkdtemp(join(tmpdir(), "ffcluster-kept-"));
  folders = new JobFolders(workDir);
});
afterEach(() => rm(workDir, { recursive: true, force: true }));

/** A job with an uploaded source and a remuxed one. `hours`: since its end. */
async function ended(id: string, status: Job["status"], hours: number): Promise<Job> {
  await folders.make(id);
  await writeFile(folders.of(id).video, "remuxed");
  await mkdir(folders.uploads, { recursive: true });
  await writeFile(join(folders.uploads, id), "source");
  return { id, status, completedAt: new Date(NOW - hours * HOUR_MS).toISOString() } as Job; // nothing else is looked at
}

function keptOf(jobs: readonly Job[]): KeptSources {
  const record = (jobId: string) => {
    const kind = jobId === "local" ? "local" : "uploaded";
    return { source: { kind, path: join(folders.uploads, jobId) } } as unknown as JobRecord;
  };
  return new KeptSources({ folders, jobs: () => jobs, record });
}

test("sources of completed jobs go after a day; those of failed jobs, and other people's files, stay", async () => {
  const jobs = [
    await ended("young", "Completed", 23),
    await ended("old", "Completed", 25),
    await ended("failed", "Failed", 25),
    await ended("local", "Completed", 25),
  ];
  await keptOf(jobs).sweep(NOW);
  expect((await readdir(folders.uploads)).sort()).toEqual(["failed", "local", "young"]);
  const has = async (id: string) => (await readdir(folders.of(id).root)).includes("video.mp4");
  expect(await Promise.all(["young", "old", "failed", "local"].map(has))).toEqual([true, false, true, false]);
});

test("they go at once where something else needs their room", async () => {
  const kept = keptOf([await ended("young", "Completed", 1)]);
  await kept.release("young");
  await kept.makeRoom(1);
  expect(await readdir(folders.uploads)).toEqual(["young"]);
  await kept.makeRoom(2 ** 52);
  expect(await readdir(folders.uploads)).toEqual([]);
});
