// A job as people call it, without --json: what `submit` says to the end, and the proof of it.
import { expect } from "bun:test";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster } from "./cluster.ts";

/** The job completes and is proven exact. `said`: all that `submit` wrote beside its answer. */
export async function provenJob(
  cluster: Cluster,
  source: string,
  output: string,
  params: string,
): Promise<{ readonly said: string; readonly proof: Proof }> {
  const ended = await cluster.command(["submit", source, "-o", output, "--ffmpeg-params", params]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr.slice(-800) }).toMatchObject({ exitCode: 0 });
  const id = /^job (\S+)$/m.exec(ended.stderr)?.[1] ?? "";
  const proof = await cluster.json<Proof>(["jobs", "proof", id]);
  expect(proof.exact).toBe(true);
  return { said: ended.stderr, proof };
}

/** Two clients that see the server's files, and segments of a second. */
export async function clusterOfTwo(): Promise<Cluster> {
  const cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "1"] });
  await Promise.all([cluster.join("one"), cluster.join("two")]);
  return cluster;
}
