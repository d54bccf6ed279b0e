// Elects the encoder of a job that leaves it open: the one with the most throughput among the connected clients. Elects
// again when its clients are gone for good or cannot do it. A job that names its encoder keeps it.
import { hasReachableClient, isCapable, isReachable, needsClients, takesWork } from "../ability/capability.ts";
import { canUse, encoderFor, pixelRateOf, poolOf } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import type { ClientId } from "../model/ids.ts";
import type { Election, Job } from "../model/job.ts";
import type { Segment } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";
import { failJob, stopAttempts } from "./job-rules.ts";
import { settleWithoutMakers } from "./parameter-sets.ts";
import { resultsOf } from "./speculative-attempts.ts";

type Candidate = Election["candidates"][number];

interface Standing {
  readonly candidate: Candidate;
  readonly clients: number;
  /** Pixels per second of its clients together. */
  readonly rate: number;
}

/** Every candidate that some connected client can serve, best first: enough clients, then most throughput. */
function standings(turn: Turn, job: Job, candidates: readonly Candidate[]): Standing[] {
  const present = [...turn.clients.values()].filter((client) => isReachable(client) && takesWork(client));
  const found = candidates.map((candidate) => {
    const able = present.filter((client) => canUse(client, job, candidate.encoder));
    const rate = able.reduce((sum, client) => sum + pixelRateOf(client, candidate.encoder), 0);
    return { candidate, clients: able.length, rate };
  });
  const enough = ({ clients }: Standing) => (clients >= job.settings.requiredClients ? 1 : 0);
  return found.filter(({ clients }) => clients > 0).sort((a, b) => enough(b) - enough(a) || b.rate - a.rate);
}

function describe({ candidate, clients, rate }: Standing): string {
  const megapixels = Math.max(1, Math.round(rate / 1e6));
  return `${candidate.encoder} (${clients} client${clients === 1 ? "" : "s"}, about ${megapixels} Mpixel/s)`;
}

function elect(turn: Turn, job: Job, chosen: Standing, others: readonly Standing[], also: Partial<Job> = {}): Job {
  const rest = others.filter((other) => other !== chosen).map(describe);
  const detail = `${describe(chosen)}${rest.length === 0 ? "" : `, rather than ${rest.join(", ")}`}`;
  turn.event("encoder-elected", { jobId: job.id }, detail);
  const { encoder, family } = chosen.candidate;
  return turn.putJob({ ...job, ...also, encoder, family });
}

/** Before a job starts, its encoder follows the clients that come and go; after that it changes only if it has to. */
export function settleElection(turn: Turn, job: Job): void {
  if (job.status === "Combining") return;
  const { election } = job.settings;
  if (job.startedAt !== null) {
    reelect(turn, job);
    return;
  }
  if (election === undefined) return;
  const found = standings(turn, job, election.candidates);
  const [best] = found;
  if (best !== undefined && best.candidate.encoder !== job.encoder) elect(turn, job, best, found);
}

/**
 * A started job has no client for its encoder. When they are gone for longer than the job wants to wait, or turn out
 * unable to do it, another encoder takes over and everything is encoded again: one output, one encoder.
 */
function reelect(turn: Turn, job: Job): void {
  if (hasReachableClient(turn, job) || !needsClients(job)) return;
  if (settleWithoutMakers(turn, job)) return;
  const { election } = job.settings;
  const isHopeless = everyoneIsUnfit(turn, job);
  if (election === undefined) {
    if (isHopeless) failUnfit(turn, job);
    return;
  }
  const found = standings(turn, job, election.candidates);
  const [best] = found;
  if (best === undefined) {
    if (isHopeless && !mayStillCome(turn, job, election)) failUnfit(turn, job);
    return;
  }
  const { waitForFamilyMs } = election;
  const isOver = waitForFamilyMs !== null && job.aloneSince !== null && turn.now - job.aloneSince >= waitForFamilyMs;
  if (isHopeless || isOver) startOver(turn, job, best, found);
}

function startOver(turn: Turn, job: Job, best: Standing, found: readonly Standing[]): void {
  const note = `started over with ${best.candidate.encoder}: no client was left for ${job.encoder}`;
  stopAttempts(turn, job.id, note);
  for (const { index: segmentIndex, phase } of job.segments) {
    for (const { attemptId } of resultsOf(phase))
      turn.effect({ type: "drop-result", jobId: job.id, segmentIndex, attemptId });
  }
  for (const client of [...turn.clients.values()]) forgetSpeed(turn, client, job);
  const segments = job.segments.map(({ rate: _rate, mismatches: _mismatches, ...segment }) => ({
    ...segment,
    phase: { kind: "pending", notBefore: turn.now } as const,
    failures: 0,
    failedOn: [],
    losses: 0,
    lostOn: [],
    leadIn: 0 as const, // a client may be why the ladder was climbed
    notes: [...segment.notes, note],
  }));
  elect(turn, turn.jobs.get(job.id) ?? job, best, found, { segments });
}

