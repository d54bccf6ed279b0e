// `clients pause` and `resume`, and a short job that suspends a long one, on real processes: ffmpeg is stopped where it is (state T in /proc) and goes on, its
// segment is encoded once, and the output has the source's frames. A stopped ffmpeg still ends at once when its job is
// cancelled, its client leaves, or its client is killed.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { Cluster, processesNaming, type Running, until } from "../support/cluster.ts";
import { IS_LONG } from "../support/long-run.ts";
import { download, expectSameFrames } from "../support/same-frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const isLinux = process.platform === "linux";
const FRAMES = 125;
/** Without loss, so that the frames are the source's, and slow enough to be caught at it. */
const PARAMS = "-c:v libx264 -qp 0 -preset medium";
/** A stopped ffmpeg shows no sign of work for longer than this, and must not be taken for one that hangs. */
const STALL_SECONDS = "2";
const PAUSED_MS = 3000;
/** Hundredths of a second of processor time: decoding and encoding have begun, and are far from done. */
const AT_WORK_TICKS = 25;

let cluster: Cluster;
let source: string;

beforeAll(async () => {
  if (!isLinux) return;
  cluster = await Cluster.make();
  source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: FRAMES, gop: 25 });
  const segments = ["--benchmark-duration", "5", "--max-segment-duration", "5"];
  await cluster.serve({ args: [...segments, "--media-root", cluster.folder] });
}, 120_000);

afterAll(async () => {
  if (isLinux) await cluster[Symbol.asyncDispose]();
});

interface Member {
  readonly running: Running;
  readonly id: string;
  /** The ffmpegs themselves, without the guards that they run under. */
  encoders(): Promise<number[]>;
}

async function member(name: string): Promise<Member> {
  const args = ["--no-nice", "--slots", "1", "--source-access", "gateway", "--stall-timeout", STALL_SECONDS];
  const running = await cluster.join(name, args);
  const known = (await cluster.clients()).find((client) => client.name === name);
  if (known === undefined) throw new Error(`no client ${name}`);
  const encoders = async () => {
    const named = await processesNaming(`/${name}-work/`);
    return named.flatMap(({ pid, command }) => (/^\S*ffmpeg /.test(command) ? [pid] : []));
  };
  return { running, id: known.client_id, encoders };
}

/** The letter of /proc/PID/stat and the processor time so far; null: it has ended. */
async function lookAt(pid: number): Promise<{ state: string; ticks: number } | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null); // ended meanwhile
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields === undefined ? null : { state: fields[0] ?? "", ticks: Number(fields[11]) + Number(fields[12]) };
}

