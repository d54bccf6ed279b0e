// Which encoder a job gets that leaves it open: the one with the most throughput among the clients present; again when
// its clients are gone for good or can't do it. A job that names its encoder has only that one.
import { hasReachableClient, isCapable, isReachable, needsClients, takesWork } from "../ability/capability.ts";
import { canUse, encoderFor, pixelRateOf, poolOf } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import type { ClientId } from "../model/ids.ts";
import type { Election, Job } from "../model/job.ts";
import type { Segment } from "../model/segment.ts";
import { isTerminal } from "../model/state-changes.ts";
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

/** Every candidate that some client present can serve, the best first: enough clients, then most throughput. */
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

/** Before a job starts its encoder follows the clients that come and go; after that only what has to change does. */
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
 * A started job none of whose clients is there: when they are gone for longer than it wants to wait, or are there and
 * can't do it after all, another encoder takes over, and everything is encoded again: one output, one encoder.
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
    leadIn: 0 as const, // the ladder may have been climbed because of a client
    notes: [...segment.notes, note],
  }));
  elect(turn, turn.jobs.get(job.id) ?? job, best, found, { segments });
}

/**
 * Instead of failing a job whose hardware encoder did not get a segment right: another encoder, where there is one.
 * From software there is no other way: its word on a source is the last. True when the job goes on.
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

/** Longer than a client waits between two tries: a line that was cut for all brings them back one by one. */
const COMES_BACK_WITHIN_MS = 120_000;

/** Present, or was until just now. */
function isAround(turn: Turn, client: Client): boolean {
  return client.status !== "Disconnected" || turn.now - client.lastHeardAt < COMES_BACK_WITHIN_MS;
}

/**
 * Clients with the job's encoder are present, and each has shown that it can't do this job with it, as has every one
 * that may be back soon. One that is only held back for its headers can: it waits for those whose headers count.
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

/** Somebody known who is away for now could serve a candidate. */
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
    hint: "Name a codec (-c:v h264) in place of an encoder, so that another one may take over; `ffcluster doctor` on the clients tries each.",
  });
}

/** The client can't do this job with this encoder: its segment is free at once, and no fault is counted against it. */
export function markUnfit(job: Job, clientId: ClientId, encoder: string, reason: string): Job {
  const known = job.unfit ?? [];
  if (known.some((unfit) => unfit.clientId === clientId && unfit.encoder === encoder)) return job;
  return { ...job, unfit: [...known, { clientId, encoder, reason }] };
}

/** A client that comes back as a new process may have been mended. */
export function forgiveUnfit(turn: Turn, clientId: ClientId): void {
  for (const job of [...turn.jobs.values()]) {
    if (isTerminal(job.status) || !job.unfit?.some((unfit) => unfit.clientId === clientId)) continue;
    turn.putJob({ ...job, unfit: job.unfit.filter((unfit) => unfit.clientId !== clientId) });
  }
}
