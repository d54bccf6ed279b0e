// What the archive of each platform is asked to do where this machine can run it: unpacked, it serves, joins and submits, and
// the output has the source's frames at their times; by itself, and together with this machine's own executable.
// FFCLUSTER_FFMPEGS=DIR names a folder with a folder of programs for each platform (DIR/8.1, DIR/8.1-windows, …).
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writeArchive } from "../../packaging/archive.ts";
import { stage } from "../../packaging/stage.ts";
import type { Platform } from "../../src/ffmpeg-install/platform.ts";
import type { Proof } from "../../src/media/model/proof.ts";
import type { Cluster } from "../support/cluster.ts";
import { framesOf, largestTimingError } from "../support/frames.ts";
import { provenJob } from "../support/proven-job.ts";
import { makeSynthetic } from "../support/synthetic.ts";

export const REPOSITORY = resolve(import.meta.dir, "../..");
/** This machine's own executable, which `npm test` builds. */
export const NATIVE = join(REPOSITORY, "dist/ffcluster");
/** Emulation is slow: patience for a whole test. */
export const LONGEST_MS = 40 * 60_000;
export const SHORT_SEGMENTS = ["--benchmark-duration", "1", "--max-segment-duration", "1"];
export const ONE_SLOT = ["--hw-accel", "none", "--slots", "1"];
export const LOSSLESS = "-c:v libx264 -qp 0 -preset ultrafast -an";

const FFMPEGS = process.env.FFCLUSTER_FFMPEGS ?? "";

/** The folder of a platform's ffmpeg; null: FFCLUSTER_FFMPEGS has none. */
export function ffmpegFor(name: string): string | null {
  const folder = join(resolve(FFMPEGS), name);
  return FFMPEGS !== "" && existsSync(folder) ? folder : null;
}

/** Whether a program can be started here at all. */
export function starts(command: readonly string[]): boolean {
  try {
    return Bun.spawnSync([...command], { stdout: "ignore", stderr: "ignore", timeout: 60_000 }).success;
  } catch {
    return false; // the kernel knows no way to start it, or there is no such program
  }
}

/** A test's name, with the reason where it can't be tried here. */
export function titled(missing: string | null, title: string): string {
  return missing === null ? title : `${title} (skipped: ${missing})`;
}

/** Builds the executable of a platform; its path. */
export async function builtFor(platform: Platform): Promise<string> {
  const build = Bun.spawn([process.execPath, "build.ts", "-p", platform], {
    cwd: REPOSITORY,
    stdio: ["ignore", "inherit", "inherit"],
  });
  expect(await build.exited).toBe(0);
  return join(REPOSITORY, "dist", `ffcluster-${platform}${platform.startsWith("windows") ? ".exe" : ""}`);
}

export interface Unpacked {
  /** To be removed in the end. */
  readonly folder: string;
  readonly executable: string;
}

/** Packs what people download for a platform, with an ffmpeg, and unpacks it in an empty folder, as they do. */
export async function unpackedFor(platform: Platform, ffmpegFolder: string): Promise<Unpacked> {
  const executable = await builtFor(platform);
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-unpacked-"));
  const isZip = platform.startsWith("windows");
  const archive = join(folder, isZip ? "packed.zip" : "packed.tar.gz");
  const staged = join(folder, "staged");
  const time = new Date();
  await stage({ target: platform, version: "0.0.0", executable, ffmpegFolder, component: null, time }, staged);
  await writeArchive(staged, archive, time, 1);
  await rm(staged, { recursive: true });
  const into = join(folder, "unpacked");
  await mkdir(into);
  const unpacking = Bun.spawn(isZip ? ["unzip", "-q", archive, "-d", into] : ["tar", "-xzf", archive, "-C", into]);
  expect(await unpacking.exited).toBe(0);
  return { folder, executable: join(into, isZip ? "ffcluster.exe" : "ffcluster") };
}

/** No ffmpeg is found but that of the archive. */
export const OWN_FFMPEG = { FFCLUSTER_FFMPEG_DIR: "" };
export const NOTHING_ELSE = { ...OWN_FFMPEG, PATH: "/nonexistent" };

/** The video that a job encodes. */
export async function sourceIn(cluster: Cluster, name: string, frames: number): Promise<string> {
  const path = cluster.path(name);
  await makeSynthetic(path, { frames, gop: 24, withSound: false, encoders: ["-c:v", "libx264"] });
  return path;
}

export async function expectSource(source: string, output: string): Promise<void> {
  const [wanted, got] = await Promise.all([framesOf(source), framesOf(output)]);
  expect(got.md5).toEqual([...wanted.md5]);
  expect(largestTimingError(wanted, got)).toBeLessThanOrEqual(1e-6);
}

export const clientsOf = ({ segments }: Proof) => [...new Set(segments.map(({ client }) => client))].sort();

/** Serve, join and submit by the cluster's own executable, with the variables that name its ffmpeg. */
export async function doesTheMainJob(cluster: Cluster, env: Record<string, string>): Promise<void> {
  const source = await sourceIn(cluster, "source.mp4", 60);
  await cluster.serve({ args: SHORT_SEGMENTS, env });
  await cluster.join("alone", ONE_SLOT, env);
  const output = cluster.path("output.mp4");
  const { proof } = await provenJob(cluster, source, output, LOSSLESS);
  expect(clientsOf(proof)).toEqual(["alone"]);
  await expectSource(source, output);
}

export interface Member {
  /** Client's name. */
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Record<string, string>;
}

/**
 * One job over two clients on the cluster's server, which runs: the slower one does the first segment, since the other could
 * do all before it is done with one. `platforms`: as the server names the clients'.
 */
export async function sharesOneJob(
  cluster: Cluster,
  [slow, quick]: readonly [Member, Member],
  platforms: readonly string[],
): Promise<void> {
  const source = await sourceIn(cluster, "shared.mp4", 360);
  const join = async ({ name, command, env }: Member) => await cluster.joinBy(command, name, ONE_SLOT, env);
  await join(slow);
  const jobId = await cluster.submit(source, "output.mp4", LOSSLESS);
  await cluster.untilJob(jobId, "has a segment done", LONGEST_MS / 3, ({ segments }) => segments.done > 0);
  await join(quick);
  expect((await cluster.clients()).map(({ platform }) => platform).sort()).toEqual([...platforms].sort());
  await cluster.untilComplete(jobId, LONGEST_MS / 2);
  const proof = await cluster.json<Proof>(["jobs", "proof", jobId]);
  expect(proof.exact).toBe(true);
  expect(clientsOf(proof)).toEqual([slow.name, quick.name].sort());
  const output = cluster.path("output.mp4");
  expect((await cluster.command(["jobs", "download", jobId, "-o", output])).exitCode).toBe(0);
  await expectSource(source, output);
}
