// A folder of clips in one `submit`: what is printed, what is made, what a second run leaves alone, and what a kill costs.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFile, mkdir, readdir, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import { exists } from "../../src/base/files.ts";
import type { JobView } from "../../src/cluster/server/views.ts";
import { Cluster, type Ended, type Running, until } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { IS_LONG } from "../support/long-run.ts";
import { makeRealClips, missingFilm } from "../support/real-clips.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const PARAMS = ["--ffmpeg-params", "-c:v libx264 -preset ultrafast"];
const FRAMES = 30;
const LONG_MS = 600_000;
const CLIPS = ["a.mp4", "b.mp4", "b.mkv", "deep/er/c.mp4", "deep/d with blank.mp4", "e\u001b[31m.mp4"];

interface FileEvent {
  readonly event: string;
  readonly source: string;
  readonly status: string;
  readonly output?: string;
  readonly reason?: string;
  readonly error?: { readonly code: string };
}

let cluster: Cluster;
let library: string;
let server: Running;
let first: string;

beforeAll(async () => {
  cluster = await Cluster.make();
  server = await cluster.serve({ args: ["--benchmark-duration", "1"] });
  library = cluster.path("films");
  first = cluster.path("first.mp4");
  await makeSynthetic(first, { frames: FRAMES, gop: 15, size: "160x90" });
  for (const name of CLIPS) {
    await mkdir(dirname(join(library, name)), { recursive: true });
    await copyFile(first, join(library, name)); // what lies in it counts, not its name
  }
  await writeFile(join(library, "bad.mp4"), "no video\n".repeat(100));
  await writeFile(join(library, "deep/empty.mkv"), "");
  await writeFile(join(library, "notes.txt"), "no video");
  await cluster.join("client-1");
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const submit = (output: string, ...more: string[]) =>
  cluster.command(["submit", `${library}/`, "--recursive", "--output-dir", cluster.path(output), ...PARAMS, ...more]);

function eventsOf({ stdout }: Ended): FileEvent[] {
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as FileEvent);
}

const connect = () => ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];

const jobs = () => cluster.api<JobView[]>("/jobs");

test("a folder: a line per file, its folders kept, bad ones do not stop the others; the second run makes nothing", async () => {
  const ended = await submit("out");
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({ exitCode: 1 });
  expect(ended.stdout).not.toContain("\u001b");
  expect(ended.stdout.match(/^encoded /gm)).toHaveLength(CLIPS.length);
  expect(ended.stdout).toMatch(/^8 files: 6 encoded, 2 failed; \d+s of video; .*; 1 left out that is no video$/m);
  expect(ended.stdout).toMatch(/^failed films\/bad\.mp4: .*\(E_SOURCE_REFUSED\)$/m);
  expect(ended.stdout).toMatch(/^failed films\/deep\/empty\.mkv: .*\(E_SOURCE_EMPTY\)$/m);
  const outputs = ["a.mp4", "b.mp4", "b.mp4.mp4", "deep/er/c.mp4", "deep/d with blank.mp4", "e\u001b[31m.mp4"];
  for (const name of outputs) expect((await framesOf(join(cluster.path("out"), name))).md5).toHaveLength(FRAMES);

  const before = (await jobs()).length;
  const again = eventsOf(await submit("out", "--json"));
  expect(await jobs()).toHaveLength(before);
  expect(again.filter(({ reason }) => reason === "made before")).toHaveLength(CLIPS.length);
  expect(again.at(-1)).toMatchObject({ event: "summary", encoded: 0, skipped: 6, failed: 2, left_out: 1 });
});