/**
 * Tries another encoder instead of failing a job whose hardware encoder got a segment wrong. There is none after
 * software, whose verdict on a source is final. True: the job goes on.
 */
export function takeOtherWay(turn: Turn, job: Job, segment: Segment, clientId: ClientId, reason: string): boolean {
  const { election } = job.settings;
  const client = turn.clients.get(clientId);
  if (election === undefined || client === undefined) return false;
  if (election.allowMixed) {
    const encoder = encoderFor(client, job);
    if (encoder === null || poolOf(encoder) === "software") return false;
    const marked = markUnfit(job, clientId, encoder, reason);
    if (![...turn.clients.values()].some((each) => isReachable(each) && isCapable(each, marked))) return false;
    turn.event("client-unfit", { jobId: job.id, clientId, segmentIndex: segment.index }, `${encoder}: ${reason}`);
    const { mismatches: _mismatches, ...rest } = segment;
    const freed = { ...rest, phase: { kind: "pending", notBefore: turn.now } as const, failures: 0, failedOn: [] };
    turn.putSegment(marked, { ...freed, leadIn: 0 });
    return true;
  }
  if (poolOf(job.encoder) === "software") return false;
  const { encoder } = job;
  const found = standings(
    turn,
    job,
    election.candidates.filter((candidate) => candidate.encoder !== encoder),
  );
  const [best] = found;
  if (best === undefined) return false;
  const able = [...turn.clients.values()].filter((each) => each.encoders.includes(encoder));
  const marked = able.reduce((given, each) => markUnfit(given, each.id, encoder, reason), job);
  startOver(turn, turn.putJob(marked), best, found);
  return true;
}

/** Speeds were measured with the other encoder. */
function forgetSpeed(turn: Turn, client: Client, job: Job): void {
  if (client.slotFps[job.id] === undefined) return;
  const { [job.id]: _other, ...slotFps } = client.slotFps;
  turn.putClient({ ...client, slotFps });
}

/** Longer than a client waits between two tries: after an outage clients come back one by one. */
const COMES_BACK_WITHIN_MS = 120_000;

/** Connected, or disconnected only recently. */
function isAround(turn: Turn, client: Client): boolean {
  return client.status !== "Disconnected" || turn.now - client.lastHeardAt < COMES_BACK_WITHIN_MS;
}

/**
 * Every client with the job's encoder that is connected, or may be back soon, was found unfit for the job, and at least
 * one is connected. A client that is only held back for its parameter sets is not unfit: it waits for the others.
 */
function everyoneIsUnfit(turn: Turn, job: Job): boolean {
  const unfit = (job.unfit ?? []).filter(({ parameterSets }) => parameterSets === undefined);
  const isShown = unfit.some(({ clientId }) => {
    const client = turn.clients.get(clientId);
    return client !== undefined && isReachable(client);
  });
  if (!isShown) return false;
  const judged = { ...job, unfit };
  return ![...turn.clients.values()].some((client) => isAround(turn, client) && encoderFor(client, judged) !== null);
}

/** A known client that is connected, or may be back soon, could serve a candidate. */
function mayStillCome(turn: Turn, job: Job, election: Election): boolean {
  return election.candidates.some(({ encoder }) =>
    [...turn.clients.values()].some((client) => isAround(turn, client) && canUse(client, job, encoder)),
  );
}

function failUnfit(turn: Turn, job: Job): void {
  const reasons = (job.unfit ?? []).map(({ clientId, encoder, reason }) => {
    return `${turn.clients.get(clientId)?.name ?? clientId} with ${encoder}: ${reason}`;
  });
  failJob(turn, job, {
    code: "E_ENCODE_FAILED",
    message: `no client can encode this: ${reasons.join("; ").slice(0, 2000)}`,
    hint: "Name a codec (-c:v h264) instead of an encoder, so that another encoder may take over; `ffcluster doctor` on a client tries each.",
  });
}

/**
 * Notes that the client cannot do this job with this encoder. This counts neither against the segment nor the client.
 */
export function markUnfit(job: Job, clientId: ClientId, encoder: string, reason: string): Job {
  const known = job.unfit ?? [];
  if (known.some((unfit) => unfit.clientId === clientId && unfit.encoder === encoder)) return job;
  return { ...job, unfit: [...known, { clientId, encoder, reason }] };
}

/** A client that comes back without attempts may have been repaired. */
export function forgiveUnfit(turn: Turn, clientId: ClientId): void {
  for (const job of turn.openJobs) {
    if (!job.unfit?.some((unfit) => unfit.clientId === clientId)) continue;
    turn.putJob({ ...job, unfit: job.unfit.filter((unfit) => unfit.clientId !== clientId) });
  }
}
