// What the benchmarks share: a clip, a cluster, clocks, medians.
import { parseArgs } from "node:util";
import { mediaPath } from "../test/support/media.ts";

export interface BenchOptions {
  readonly clip: string;
  readonly runs: number;
}

export function benchOptions(defaultRuns: number): BenchOptions {
  const { values } = parseArgs({ options: { clip: { type: "string" }, runs: { type: "string" } } });
  const clip = values.clip ?? mediaPath("bbb-1080p25-62s.mp4");
  if (clip === null) throw new Error("no clip: set FFCLUSTER_MEDIA_DIR or give --clip FILE");
  return { clip, runs: Number(values.runs ?? defaultRuns) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Runs a program to its end; throws with its stderr when it fails. */
export async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [stderr, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: exit ${exitCode}\n${stderr}`);
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function spread(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;
}
