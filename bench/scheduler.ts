// The scheduler alone, in simulated time: how long a job takes against the least that its clients could take together.
// Random clusters of 1 to 200 clients whose speeds differ by up to 20 times; each encode takes 0.7 to 1.4 times what its
// client's speed says; some clients come late, some leave. The network is good and nothing fails.
import { parseArgs } from "node:util";
import type { Job } from "../src/cluster/scheduler/model/job.ts";
import { Random } from "../test/sim/random.ts";
import { CLUSTER_FRAME_RATE, shareCluster, steadyTraits } from "../test/sim/shared-cluster.ts";
import type { ClientTraits } from "../test/sim/sim-client.ts";
import { print } from "./lib.ts";

const { values } = parseArgs({
  options: {
    clusters: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    each: { type: "boolean", default: false },
    rows: { type: "string", default: "3" },
  },
});
const SLOWEST_FPS = 10;
const SPREAD = 20;
const MOST_CLIENTS = 200;
/** Of video: the shortest segment in the middle of a job. */
const SEGMENT_SECONDS = 8;

interface Played {
  readonly clients: number;
  readonly comings: string;
  readonly ratio: number;
  /** Attempts beyond one for each segment, as a share of all. */
  readonly twice: number;
}

/** Of one slot: evenly spread over the orders of magnitude. */
function logUniform(random: Random, least: number, most: number): number {
  return least * (most / least) ** random.next();
}

function fleetOf(random: Random, count: number): ClientTraits[] {
  return Array.from({ length: count }, (_, at) => ({
    ...steadyTraits(`client-${at + 1}`),
    latencyMs: 0, // simulated messages overtake each other, which those of a link never do
    fps: logUniform(random, SLOWEST_FPS, SPREAD * SLOWEST_FPS),
    slots: random.whole(1, 2),
  }));
}

/** Of a job that lasts about so long: some come late, some leave, the first one stays. */
function withComings(random: Random, fleet: readonly ClientTraits[], lastsMs: number): ClientTraits[] {
  return fleet.map((traits, at) => {
    const roll = at === 0 ? 1 : random.next();
    if (roll < 0.2) return { ...traits, joinAt: random.between(0, 0.5 * lastsMs) };
    return roll < 0.3 ? { ...traits, leaveAt: random.between(0.2 * lastsMs, lastsMs) } : traits;
  });
}

/** What the encodes that count took, in frames of their clients' speeds: luck is no merit of the scheduler. */
function workOf(job: Job, clients: readonly ClientTraits[]): number {
  const speeds = new Map(clients.map(({ id, fps }) => [id, fps]));
  let frames = 0;
  for (const { phase } of job.segments)
    if (phase.kind === "verified") frames += phase.landed.report.seconds * (speeds.get(phase.landed.clientId) ?? 0);
  return frames;
}

/** When all of them together have done so much, if none is ever idle. */
function leastMs(clients: readonly ClientTraits[], frames: number): number {
  const moments = [...new Set(clients.flatMap(({ joinAt, leaveAt }) => [joinAt, leaveAt ?? 0]))].sort((a, b) => a - b);
  let left = frames;
  for (const [at, from] of moments.entries()) {
    const here = clients.filter(({ joinAt, leaveAt }) => joinAt <= from && (leaveAt === null || leaveAt > from));
    const perMs = here.reduce((sum, { fps, slots }) => sum + (fps * slots) / 1000, 0);
    const until = moments[at + 1] ?? Number.POSITIVE_INFINITY;
    if (left <= perMs * (until - from)) return from + left / perMs;
    left -= perMs * (until - from);
  }
  return Number.NaN;
}

function play(seed: number, segmentsEach: number): Played {
  const random = new Random(seed);
  const count = Math.round(logUniform(random, 1, MOST_CLIENTS));
  const fleet = fleetOf(random, count);
  // So long that the slowest slot has that many segments to do.
  const slowest = Math.min(...fleet.map(({ fps }) => fps));
  const lastsSeconds = (segmentsEach * SEGMENT_SECONDS * CLUSTER_FRAME_RATE) / slowest;
  const seconds = Math.ceil(
    (lastsSeconds * fleet.reduce((sum, { fps, slots }) => sum + fps * slots, 0)) / CLUSTER_FRAME_RATE,
  );
  const clients = withComings(random, fleet, 1000 * lastsSeconds);
  const { stories, server } = shareCluster([{ id: "job", seconds, submitAtMs: 0, isIndexedAtOnce: true }], {
    seed,
    clients,
  });
  const story = stories.get("job");
  const job = server.state.jobs.get("job");
  if (story === undefined || job === undefined) throw new Error(`seed ${seed}: the job did not end`);
  const ratio = story.tookMs / leastMs(clients, workOf(job, clients));
  const comings = `${clients.filter(({ joinAt }) => joinAt > 0).length} late, ${clients.filter(({ leaveAt }) => leaveAt !== null).length} leave`;
  return { clients: count, comings, ratio, twice: story.extraAttempts / job.segments.length };
}

function percentile(sorted: readonly number[], part: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toFixed(3);
}

for (const [name, each, goal] of (
  [
    ["20 segments of work for each client and more", 20, "  (goals ≤ 1.03, ≤ 1.15)"],
    ["5 segments of work for each client", 5, ""],
    ["1 segment of work for each client", 1, ""],
  ] as const
).slice(0, Number(values.rows))) {
  const played: Played[] = [];
  for (let index = 0; index < Number(values.clusters); index += 1) played.push(play(Number(values.seed) + index, each));
  const ratios = played.map(({ ratio }) => ratio).sort((a, b) => a - b);
  if (values.each === true)
    for (const one of played)
      print(
        `    ${one.ratio.toFixed(3)} ${one.clients} clients, ${one.comings}, twice ${(100 * one.twice).toFixed(0)} %`,
      );
  const worst = played.reduce((most, one) => (one.ratio > most.ratio ? one : most));
  const twice = played.reduce((sum, one) => sum + one.twice, 0) / played.length;
  print(`${name}: median ${percentile(ratios, 0.5)}, p99 ${percentile(ratios, 0.99)} of the bound${goal}`);
  print(`  worst ${worst.ratio.toFixed(3)} with ${worst.clients} clients; encoded twice ${(100 * twice).toFixed(1)} %`);
}
