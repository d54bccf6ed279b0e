// SIGTERM and kill -9 to real clients and servers in the midst of work that is held still: what a first signal gives back
// or leaves to be handed in later, that a second one ends the process at once, and that no ffmpeg is left either way.
import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { Cluster, processesNaming, type Running, until } from "../support/cluster.ts";
import { expectWhole } from "../support/same-frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { makeWrongFfmpeg } from "../support/wrong-ffmpeg.ts";

const isLinux = process.platform === "linux";
const tools = await findTools(process.env);
const BOUND_MS = 90_000;
const FRAMES = 100;
/** Lossless, and slow enough to be met at it. */
const PARAMS = "-c:v libx264 -qp 0 -preset slow";
const SMALL = ["--benchmark-duration", "1", "--max-segment-duration", "1", "--retry-delay", "0.2"];
const CLIENT = ["--slots", "1", "--source-access", "gateway", "--reconnect-delay", "0.3"];

async function sourceIn(cluster: Cluster): Promise<string> {
  const source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: FRAMES, gop: 25 });
  return source;
}

/** Of those that name `text`, without the guards that started them. */
async function toolsOf(text: string): Promise<number[]> {
  const found = (await processesNaming(text)).filter(({ command }) => !command.includes("__exec"));
  return found.filter(({ command }) => /^\S*(ffmpeg|bash) /.test(command)).map(({ pid }) => pid);
}

function signalTo(pids: readonly number[], name: "SIGSTOP" | "SIGCONT"): void {
  for (const pid of pids) process.kill(pid, name);
}

/** One that was about to end does not stand still any more. */
async function standsStill(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ""); // gone
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}

/** Holds an ffmpeg that names `text` where it is; it ends on SIGKILL only until it goes on. */
async function freeze(text: string): Promise<readonly number[]> {
  let held: number[] = [];
  await until(`an ffmpeg of ${text} stands still`, BOUND_MS, async () => {
    held = await toolsOf(text);
    try {
      signalTo(held, "SIGSTOP");
    } catch {
      return false; // it has just ended
    }
    return held.length > 0 && (await Promise.all(held.map(standsStill))).every((isStill) => isStill);
  });
  return held;
}

/**
 * SIGTERM again and again, as two of a kind that come at once are one. The second ends the process with 130, or by the
 * signal itself where only a child is still waited for; after the first alone it would be 0.
 */
const AT_ONCE = [130, 143];
async function insist(running: Running): Promise<number> {
  const again = setInterval(() => running.kill("SIGTERM"), 20);
  running.kill("SIGTERM");
  return await running.exited.finally(() => clearInterval(again));
}

const nothingOf = (folder: string) => async () => (await processesNaming(folder)).length === 0;

test.skipIf(!isLinux)(
  "a client with an ffmpeg that does not mind signals: SIGTERM gives its segment back, a second one ends it at once",
  async () => {
    await using cluster = await Cluster.make();
    const source = await sourceIn(cluster);
    await cluster.serve({ args: SMALL });
    // It has no frame yet, so that nobody waits for its end.
    const slow = await makeWrongFfmpeg(cluster.path("tools"), tools, "slow-encode");
    const patient = await cluster.join("patient", CLIENT, slow.env);
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
    await freeze(cluster.path("patient-work/client"));
    patient.kill("SIGTERM");
    expect(await patient.exited).toBe(0);
    await until("nothing of it is left", BOUND_MS, nothingOf(cluster.path("patient-work")));
    const names = await readdir(cluster.path("patient-work"), { recursive: true });
    expect(names.filter((name) => name.includes("segment_"))).toEqual([]);

    const hasty = await cluster.join("hasty", CLIENT);
    await freeze(cluster.path("hasty-work/client"));
    expect(AT_ONCE).toContain(await insist(hasty));
    await until("nothing of it is left either", BOUND_MS, nothingOf(cluster.path("hasty-work")));

    await cluster.join("heir", CLIENT);
    await expectWhole(cluster, jobId, { path: source, frames: FRAMES }, BOUND_MS);
    const { attempts, events } = await cluster.jobDetail(jobId);
    expect(attempts.map(({ reason }) => reason).join()).toContain("the client stops");
    expect(events.filter(({ type }) => type === "segment-retry")).toEqual([]);
  },
  300_000,
);

test.skipIf(!isLinux)(
  "a server gone by SIGTERM, then by kill -9: clients encode on without it and hand in when it is back, nothing is done twice",
  async () => {
    await using cluster = await Cluster.make();
    const source = await sourceIn(cluster);
    let server = await cluster.serve({ args: SMALL });
    await cluster.join("one", CLIENT);
    const work = cluster.path("one-work/client");
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
    for (const name of ["SIGTERM", "SIGKILL"] as const) {
      await cluster.untilJob(jobId, "has a segment", BOUND_MS, (job) => job.segments.done > 0);
      const held = await freeze(work);
      server.kill(name);
      const exitCode = await server.exited;
      if (name === "SIGTERM") expect(exitCode).toBe(0);
      await until("nothing of the server is left", BOUND_MS, nothingOf(cluster.workDir));
      signalTo(held, "SIGCONT");
      await until("it has finished what it held", BOUND_MS, async () => (await toolsOf(work)).length === 0);
      const finished = (await readdir(work, { recursive: true })).filter((each) => each.endsWith("segment.nut"));
      expect(finished.length).toBeGreaterThan(0);
      server = await cluster.serve({ args: SMALL });
    }
    await expectWhole(cluster, jobId, { path: source, frames: FRAMES }, BOUND_MS);
    const { segment_list: segments, attempts, events } = await cluster.jobDetail(jobId);
    expect(attempts).toHaveLength(segments.length);
    expect(events.filter(({ type }) => type === "lease-lost")).toEqual([]);
  },
  300_000,
);

test.skipIf(!isLinux)(
  "a server whose stitch does not mind signals: SIGTERM ends both at once, and the next one stitches again",
  async () => {
    await using cluster = await Cluster.make();
    const source = await sourceIn(cluster);
    const wrong = await makeWrongFfmpeg(cluster.path("tools"), tools, "slow-stitch");
    const serve = () => cluster.serve({ args: SMALL, env: wrong.env });
    const server = await serve();
    await cluster.join("one", CLIENT);
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), "-c:v libx264 -qp 0 -preset ultrafast");
    await cluster.untilJob(jobId, "combines", BOUND_MS, (job) => job.status === "Combining");
    await freeze(join(cluster.workDir, "server", jobId));
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    await until("nothing of it is left", BOUND_MS, nothingOf(cluster.workDir));
    // As if a guard had failed: what the next server finds at work in its folder, it ends.
    const left = join(cluster.workDir, "server", jobId, ".left.mkv");
    const twoMinutes = ["-re", "-t", "120", "-f", "lavfi", "-i", "color=s=64x64:r=5", "-c:v", "ffv1", "-y", left];
    const leftover = Bun.spawn([tools.ffmpeg, "-v", "error", "-nostdin", ...twoMinutes], {
      stdout: "ignore",
      stderr: "ignore",
    });
    await wrong.become("right");
    await serve();
    await leftover.exited;
    expect(leftover.signalCode).toBe("SIGKILL");
    await expectWhole(cluster, jobId, { path: source, frames: FRAMES }, BOUND_MS);
    const { segment_list: segments } = await cluster.jobDetail(jobId);
    expect(segments.map(({ attempts }) => attempts)).toEqual(segments.map(() => 1));
  },
  300_000,
);
