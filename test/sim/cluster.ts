// One simulated cluster from one seed: several jobs, several clients of very different speeds, a bad network,
// accidents, restarts of the server. Ends when every job has ended, or throws the invariant that did not hold.

import { isTerminal, type Job } from "../../src/cluster/scheduler/model/job.ts";
import type { Segment } from "../../src/cluster/scheduler/model/segment.ts";
import { EventQueue } from "./event-queue.ts";
import { Network } from "./network.ts";
import { Random } from "./random.ts";
import { SimClient, type Surroundings } from "./sim-client.ts";
import { SimServer } from "./sim-server.ts";
import { Violation } from "./violation.ts";
import { isOrdinary, leadOf, makeOrdinaryTruth, makeTruth, mustComplete, type Truth } from "./world.ts";

/**
 * Every job must end within this simulated time. Most take minutes; hung encodes that no client notices take longer.
 */
const MOST_SIMULATED_MS = 120 * 60_000;
const MOST_DECISIONS = 60_000;
/** What every cluster must contain, or it proves little. */
const FEWEST = { clients: 5, segments: 50, crashes: 1, harmedMessages: 0.01 };

export interface ClusterStory {
  readonly decisions: number;
  readonly simulatedMs: number;
  readonly clients: number;
  readonly restarts: number;
  /** Clients that died while they held work; servers that died are among the restarts. */
  readonly deaths: number;
  /** Messages that were lost or doubled, as a share of all. */
  readonly harmedMessages: number;
  readonly jobs: readonly Job[];
  /** Jobs that failed or were cancelled, some of which were tried again. */
  readonly retried: ReadonlySet<string>;
  /** Segments that begin inside a group of pictures. */
  readonly cutInside: number;
  /** How often each kind of event happened. */
  readonly counts: ReadonlyMap<string, number>;
}

export function runCluster(seed: number): ClusterStory {
  const random = new Random(seed);
  const queue = new EventQueue();
  const truths = new Map<string, Truth>();
  const jobCount = random.whole(1, 3);
  for (let index = 0; index < jobCount; index++) {
    const id = `job-${index + 1}`;
    truths.set(id, makeTruth(random, id, random.between(0, 15_000)));
  }
  if (![...truths.values()].some(isOrdinary)) {
    truths.set("ordinary", makeOrdinaryTruth(random.fork(), "ordinary", random.between(0, 15_000)));
  }
  const network = new Network();
  const server = new SimServer(queue, random, truths);
  const members = makeClients({ queue, random, network, server, truths, badLuck: new Map() });
  const clients = members.length;
  for (const truth of truths.values()) submit(queue, server, truth);
  const restarts = planRestarts(queue, random, server);
  if (random.chance(0.1)) {
    const clientId = `client-${random.whole(2, clients)}`;
    queue.after(random.between(5000, 30_000), () => {
      if (server.isUp) server.dispatch({ type: "client-disconnect-requested", clientId });
    });
  }

  if (random.chance(0.2)) planDrain(queue, random, server, clients);
  // A generator of its own, so that everything else is as in a cluster without pauses.
  const pauses = new Random(seed ^ 0x9e3779b9);
  for (let index = 1; index <= clients; index++)
    if (pauses.chance(0.15)) planPauses(queue, pauses.fork(), server, `client-${index}`);

  const rests = new Random(seed ^ 0x7f4a7c15);
  for (const member of members) {
    const forMs = rests.between(1000, 60_000);
    if (rests.chance(0.15)) queue.after(rests.between(2000, 40_000), () => member.rest(forMs));
  }

  const outages = new Random(seed ^ 0x2545f491);
  if (outages.chance(0.4)) planOutages(queue, outages, server);

  const deaths = new Deaths(random.fork(), server, members);
  while (!allEnded(server, truths)) {
    deaths.perhaps();
    if (!queue.step()) throw new Violation("no events are left, and jobs are open");
    if (queue.now > MOST_SIMULATED_MS || server.decisions > MOST_DECISIONS) {
      throw new Violation(
        `after ${Math.round(queue.now / 1000)} s and ${server.decisions} decisions: ${describe(server)}`,
      );
    }
  }
  for (const truth of truths.values()) checkEnd(server, truth);
  const story = {
    decisions: server.decisions,
    simulatedMs: queue.now,
    clients,
    restarts,
    deaths: deaths.count,
    harmedMessages: network.harmed / network.sent,
    jobs: [...server.state.jobs.values()],
    counts: server.counts,
    retried: server.endedOnce,
    cutInside: countCutInside(server, truths),
  };
  const segments = [...server.segments.values()].reduce((sum, each) => sum + each, 0);
  checkHardship(story, segments);
  return story;
}

