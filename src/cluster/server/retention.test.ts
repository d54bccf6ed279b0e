import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../base/log.ts";
import type { Job } from "../scheduler/model/job.ts";
import { JobFolders } from "./job/job-folders.ts";
import type { JobRecord } from "./job/job-record.ts";
import { Retention } from "./retention.ts";

const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-11-22T12:00:00.000Z");
let workDir: string;

beforeEach(async () => {
  workDir = await mkdtemp(join(tmpdir(), "ffcluster-keep-"));
});
afterEach(() => rm(workDir, { recursive: true, force: true }));

async function finished(id: string, completedAt: string | null): Promise<Job> {
  const folders = new JobFolders(workDir);
  await folders.make(id);
  await writeFile(join(folders.of(id).root, "output.mp4"), "output");
  await writeFile(folders.of(id).proof, "{}");
  await mkdir(folders.uploads, { recursive: true });
  await writeFile(join(folders.uploads, `${id}.mp4`), "source");
  return { id, completedAt } as Job; // a retention looks at nothing else of a job
}

interface Wanted {
  readonly kind?: "uploaded" | "local";
  readonly keepSinceMs?: number;
}

function retention(jobs: readonly Job[], keepMs: number | null, wanted: Wanted = {}): Retention {
  const { kind = "uploaded", keepSinceMs = 0 } = wanted;
  const folders = new JobFolders(workDir);
  const record = (jobId: string) =>
    ({ source: { kind, path: join(folders.uploads, `${jobId}.mp4`) } }) as unknown as JobRecord;
  return new Retention({ folders, log: silentLog, keepMs, keepSinceMs, jobs: () => jobs, record });
}

const left = async (id: string) => (await readdir(join(workDir, "server", id))).sort();
const sources = async () => (await readdir(join(workDir, "server", "uploads"))).sort();

test("files of jobs that ended too long ago go, their proof and younger and running jobs stay", async () => {
  const old = await finished("old", new Date(NOW - 8 * DAY_MS).toISOString());
  const young = await finished("young", new Date(NOW - 6 * DAY_MS).toISOString());
  const running = await finished("running", null);
  await retention([old, young, running], 7 * DAY_MS).sweep(NOW);
  expect(await left("old")).toEqual(["proof.json"]);
  expect(await left("young")).toContain("output.mp4");
  expect(await left("running")).toContain("output.mp4");
  expect(await sources()).toEqual(["running.mp4", "young.mp4"]);
});

test("nothing goes without a bound, nor by a clock that went back; other people's files never", async () => {
  const old = await finished("old", new Date(NOW - 8 * DAY_MS).toISOString());
  await retention([old], null).sweep(NOW);
  await retention([old], 7 * DAY_MS).sweep(NOW - 2 * DAY_MS);
  expect(await left("old")).toContain("output.mp4");
  await retention([old], 7 * DAY_MS, { kind: "local" }).sweep(NOW);
  expect(await left("old")).toEqual(["proof.json"]);
  expect(await sources()).toEqual(["old.mp4"]);
});

test("a limit that came later counts from its own beginning", async () => {
  const old = await finished("old", new Date(NOW - 400 * DAY_MS).toISOString());
  const limited = retention([old], 7 * DAY_MS, { keepSinceMs: NOW });
  await limited.sweep(NOW + 7 * DAY_MS);
  expect(await left("old")).toContain("output.mp4");
  await limited.sweep(NOW + 7 * DAY_MS + 1);
  expect(await left("old")).toEqual(["proof.json"]);
});