test("a template names the outputs, dates are kept, and rules leave sources out", async () => {
  const date = new Date("2019-05-04T10:00:00Z");
  await utimes(join(library, "a.mp4"), date, date);
  const rules = ["--skip-if", "in-output", "--skip-if", "codec=hevc", "--skip-if", "size<1k"];
  const names = ["--name-template", "{codec}/{dir}/{stem}.{source-ext}.mkv", "--keep-dates"];
  const events = eventsOf(await submit("rules", ...rules, ...names, "--jobs-ahead", "1", "--json"));
  // All clips but the first hold the same bytes as it.
  expect(events.filter(({ status }) => status === "encoded").map(({ output }) => output)).toEqual([
    join(cluster.path("rules"), "h264/a.mp4.mkv"),
  ]);
  expect((await stat(join(cluster.path("rules"), "h264/a.mp4.mkv"))).mtime).toEqual(date);
  expect(events.filter(({ reason }) => reason?.startsWith("the same as"))).toHaveLength(CLIPS.length - 1);
  // What is no video is below a kilobyte, or empty.
  expect(events.at(-1)).toMatchObject({ encoded: 1, skipped: CLIPS.length + 1, failed: 0 });
});

test("--if-larger keep-source makes no output that is larger, and is not tried again", async () => {
  const kept = cluster.path("kept");
  const lossless = ["--ffmpeg-params", "-c:v libx264 -preset ultrafast -qp 0"];
  const args = ["submit", first, "--output-dir", kept, "--if-larger", "keep-source", ...lossless, "--json"];
  expect(eventsOf(await cluster.command(args))[0]).toMatchObject({ event: "file", status: "kept", source: first });
  expect((await readdir(kept)).filter((name) => name.endsWith(".mp4"))).toEqual([]);
  const before = (await jobs()).length;
  expect(eventsOf(await cluster.command(args))[0]).toMatchObject({ reason: "kept before: its output was larger" });
  expect(await jobs()).toHaveLength(before);
});

test("--replace puts proven outputs in place of their sources, which are in the trash; again, it does nothing", async () => {
  const own = cluster.path("own");
  await mkdir(join(own, "deep"), { recursive: true });
  for (const name of ["a.mp4", "deep/b.mkv"]) await copyFile(join(library, "a.mp4"), join(own, name));
  const before = await readFile(join(own, "a.mp4"));
  const replace = () =>
    cluster.command(["submit", own, "--recursive", "--replace", ...PARAMS, "--json", "--skip-if", "size<10"]);
  const ended = await replace();
  expect({ exitCode: ended.exitCode, out: ended.stdout }).toMatchObject({ exitCode: 0 });
  const files = async () => (await readdir(own, { recursive: true })).filter((name) => /\.m(p4|kv)/.test(name)).sort();
  const expected = [".ffcluster-trash/a.mp4", ".ffcluster-trash/deep/b.mkv", "a.mp4", "deep/b.mp4"];
  expect(await files()).toEqual(expected);
  for (const name of expected.slice(0, 2)) expect((await readFile(join(own, name))).equals(before)).toBe(true);
  for (const name of expected.slice(2)) {
    expect((await framesOf(join(own, name))).md5).toHaveLength(FRAMES);
    expect((await readFile(join(own, name))).equals(before)).toBe(false);
  }
  const made = (await jobs()).length;
  expect(eventsOf(await replace()).at(-1)).toMatchObject({ skipped: 2, encoded: 0, failed: 0 });
  expect(await jobs()).toHaveLength(made);
  expect(await files()).toEqual(expected);
});

