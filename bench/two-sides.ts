// Two ways to do the same job, by turns: wall time, processor time of all that took part (ffmpeg too), and how much of the
// machine others took meanwhile. Linux: it reads /proc.
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Running } from "../test/support/cluster.ts";
import { median, print, seconds, spread } from "./lib.ts";

const TICKS_PER_SECOND = 100;

export interface Side {
  readonly name: string;
  /** Those that live on from job to job; what they start counts once it has ended. */
  readonly processes: readonly Pick<Running, "pid">[];
}

interface Job {
  readonly wall: number;
  readonly own: number;
  readonly foreignShare: number;
}

/** Seconds of processor time of processes, and of all that they have started and that has ended. */
export async function processorSeconds(processes: readonly Pick<Running, "pid">[]): Promise<number> {
  const each = processes.map(async ({ pid }) => {
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
  });
  return (await Promise.all(each)).reduce((sum, value) => sum + value, 0);
}

/** Seconds of processor time of the whole machine: user, nice, system, interrupts. */
async function machineSeconds(): Promise<number> {
  const [first = ""] = (await readFile("/proc/stat", "utf8")).split("\n");
  const [user, nice, system, , , irq, softirq] = first.split(/\s+/).slice(1).map(Number);
  return ((user ?? 0) + (nice ?? 0) + (system ?? 0) + (irq ?? 0) + (softirq ?? 0)) / TICKS_PER_SECOND;
}

async function measure(side: Side, job: () => Promise<unknown>): Promise<Job> {
  const [own, all] = await Promise.all([processorSeconds(side.processes), machineSeconds()]);
  const wall = await seconds(job);
  const [ownAfter, allAfter] = await Promise.all([processorSeconds(side.processes), machineSeconds()]);
  const spent = ownAfter - own;
  const foreign = Math.max(0, allAfter - all - spent);
  return { wall, own: spent, foreignShare: foreign / (wall * availableParallelism()) };
}

/** Prints both sides and the second as a ratio of the first. Runs alternate: which one begins changes each round. */
export async function compareSides(
  [before, after]: readonly [Side, Side],
  runs: number,
  job: (side: Side) => Promise<unknown>,
  goal = "≤ 1.02×",
): Promise<void> {
  const done = new Map<Side, Job[]>([
    [before, []],
    [after, []],
  ]);
  for (let round = 0; round < runs; round += 1)
    for (const side of round % 2 === 0 ? [before, after] : [after, before])
      done.get(side)?.push(await measure(side, () => job(side)));
  const of = (side: Side, what: keyof Job) => (done.get(side) ?? []).map((each) => each[what]);
  for (const side of [before, after])
    print(`job, ${side.name.padEnd(14)} ${spread(of(side, "wall"))} s; processor time ${spread(of(side, "own"))} s`);
  for (const [what, name] of [
    ["wall", "wall time"],
    ["own", "processor time"],
  ] as const) {
    const ratios = of(after, what).map((value, round) => value / (of(before, what)[round] ?? Number.NaN));
    const medians = median(of(after, what)) / median(of(before, what));
    print(
      `ratio, ${name.padEnd(15)} ${spread(ratios)}× (of medians ${medians.toFixed(3)}; goal ${goal} for the wall time)`,
    );
  }
  const foreign = [before, after].flatMap((side) => of(side, "foreignShare"));
  print(`others took ${(100 * median(foreign)).toFixed(0)} % of the machine meanwhile`);
}
