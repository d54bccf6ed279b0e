// Who gets which work: returned segments before new ones, earlier jobs before later ones, fast clients first, one slot
// of each client in turn. Forms new segments at the moment they are asked for.
import { toNumber } from "../../base/rational.ts";
import { firstUnassignedGop, hasUnassignedGops, isCapable, isReachable } from "./capability.ts";
import { becomeProcessing } from "./job-rules.ts";
import { occupiesSlot } from "./lease-rules.ts";
import {
  benchmarkFrames,
  benchmarkSecondsOf,
  EARLY_VIDEO_SECONDS,
  knownUnassignedFrames,
  takeGops,
  unassignedFrames,
  videoFrameRate,
  type Wanted,
  wantedFrames,
} from "./sizing.ts";
import { changeJobStatus, isTerminal } from "./state-changes.ts";
import { LEASE_MS } from "./timing.ts";
import type { Turn } from "./turn.ts";
import type { Attempt, Client, ClientId, Job, JobId, Segment } from "./types.ts";

/** Offers work to every slot that can take some. */
export function assignWork(turn: Turn): void {
  const jobs = workableJobs(turn);
  if (jobs.length === 0) return;
  const clients = [...turn.clients.values()].filter(isReachable);
  if (clients.length === 0) return;
  for (const job of jobs) fillSlots(turn, job, clients);
  for (const job of jobs) prefetch(turn, job, clients);
}

