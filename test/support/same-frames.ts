// The end of most end-to-end tests: a job's output is fetched, and its pictures are the source's, all of them.
import { expect } from "bun:test";
import { sha256OfFile } from "../../src/base/digest.ts";
import type { Cluster } from "./cluster.ts";
import { type Frames, framesOf } from "./frames.ts";

/** The path of the output, as `ffcluster jobs download` brings it. */
export async function download(cluster: Cluster, jobId: string, extension = "mkv"): Promise<string> {
  const output = cluster.path(`${jobId}.${extension}`);
  const { exitCode, stderr } = await cluster.command(["jobs", "download", jobId, "-o", output]);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return output;
}

/** Of sources by their bytes: many tests of a file have the same one. */
const decoded = new Map<string, Promise<Frames>>();

async function framesOfSource(path: string): Promise<Frames> {
  const digest = await sha256OfFile(path);
  const frames = decoded.get(digest) ?? framesOf(path);
  decoded.set(digest, frames);
  return await frames;
}

/** `count`: of the source's frames, so that two empty lists are not taken for equal ones. */
export async function expectSameFrames(source: string, output: string, count: number): Promise<void> {
  const [want, got] = await Promise.all([framesOfSource(source), framesOf(output)]);
  expect(got.md5.length).toBe(count);
  expect(got.md5).toEqual([...want.md5]);
}

/** The job ends well within `boundMs`, with every frame of its source. */
export async function expectWhole(
  cluster: Cluster,
  jobId: string,
  source: { readonly path: string; readonly frames: number },
  boundMs: number,
): Promise<void> {
  await cluster.untilComplete(jobId, boundMs);
  await expectSameFrames(source.path, await download(cluster, jobId), source.frames);
}
