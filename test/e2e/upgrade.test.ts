// A work directory of the first schema under today's program: what had ended is there with its history, and what was open
// is encoded to its end.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFile, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { JobView } from "../../src/cluster/server/views.ts";
import { Cluster } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";

const FIXTURES = join(import.meta.dir, "../fixtures");
const NAME = "audio-shorter.mp4";

/** server.db as the fixture has it, with the source where this test has it: a job keeps to path and time of its source. */
async function writeOldDatabase(cluster: Cluster): Promise<string> {
  const source = cluster.path(NAME);
  await copyFile(join(FIXTURES, "media", NAME), source);
  const { mtimeMs } = await stat(source);
  const text = await Bun.file(join(FIXTURES, "work-dirs/schema-1.sql")).text();
  await mkdir(join(cluster.workDir, "db"), { recursive: true });
  const database = new Database(join(cluster.workDir, "db", "server.db"), { create: true });
  database.run(text.replaceAll("/srv/films", cluster.folder).replaceAll(/"mtimeMs":[\d.]+/g, `"mtimeMs":${mtimeMs}`));
  database.close();
  return source;
}

test("jobs of the first schema keep their history, and one that was open becomes exact", async () => {
  await using cluster = await Cluster.make();
  const source = await writeOldDatabase(cluster);
  await cluster.serve();
  const jobs = await cluster.api<JobView[]>("/jobs");
  expect(jobs.map(({ status, owner }) => ({ status, owner }))).toEqual(
    expect.arrayContaining([
      { status: "Completed", owner: "admin" },
      { status: "Cancelled", owner: "admin" },
    ]),
  );
  const completed = await cluster.jobDetail(jobs.find(({ status }) => status === "Completed")?.job_id ?? "");
  expect(completed).toMatchObject({
    file_name: NAME,
    frames: { done: 72, total: 72 },
    segments: { done: 1, known: 1 },
  });
  expect(completed.attempts).toMatchObject([{ outcome: "segment-verified" }]);
  expect(completed.events.map(({ type }) => type)).toContain("segment-verified");
  const [attic] = await cluster.clients();
  expect(attic).toMatchObject({ name: "attic", status: "Disconnected" });

  const open = jobs.find(({ completed_at }) => completed_at === null);
  const id = open?.job_id ?? "";
  expect(open).toMatchObject({ status: "Benchmarking", segments: { done: 0, running: 1, known: 1 } });
  await cluster.join("barn");
  // Its lease would end by itself, 15 s after the start.
  for (const words of [["cancel"], ["jobs", "retry"]]) {
    const ended = await cluster.command([...words, id]);
    expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({ exitCode: 0 });
  }
  await cluster.untilJob(id, "is completed", 90_000, ({ status }) => status === "Completed");
  const proof = await cluster.command(["jobs", "proof", id]);
  expect(proof.stdout).toMatch(/exact/);
  expect(proof.exitCode).toBe(0);
  const output = cluster.path("again.mp4");
  expect((await cluster.command(["jobs", "download", id, "-o", output])).exitCode).toBe(0);
  const [want, got] = await Promise.all([framesOf(source), framesOf(output)]);
  expect(got.md5).toHaveLength(want.md5.length);
}, 180_000);