function workableJobs(turn: Turn): readonly JobId[] {
  const jobs: Job[] = [];
  for (const job of turn.jobs.values()) {
    if (isTerminal(job.status) || job.status === "Combining") continue;
    if (job.status === "WaitingForClients" && job.startedAt === null) continue;
    if (hasWork(turn, job)) jobs.push(job);
  }
  jobs.sort((a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.id, b.id));
  return jobs.map((job) => job.id);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hasWork(turn: Turn, job: Job): boolean {
  if (hasUnassignedGops(job) && (job.split.mode === "keyframes" || job.indexComplete)) return true;
  return job.segments.some(({ phase }) => phase.kind === "pending" && phase.notBefore <= turn.now);
}

interface Holding {
  /** Attempts that take, or will take, the processor. */
  readonly active: number;
  readonly all: number;
}

function holdingOf(turn: Turn, clientId: ClientId): Holding {
  let active = 0;
  let all = 0;
  for (const attempt of turn.attempts.values()) {
    if (attempt.clientId !== clientId) continue;
    all++;
    if (occupiesSlot(attempt)) active++;
  }
  return { active, all };
}

/** Uploads do not count against slots, but a client whose uploads pile up gets nothing more. */
function hasFreeSlot(turn: Turn, client: Client): boolean {
  const { active, all } = holdingOf(turn, client.id);
  return active < client.slots && all < 2 * client.slots + 1;
}

function fillSlots(turn: Turn, jobId: JobId, clients: readonly Client[]): void {
  const start = turn.jobs.get(jobId);
  if (start === undefined) return;
  let ready = clients.filter((client) => isCapable(client, start) && hasFreeSlot(turn, client));
  if (ready.length === 0) return;
  const speeds = measureSpeeds(turn, start);
  ready.sort((a, b) => speeds.of(b) - speeds.of(a) || compareText(a.id, b.id));
  // Each round gives every ready client at most one segment; a client that gets none is out.
  while (ready.length > 0) {
    ready = ready.filter((client) => giveOne(turn, jobId, client, speeds) && hasFreeSlot(turn, client));
  }
}

/** One segment beyond the slots, so that its blocks are fetched while the client encodes; never in the tail. */
function prefetch(turn: Turn, jobId: JobId, clients: readonly Client[]): void {
  for (const client of clients) {
    const job = turn.jobs.get(jobId);
    if (job === undefined || job.split.mode === "whole" || client.slotFps[jobId] === undefined) continue;
    if (!isCapable(client, job) || !hasUnassignedGops(job)) continue;
    const { active, all } = holdingOf(turn, client.id);
    if (active !== client.slots || all >= 2 * client.slots + 1) continue;
    const unassigned = unassignedFrames(job, knownUnassignedFrames(job, firstUnassignedGop(job)));
    if (unassigned < 2 * framesInFlight(turn, job)) continue;
    giveOne(turn, jobId, client, measureSpeeds(turn, job));
  }
}

function framesInFlight(turn: Turn, job: Job): number {
  let frames = 0;
  for (const attempt of turn.attempts.values()) {
    if (attempt.jobId === job.id) frames += job.segments[attempt.segmentIndex]?.frames ?? 0;
  }
  return frames;
}

interface Speeds {
  /** Frames per second of one slot; 0 when nobody's speed is known. */
  of(client: Client): number;
  /** Sum over the slots that other jobs leave to this one. */
  readonly cluster: number;
  readonly slots: number;
}

/** Measured on this job, else read from a running encode, else the mean of the others. */
function measureSpeeds(turn: Turn, job: Job): Speeds {
  const known = new Map<ClientId, number>();
  const usableSlots = new Map<ClientId, number>();
  for (const client of turn.clients.values()) {
    if (!isReachable(client) || !isCapable(client, job)) continue;
    usableSlots.set(client.id, client.slots);
    const fps = client.slotFps[job.id];
    if (fps !== undefined) known.set(client.id, fps);
  }
  const oneSecondOfFrames = videoFrameRate(job);
  for (const attempt of turn.attempts.values()) {
    const slots = usableSlots.get(attempt.clientId);
    if (slots === undefined) continue;
    if (attempt.jobId !== job.id) {
      if (occupiesSlot(attempt)) usableSlots.set(attempt.clientId, Math.max(0, slots - 1));
    } else if (!known.has(attempt.clientId) && attempt.fps > 0 && attempt.framesDone > oneSecondOfFrames) {
      known.set(attempt.clientId, attempt.fps);
    }
  }
  let sum = 0;
  for (const fps of known.values()) sum += fps;
  const mean = known.size === 0 ? 0 : sum / known.size;
  let cluster = 0;
  let slots = 0;
  for (const [clientId, count] of usableSlots) {
    cluster += count * (known.get(clientId) ?? mean);
    slots += count;
  }
  return { of: (client) => known.get(client.id) ?? mean, cluster, slots };
}

/** Leases one segment of the job to the client; false when there is none for it now. */
function giveOne(turn: Turn, jobId: JobId, client: Client, speeds: Speeds): boolean {
  const job = turn.jobs.get(jobId);
  if (job === undefined) return false;
  const returned = returnedSegmentFor(turn, job, client);
  if (returned !== null) {
    lease(turn, job, returned, client);
    return true;
  }
  const formed = formSegment(turn, job, client, speeds);
  if (formed === null) return false;
  lease(turn, { ...job, cursorPts: formed.endPts }, formed, client);
  return true;
}

/** A segment that came back; not to a client on which it failed while another one is there that did not fail it. */
function returnedSegmentFor(turn: Turn, job: Job, client: Client): Segment | null {
  for (const segment of job.segments) {
    if (segment.phase.kind !== "pending" || segment.phase.notBefore > turn.now) continue;
    if (!segment.failedOn.includes(client.id) || !hasUntriedClient(turn, job, segment)) return segment;
  }
  return null;
}

function hasUntriedClient(turn: Turn, job: Job, segment: Segment): boolean {
  for (const client of turn.clients.values()) {
    if (isReachable(client) && isCapable(client, job) && !segment.failedOn.includes(client.id)) return true;
  }
  return false;
}

function formSegment(turn: Turn, job: Job, client: Client, speeds: Speeds): Segment | null {
  if (!hasUnassignedGops(job)) return null;
  const from = firstUnassignedGop(job);
  const count = job.split.mode === "whole" ? wholeCount(job, from) : splitCount(turn, job, client, speeds, from);
  const first = job.gops[from];
  const last = job.gops[from + count - 1];
  if (count === 0 || first === undefined || last === undefined) return null;
  let frames = 0;
  for (let position = from; position < from + count; position++) frames += job.gops[position]?.frames ?? 0;
  return {
    index: job.segments.length,
    startPts: first.startPts,
    endPts: last.endPts,
    frames: job.split.mode === "whole" ? (job.totalFrames ?? frames) : frames,
    phase: { kind: "pending", notBefore: turn.now },
    leadIn: 0,
    failures: 0,
    losses: 0,
    attempts: 0,
    failedOn: [],
    notes: job.split.mode === "whole" ? [`not split: ${job.split.reason}`] : [],
  };
}

function wholeCount(job: Job, from: number): number {
  return job.indexComplete ? job.gops.length - from : 0;
}

/** Groups for the next segment; 0 while the index has too little to choose from. */
function splitCount(turn: Turn, job: Job, client: Client, speeds: Speeds, from: number): number {
  const known = knownUnassignedFrames(job, from);
  const unassigned = unassignedFrames(job, known);
  const frameRate = videoFrameRate(job);
  const { maxSegmentSeconds } = job.settings;
  const isFirst = client.slotFps[job.id] === undefined || speeds.cluster <= 0;
  let wanted: Wanted;
  let maxSeconds = maxSegmentSeconds;
  if (isFirst) {
    const seconds = benchmarkSecondsOf(job, client);
    const frames = benchmarkFrames(seconds, frameRate, unassigned, speeds.slots);
    wanted = { frames, shareFrames: frames, minFrames: 0 };
    maxSeconds = Math.min(seconds, maxSegmentSeconds ?? seconds);
  } else {
    const remainingFrames = unassigned + unfinishedFrames(turn, job);
    const slotFps = speeds.of(client);
    wanted = wantedFrames({ slotFps, clusterFps: speeds.cluster, remainingFrames, frameRate, maxSegmentSeconds });
  }
  if (!job.indexComplete && known < Math.min(wanted.frames, EARLY_VIDEO_SECONDS * frameRate)) return 0;
  const secondsPerTick = toNumber(job.timeBase);
  return takeGops(job.gops, from, wanted, { maxSeconds, secondsPerTick, indexComplete: job.indexComplete });
}

/** Frames that returned segments hold and that running attempts have not encoded yet. */
function unfinishedFrames(turn: Turn, job: Job): number {
  let frames = 0;
  for (const { phase, frames: all } of job.segments) {
    if (phase.kind === "pending") frames += all;
    else if (phase.kind === "leased") {
      frames += Math.max(0, all - (turn.attempts.get(phase.attemptId)?.framesDone ?? 0));
    }
  }
  return frames;
}

function lease(turn: Turn, job: Job, segment: Segment, client: Client): void {
  const isBenchmark = client.slotFps[job.id] === undefined;
  const attempt: Attempt = {
    id: turn.moment.newId(),
    jobId: job.id,
    segmentIndex: segment.index,
    clientId: client.id,
    leadIn: segment.leadIn,
    isBenchmark,
    leaseEndsAt: turn.now + LEASE_MS,
    stage: "queued",
    framesDone: 0,
    fps: 0,
    startedAt: turn.now,
  };
  const leased: Segment = {
    ...segment,
    attempts: segment.attempts + 1,
    phase: { kind: "leased", attemptId: attempt.id },
  };
  turn.putAttempt(attempt);
  startJob(turn, turn.putSegment(job, leased), isBenchmark);
  const subject = { jobId: job.id, clientId: client.id, segmentIndex: segment.index, attemptId: attempt.id };
  turn.event("segment-leased", subject, `${segment.frames} frames to ${client.name}`);
  turn.effect({ type: "offer", clientId: client.id, attempt, segment: leased });
}

function startJob(turn: Turn, job: Job, isBenchmark: boolean): void {
  const started =
    job.startedAt === null ? changeJobStatus(turn, job, "Benchmarking", { startedAt: turn.moment.at }) : job;
  if (!isBenchmark) becomeProcessing(turn, started);
}