function checkHardship({ clients, deaths, harmedMessages }: ClusterStory, segments: number): void {
  const had = { clients, segments, crashes: deaths, harmedMessages };
  for (const name of ["clients", "segments", "crashes", "harmedMessages"] as const) {
    if (had[name] < FEWEST[name]) throw new Violation(`this cluster had it too easy: ${had[name]} ${name}`);
  }
}

/** In each cluster at least one client that holds work dies. */
class Deaths {
  count = 0;
  readonly #server: SimServer;
  readonly #members: readonly SimClient[];
  readonly #random: Random;
  /** Counted in decisions, so that it happens in the middle of the work. */
  readonly #at: number;

  constructor(random: Random, server: SimServer, members: readonly SimClient[]) {
    this.#random = random;
    this.#server = server;
    this.#members = members;
    this.#at = random.whole(60, 300);
  }

  perhaps(): void {
    const { state, decisions, isUp } = this.#server;
    if (this.count > 0 || !isUp || decisions < this.#at) return;
    const holders = new Set([...state.attempts.values()].map(({ clientId }) => clientId));
    const able = this.#members.filter(({ traits }) => holders.has(traits.id));
    const victim = able[this.#random.whole(0, able.length - 1)];
    if (victim === undefined) return;
    victim.die();
    this.count += 1;
  }
}

function countCutInside(server: SimServer, truths: ReadonlyMap<string, Truth>): number {
  let count = 0;
  for (const job of server.state.jobs.values()) {
    const truth = truths.get(job.id);
    if (truth === undefined) continue;
    for (const { startPts } of job.segments) if (leadOf(truth, startPts) > 0) count++;
  }
  return count;
}

function submit(queue: EventQueue, server: SimServer, truth: Truth): void {
  queue.after(truth.submitAt, () => {
    if (server.isUp) server.dispatch({ type: "job-submitted", job: truth.job });
    if (!server.state.jobs.has(truth.job.id)) submit(queue, server, { ...truth, submitAt: 1000 });
  });
  const cancel = (delayMs: number) =>
    queue.after(delayMs, () => {
      if (server.isUp && server.state.jobs.has(truth.job.id)) {
        server.dispatch({ type: "cancel-requested", jobId: truth.job.id });
      } else cancel(1000);
    });
  if (truth.cancelAt !== null) cancel(truth.cancelAt);
}

const DEFECTS = ["too few frames", "crashes"] as const;

interface Request {
  readonly type: "client-drain-requested" | "client-pause-requested" | "client-resume-requested";
  readonly afterMs: number;
}

/** One after the other; each waits until the server is up and knows the client. */
function ask(queue: EventQueue, server: SimServer, clientId: string, [next, ...rest]: readonly Request[]): void {
  if (next === undefined) return;
  queue.after(next.afterMs, () => {
    const isThere = server.isUp && server.state.clients.has(clientId);
    if (isThere) server.dispatch({ type: next.type, clientId });
    ask(queue, server, clientId, isThere ? rest : [{ ...next, afterMs: 1000 }, ...rest]);
  });
}

/** A user drains a client and resumes it some time later. */
function planDrain(queue: EventQueue, random: Random, server: SimServer, clients: number): void {
  const clientId = `client-${random.whole(1, clients)}`;
  ask(queue, server, clientId, [
    { type: "client-drain-requested", afterMs: random.between(1000, 30_000) },
    { type: "client-resume-requested", afterMs: random.between(1000, 20_000) },
  ]);
}

/** A user pauses a client and resumes it, sometimes after longer than any lease or progress timeout. */
function planPauses(queue: EventQueue, random: Random, server: SimServer, clientId: string): void {
  const requests: Request[] = [];
  let afterMs = random.between(1000, 30_000);
  for (let times = random.whole(1, 3); times > 0; times--) {
    requests.push({ type: "client-pause-requested", afterMs });
    const forMs = random.chance(0.2) ? random.between(300_000, 900_000) : random.between(1000, 40_000);
    requests.push({ type: "client-resume-requested", afterMs: forMs });
    afterMs = random.between(1000, 20_000);
  }
  ask(queue, server, clientId, requests);
}

/** The server's network breaks, for a moment or for longer than any lease: all clients lose it at once. */
function planOutages(queue: EventQueue, random: Random, server: SimServer): void {
  for (let times = random.whole(1, 3); times > 0; times--) {
    const forMs = 500 * 10 ** random.between(0, 2.1);
    const isTold = random.chance(0.5);
    queue.after(random.between(2000, 60_000), () => server.cutOff(forMs, isTold));
  }
}

/** Client 1 is healthy, has every encoder and never leaves (it may die once); the others may do anything. */
function makeClients(surroundings: Surroundings): readonly SimClient[] {
  const { random } = surroundings;
  const members: SimClient[] = [];
  const count = random.whole(5, 8);
  for (let index = 1; index <= count; index++) {
    const isHealthy = index === 1;
    const hardware = makeHardware(random.fork());
    const slots = random.whole(1, 3);
    const traits = {
      id: `client-${index}`,
      fps: isHealthy ? random.between(100, 400) : 30 * 10 ** random.between(0, 1.2),
      slots: slots + (hardware.slots ?? 0),
      pools: hardware.slots === null ? null : { software: slots, nvenc: hardware.slots },
      unfitRate: hardware.unfitRate,
      drawsText: isHealthy || index % 3 !== 0,
      encoders: [
        ...(isHealthy || random.chance(0.7) ? ["libx264", "libx265"] : ["libx264"]),
        ...(hardware.slots === null ? [] : ["h264_nvenc"]),
      ],
      latencyMs: random.chance(0.1) ? 500 : random.between(1, 40),
      lossRate: isHealthy ? 0.005 : random.between(0, 0.02),
      failRate: !isHealthy && random.chance(0.1) ? 0.2 : 0.01,
      defect: isHealthy || random.chance(0.93) ? ("none" as const) : (DEFECTS[random.whole(0, 1)] ?? "none"),
      hangRate: isHealthy ? 0 : random.chance(0.2) ? 0.03 : 0,
      seesHangs: random.chance(0.85),
      accidentEveryMs: isHealthy ? null : 10_000 * 10 ** random.between(0, 1),
      joinAt: random.chance(0.6) ? random.between(0, 500) : random.between(0, 30_000),
      leaveAt: isHealthy || random.chance(0.7) ? null : random.between(1000, 60_000),
    };
    members.push(new SimClient(traits, surroundings));
  }
  // A job would rightly wait for required clients that never come, so a second one always joins some time.
  const late = {
    id: `client-${count + 1}`,
    fps: 60,
    slots: 2,
    pools: { software: 1, nvenc: 1 },
    unfitRate: 0,
    drawsText: true,
    encoders: ["libx264", "libx265", "h264_nvenc"],
    latencyMs: 5,
    lossRate: 0.005,
    failRate: 0,
    defect: "none" as const,
    hangRate: 0,
    seesHangs: true,
    accidentEveryMs: null,
    joinAt: random.between(0, 40_000),
    leaveAt: null,
  };
  members.push(new SimClient(late, surroundings));
  return members;
}

/** Two of five clients have a GPU, and every third of these refuses work now and then. */
function makeHardware(random: Random): { readonly slots: number | null; readonly unfitRate: number } {
  const slots = random.chance(0.4) ? random.whole(1, 2) : null;
  return { slots, unfitRate: random.chance(0.33) ? 0.05 : 0 };
}

function planRestarts(queue: EventQueue, random: Random, server: SimServer): number {
  const restarts = random.chance(0.5) ? 0 : random.whole(1, 3);
  for (let index = 0; index < restarts; index++) {
    queue.after(random.between(500, 60_000), () => {
      if (random.chance(0.5)) server.crash();
      else server.crashAfterNextCommit();
    });
  }
  return restarts;
}

function allEnded(server: SimServer, truths: ReadonlyMap<string, Truth>): boolean {
  if (server.state.jobs.size < truths.size || server.retriesPlanned > 0) return false;
  for (const job of server.state.jobs.values()) if (!isTerminal(job.status)) return false;
  return true;
}

/** Compares the end with the truth: only right outputs complete, and only jobs that had to fail have failed. */
function checkEnd(server: SimServer, truth: Truth): void {
  const job = server.state.jobs.get(truth.job.id);
  if (job === undefined) throw new Violation(`${truth.job.id} is gone`);
  if (job.status !== "Completed") {
    if (mustComplete(truth)) throw new Violation(`${job.id} is ${job.status} without need: ${job.error?.message}`);
    return;
  }
  const first = job.segments[0];
  const last = job.segments.at(-1);
  if (first?.startPts !== truth.gops[0]?.startPts || last?.endPts !== truth.gops.at(-1)?.endPts) {
    throw new Violation(`${job.id} does not cover its source`);
  }
  let frames = 0;
  let piece = 0;
  for (const segment of job.segments) {
    // It continues the source where the segment before ends: no piece is left out or taken twice.
    if (truth.gops[piece]?.startPts !== segment.startPts) {
      throw new Violation(`${job.id}/${segment.index} does not begin where the next piece of the source does`);
    }
    let own = 0;
    for (
      let each = truth.gops[piece];
      each !== undefined && each.endPts <= segment.endPts;
      each = truth.gops[++piece]
    ) {
      own += each.frames;
    }
    if (own !== segment.frames) {
      throw new Violation(`${job.id}/${segment.index} says ${segment.frames} frames, its range has ${own}`);
    }
    if (segment.phase.kind !== "verified") throw new Violation(`${job.id} completed with an open segment`);
    const file = server.files.get(segment.phase.landed.attemptId);
    if (file === undefined) throw new Violation(`the result of ${job.id}/${segment.index} is lost`);
    if (file.startPts !== segment.startPts || file.frames !== segment.frames || !file.isRight) {
      throw new Violation(`${job.id}/${segment.index} completed with a result that is not its own or not right`);
    }
    const used = segment.phase.landed.report.encoder;
    if (used !== job.encoder && job.settings.election?.allowMixed !== true) {
      throw new Violation(`${job.id}/${segment.index} was made with ${used}, the job's encoder is ${job.encoder}`);
    }
    frames += segment.phase.facts.frames;
    if (job.settings.headers !== undefined && file.parameterSets !== parameterSetsOf(server, job.segments[0])) {
      throw new Violation(`${job.id}/${segment.index} has other parameter sets than the segments before`);
    }
  }
  landsOnRate(server, job);
  if (frames !== truth.totalFrames || job.totalFrames !== truth.totalFrames) {
    throw new Violation(`${job.id} has ${frames} of ${truth.totalFrames} frames`);
  }
}

function parameterSetsOf(server: SimServer, segment: Segment | undefined): string | undefined {
  if (segment === undefined || !("landed" in segment.phase)) return undefined;
  return server.files.get(segment.phase.landed.attemptId)?.parameterSets;
}

/** Each encode may miss its target by its slack; the whole file must be within 2 % of the requested bit rate. */
function landsOnRate(server: SimServer, job: Job): void {
  if (job.rate === undefined) return;
  let bits = 0;
  let ticks = 0;
  for (const { phase, startPts, endPts } of job.segments) {
    if (!("landed" in phase)) continue;
    bits += 8 * (server.files.get(phase.landed.attemptId)?.report.videoBytes ?? 0);
    ticks += endPts - startPts;
  }
  const asked = (job.rate.bitrate * ticks * job.timeBase.num) / job.timeBase.den;
  const error = bits / asked - 1;
  if (Math.abs(error) > 0.02) {
    throw new Violation(
      `${job.id} is ${(100 * error).toFixed(2)} % off its bit rate in ${job.segments.length} segments`,
    );
  }
}

function describe(server: SimServer): string {
  const lines = [...server.state.jobs.values()].map((job) => {
    const kinds = job.segments.map((segment) => segment.phase.kind);
    const open = kinds.filter((kind) => kind !== "verified").length;
    return `${job.id} ${job.status} index ${job.indexComplete} open ${open}/${kinds.length} audio ${job.audio}`;
  });
  return lines.join("; ");
}