test("kill -9 in the midst: the same command takes up the jobs that are there and makes no output twice", async () => {
  const before = (await jobs()).length;
  const args = ["submit", library, "--recursive", "--output-dir", cluster.path("killed"), ...PARAMS, ...connect()];
  const killed = cluster.start("submit", [...args, "--jobs-ahead", "2"]);
  await until("an output is there and more is to come", 240_000, async () => /^encoded /m.test(killed.stdout()));
  const second = await cluster.run(args);
  expect(second.stderr).toMatch(/killed is in use by ffcluster submit \(process \d+ on host/);
  killed.kill("SIGKILL");
  await killed.exited;
  const ended = await cluster.run([...args, "--json"]);
  expect(ended.exitCode).toBe(1);
  const summary = eventsOf(ended).at(-1) as unknown as { encoded: number; skipped: number };
  expect(summary.encoded + summary.skipped).toBe(CLIPS.length);
  expect(summary.skipped).toBeGreaterThan(0);
  expect((await jobs()).length - before).toBe(CLIPS.length);
});

test("watch: what is moved into the folder is encoded once by its content, failures too, also after a kill -9", async () => {
  const [incoming, watched] = [cluster.path("incoming"), cluster.path("watched")];
  await mkdir(incoming);
  const before = (await jobs()).length;
  const put = async (name: string, frames: number) => {
    const made = cluster.path(`made-${name}`);
    await makeSynthetic(made, { frames, gop: 10, size: "160x90" });
    await rename(made, join(incoming, name));
  };
  const isThere = (name: string) => until(`${name} has its output`, 240_000, () => exists(join(watched, name)));
  const times = ["--settle", "0.3", "--poll", "0.1"];
  const start = () =>
    cluster.start("watch", ["watch", incoming, "--output-dir", watched, ...times, ...PARAMS, ...connect()]);
  const killed = start();
  await writeFile(join(incoming, "bad.mp4"), "no video\n".repeat(100));
  await put("one.mp4", 10);
  await isThere("one.mp4");
  await until("the bad one is reported", 240_000, async () => /^failed .*bad\.mp4/m.test(killed.stdout()));
  killed.kill("SIGKILL");
  await killed.exited;

  const again = start();
  await copyFile(join(incoming, "one.mp4"), join(incoming, "one more.mp4"));
  await put("two.mp4", 20);
  await isThere("two.mp4");
  await until("it is noted", 240_000, async () => /^encoded .*two\.mp4/m.test(again.stdout()));
  again.kill("SIGTERM");
  expect(await again.exited).toBe(130);
  expect((await jobs()).length - before).toBe(2);
  expect(again.stdout()).not.toContain("bad.mp4");
  expect((await readdir(watched)).filter((name) => name.endsWith(".mp4")).sort()).toEqual(["one.mp4", "two.mp4"]);
});

const whyNotLong = !IS_LONG ? "only in test:long" : missingFilm === null ? null : `no ${missingFilm} here`;
const longTest = whyNotLong === null ? test : test.skip;
const REAL = "thirty real clips and two bad ones, with kill -9 of the server and of submit in the midst";

longTest(
  whyNotLong === null ? REAL : `${REAL} (${whyNotLong})`,
  async () => {
    const [many, out] = [cluster.path("many"), cluster.path("many-out")];
    const clips = await makeRealClips(many);
    await writeFile(join(many, "bad.mp4"), "no video\n".repeat(100));
    await writeFile(join(many, "cut off.mp4"), (await readFile(join(many, clips[0] ?? ""))).subarray(0, 20_000));
    const before = (await jobs()).length;
    const params = ["--ffmpeg-params", "-c:v libx264 -preset ultrafast -vf scale=320:180"];
    const args = ["submit", many, "--recursive", "--output-dir", out, ...params, ...connect()];
    const killed = cluster.start("submit", args);
    const encoded = () => killed.stdout().match(/^encoded /gm)?.length ?? 0;
    await until("some are done", LONG_MS, async () => encoded() >= 5);
    server.kill("SIGKILL");
    await server.exited;
    server = await cluster.serve({ args: ["--benchmark-duration", "1"] });
    await until("it goes on", LONG_MS, async () => encoded() >= 12);
    killed.kill("SIGKILL");
    await killed.exited;
    const ended = await cluster.run([...args, "--json"]);
    const summary = eventsOf(ended).at(-1) as unknown as { encoded: number; skipped: number; failed: number };
    expect([ended.exitCode, summary.encoded + summary.skipped, summary.failed]).toEqual([1, clips.length, 2]);
    expect((await jobs()).length - before).toBe(clips.length);
    for (const clip of clips) {
      const output = join(out, dirname(clip), `${parse(clip).name}.mp4`);
      const frames = (await framesOf(join(many, clip))).md5.length;
      expect([clip, (await framesOf(output)).md5.length]).toEqual([clip, frames]);
    }
    const again = eventsOf(await cluster.run([...args, "--json"]));
    expect(again.at(-1)).toMatchObject({ encoded: 0, skipped: clips.length, failed: 2 });
    expect((await jobs()).length - before).toBe(clips.length);
  },
  2 * LONG_MS,
);
