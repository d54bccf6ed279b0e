// `watch` over a folder in which files grow, are renamed, deleted and replaced, and a thousand appear at once. Long runs only:
// what happens once to one file is in library.test.ts.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFile, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../src/base/files.ts";
import type { JobView } from "../../src/cluster/server/views.ts";
import { Cluster, type Running, until } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { IS_LONG } from "../support/long-run.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const BOUND_MS = 300_000;
const PARAMS = ["--ffmpeg-params", "-c:v libx264 -preset ultrafast"];
const longTest = IS_LONG ? test : test.skip;

let cluster: Cluster;

beforeAll(async () => {
  if (!IS_LONG) return;
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1", "--jobs-per-minute", "10000"] });
  await cluster.join("client-1");
}, BOUND_MS);
afterAll(async () => {
  if (IS_LONG) await cluster[Symbol.asyncDispose]();
});

const jobs = () => cluster.api<JobView[]>("/jobs");

async function clip(name: string, frames: number): Promise<string> {
  const path = cluster.path(name);
  await makeSynthetic(path, { frames, gop: 10, size: "160x90" });
  return path;
}

async function watch(name: string): Promise<{ folder: string; out: string; running: Running }> {
  const [folder, out] = [cluster.path(name), cluster.path(`${name}-out`)];
  await mkdir(folder);
  const where = ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];
  const times = ["--settle", "1", "--poll", "0.2"];
  return {
    folder,
    out,
    running: cluster.start("watch", ["watch", folder, "--output-dir", out, ...times, ...PARAMS, ...where]),
  };
}

const said = (running: Running, what: RegExp) =>
  until(`watch says ${what}`, BOUND_MS, async () => what.test(`${running.stdout()}\n${running.stderr()}`));

async function end(running: Running): Promise<void> {
  running.kill("SIGTERM");
  expect(await running.exited).toBe(130);
}

longTest(
  "files that grow, are renamed, deleted and replaced",
  async () => {
    const before = (await jobs()).length;
    const { folder, out, running } = await watch("changing");
    const frames = async (name: string) => (await framesOf(join(out, name))).md5.length;

    // It comes in pieces, with pauses shorter than a file must be still: one job, of the whole.
    const whole = await readFile(await clip("grows.mp4", 20));
    const grows = join(folder, "grows.mp4");
    for (let at = 0; at < 5; at += 1) {
      const [from, to] = [at, at + 1].map((part) => Math.ceil((whole.length * part) / 5));
      await appendFile(grows, whole.subarray(from, to));
      await Bun.sleep(500);
    }
    await said(running, /^encoded .*grows\.mp4/m);
    expect([await frames("grows.mp4"), (await jobs()).length - before]).toEqual([20, 1]);

    // Another name for what is encoded: nothing new.
    await rename(grows, join(folder, "renamed.mp4"));
    // It is gone before it was still.
    await copyFile(await clip("gone.mp4", 15), join(folder, "gone.mp4"));
    await Bun.sleep(400);
    await rm(join(folder, "gone.mp4"));
    // Its name while it is written is another.
    await copyFile(await clip("part.mp4", 25), join(folder, "part.mp4.tmp"));
    await rename(join(folder, "part.mp4.tmp"), join(folder, "part.mp4"));
    await said(running, /^encoded .*part\.mp4/m);
    expect([await frames("part.mp4"), (await jobs()).length - before]).toEqual([25, 2]);

    // Another film under the same name: a job of its own, and its output is there.
    await copyFile(await clip("other.mp4", 30), join(folder, "part.mp4"));
    await until(
      "the other film is encoded",
      BOUND_MS,
      async () => (running.stdout().match(/^encoded .*part\.mp4/gm) ?? []).length === 2,
    );
    const lengths = await Promise.all((await readdir(out)).filter((name) => name.endsWith(".mp4")).map(frames));
    expect(lengths).toContain(30);
    expect((await jobs()).length - before).toBe(3);
    await end(running);
  },
  BOUND_MS,
);

longTest(
  "a thousand files at once: each content once, none twice after a kill -9",
  async () => {
    const before = (await jobs()).length;
    const contents = await Promise.all([5, 6, 7].map((frames) => clip(`many-${frames}.mp4`, frames)));
    const { folder, out, running } = await watch("many");
    for (let number = 0; number < 1000; number += 1) {
      await copyFile(contents[number % contents.length] ?? "", join(folder, `${String(number).padStart(4, "0")}.mp4`));
    }
    await writeFile(join(folder, "bad.mp4"), "no video\n".repeat(100));
    await said(running, /^encoded /m);
    running.kill("SIGKILL");
    await running.exited;
    const where = ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];
    const again = cluster.start("watch", [
      "watch",
      folder,
      "--output-dir",
      out,
      "--settle",
      "1",
      "--poll",
      "0.2",
      ...PARAMS,
      ...where,
    ]);
    await until("each content has its output", BOUND_MS, async () => {
      return (
        (await exists(out)) && (await readdir(out)).filter((name) => name.endsWith(".mp4")).length >= contents.length
      );
    });
    // It has looked at all of them once more by then, and found nothing new.
    await copyFile(await clip("last.mp4", 8), join(folder, "last.mp4"));
    await said(again, /^encoded .*last\.mp4/m);
    expect((await jobs()).length - before).toBe(contents.length + 1);
    expect(again.stdout()).not.toContain("bad.mp4");
    await end(again);
  },
  BOUND_MS,
);