async function pause({ id }: Member): Promise<void> {
  const headers = { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" };
  const answer = await fetch(`${cluster.url}/api/v1/clients/${id}/pause`, { method: "POST", headers, body: "{}" });
  expect(await answer.json()).toMatchObject({ paused: true });
}

/** A job that this client, the only one that takes work, has begun; then the client is paused and its ffmpeg stopped. */
async function pausedInMidJob(who: Member): Promise<{ jobId: string; pid: number }> {
  const jobId = await cluster.submit(source, cluster.path("unused.mp4"), PARAMS);
  await until("its ffmpeg is at work", 60_000, async () => {
    const looks = await Promise.all((await who.encoders()).map(lookAt));
    return looks.some((seen) => seen !== null && seen.ticks >= AT_WORK_TICKS);
  });
  // Not by a command, whose start may take longer than the encode.
  await pause(who);
  let pid = 0;
  await until("its ffmpeg is stopped", 20_000, async () => {
    const looks = await Promise.all((await who.encoders()).map(async (each) => ({ each, seen: await lookAt(each) })));
    pid = looks.find(({ seen }) => seen?.state === "T")?.each ?? 0;
    return pid !== 0 && looks.every(({ seen }) => seen === null || seen.state === "T");
  });
  return { jobId, pid };
}

const isGone = (pid: number) => async () => {
  const seen = await lookAt(pid);
  return seen === null || seen.state === "Z";
};

test.skipIf(!isLinux)(
  "a paused encode stands still without losing its lease, goes on, and the output is identical",
  async () => {
    const who = await member("sleeper");
    const { jobId, pid } = await pausedInMidJob(who);
    const before = await lookAt(pid);
    const since = performance.now();
    await until("it stands for longer than a hang", PAUSED_MS + 10_000, async () => {
      expect(await lookAt(pid)).toEqual(before);
      return performance.now() - since > PAUSED_MS;
    });
    expect((await cluster.command(["clients", "list"])).stdout).toContain("Benchmarking, paused");
    expect((await cluster.command(["jobs", "show", jobId])).stdout).toContain(
      "is paused, what it encodes is suspended",
    );
    expect((await cluster.job(jobId)).fps).toBe(0);
    // Said again it changes nothing.
    expect(await cluster.json(["clients", "pause", who.id])).toMatchObject({ paused: true });

    await cluster.json(["clients", "resume", who.id]);
    await cluster.untilComplete(jobId, 120_000);
    const { segment_list: segments, events } = await cluster.jobDetail(jobId);
    expect(segments.map(({ attempts }) => attempts)).toEqual(segments.map(() => 1));
    expect(events.filter(({ type }) => type === "lease-lost" || type === "segment-retry")).toEqual([]);
    await expectSameFrames(source, await download(cluster, jobId, "mp4"), FRAMES);
    expect(await cluster.command(["clients", "disconnect", who.id])).toMatchObject({ exitCode: 0 });
    await who.running.exited;
  },
  240_000,
);

test.skipIf(!isLinux)(
  "a stopped ffmpeg ends at once: its job is cancelled, its client leaves, its client is killed",
  async () => {
    const who = await member("stopper");
    const first = await pausedInMidJob(who);
    expect(await cluster.command(["cancel", first.jobId])).toMatchObject({ exitCode: 0 });
    await until("the ffmpeg of the cancelled job is gone", 10_000, isGone(first.pid));
    await cluster.json(["clients", "resume", who.id]);

    const second = await pausedInMidJob(who);
    who.running.kill("SIGINT");
    await until("the ffmpeg of the client that leaves is gone", 10_000, isGone(second.pid));
    await who.running.exited;
    // Given back; a new process of the same client is as paused as the one before.
    const again = await member("stopper");
    expect((await cluster.clients()).find(({ client_id }) => client_id === again.id)?.paused).toBe(true);
    expect(again.id).toBe(who.id);
    await cluster.json(["cancel", second.jobId]);
    await cluster.json(["clients", "resume", again.id]);

    const third = await pausedInMidJob(again);
    again.running.kill("SIGKILL");
    await until("the ffmpeg of the killed client is gone", 10_000, isGone(third.pid));
    await cluster.json(["cancel", third.jobId]);
  },
  240_000,
);

/** A job of a file that the server reads in place; no command, whose start may take longer than the encode. */
async function begin(path: string, params: string): Promise<string> {
  const headers = { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" };
  const body = JSON.stringify({ path });
  const answer = await fetch(`${cluster.url}/api/v1/sources/on-server`, { method: "POST", headers, body });
  expect(answer.status).toBe(201);
  const { source_id } = (await answer.json()) as { source_id: string };
  return await cluster.createJob(source_id, params, "out.mkv");
}

// The mechanism is that of the test of a paused encode, the rule that of the simulation.
test.skipIf(!isLinux || !IS_LONG)(
  "a short job suspends the encode of a long one, which goes on after it; nothing is encoded twice",
  async () => {
    const film = cluster.path("film.mp4");
    const clip = cluster.path("clip.mp4");
    await makeSynthetic(film, { frames: 3 * FRAMES, gop: 25 });
    await makeSynthetic(clip, { frames: 50, gop: 25 });
    const who = await member("sharer");
    const filmJob = await begin(film, PARAMS.replace("medium", "veryslow"));
    const states = async () => (await Promise.all((await who.encoders()).map(lookAt))).filter((seen) => seen !== null);
    await until("the film's encode is at work", 60_000, async () =>
      (await states()).some(({ ticks }) => ticks >= AT_WORK_TICKS),
    );
    const clipJob = await begin(clip, PARAMS);
    const isStopped = async () => (await states()).some(({ state }) => state === "T");
    await until("the film's encode stands still for the clip's", 60_000, isStopped, 10);
    const clipDone = await cluster.untilComplete(clipJob, 120_000);
    expect((await cluster.job(filmJob)).status).not.toBe("Completed");
    const filmDone = await cluster.untilComplete(filmJob, 120_000);
    expect(Date.parse(clipDone.completed_at ?? "")).toBeLessThan(Date.parse(filmDone.completed_at ?? ""));
    const { segment_list: segments, events } = await cluster.jobDetail(filmJob);
    expect(segments.map(({ attempts }) => attempts)).toEqual(segments.map(() => 1));
    expect(events.filter(({ type }) => type === "lease-lost" || type === "segment-retry")).toEqual([]);
    const delivered = { name: "sharer", segments: segments.length, frames: 3 * FRAMES, percent: 100 };
    expect((await cluster.jobDetail(filmJob)).shares).toMatchObject([delivered]);
    const shown = (await cluster.command(["clients", "show", who.id])).stdout;
    expect(shown).toMatch(/DELIVERED OF +SEGMENTS +FRAMES +SHARE/);
    expect(shown).toMatch(/film.mp4 +\d+ +375 +100.0%/);
    await expectSameFrames(film, await download(cluster, filmJob), 3 * FRAMES);
    await expectSameFrames(clip, await download(cluster, clipJob), 50);
    await cluster.json(["clients", "disconnect", who.id]);
    await who.running.exited;
  },
  240_000,
);

test.skipIf(!isLinux)("outside its hours a client says until when it rests, and gets no work", async () => {
  const two = (hour: number) => String((new Date().getHours() + hour) % 24).padStart(2, "0");
  const hours = `${two(3)}:00-${two(4)}:00`;
  const running = await cluster.join("night", ["--schedule", hours]);
  const jobId = await begin(source, PARAMS);
  await until("the job waits for it", 30_000, async () => (await cluster.job(jobId)).status === "WaitingForClients");
  const shown = (await cluster.command(["clients", "list"])).stdout;
  expect(shown).toMatch(new RegExp(`night +\\w+, resting until (... )?${two(3)}:00`));
  expect((await cluster.command(["jobs", "show", jobId])).stdout).toContain(`rests: outside its hours (${hours})`);
  expect(running.stderr()).toContain(`outside its hours (${hours})`);
  await cluster.json(["cancel", jobId]);
});
