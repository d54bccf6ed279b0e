// One stream has one set of encoder headers (parameter sets). Where a decoder reads them once, from the container,
// segments with different ones can't be joined: the minority is encoded again, and its clients get no more of the job.
// Whatever the codec, one stream has one pixel format, too.
import { isReachable, takesWork } from "../ability/capability.ts";
import { slotsFor } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import type { ClientId, JobId } from "../model/ids.ts";
import type { Job, Unfit } from "../model/job.ts";
import type { LandedResult, Segment } from "../model/segment.ts";
import { tallyOf } from "../model/segment-tally.ts";
import type { Turn } from "../model/turn.ts";
import { openJob } from "./job-rules.ts";
import { dropSpeculativeAttempts, withoutAttempt } from "./speculative-attempts.ts";
import { runWhole } from "./void-segments.ts";

/** For jobs that name their encoder; other jobs bring their own value (--wait-for-family). */
const WAIT_FOR_MAKERS_MS = 60_000;

/**
 * A digest of them; null: the encoder writes none. Where each segment may have its own, the pixel format that ffprobe reads.
 */
type ParameterSets = string | null;

interface Made {
  readonly segment: Segment;
  readonly landed: LandedResult;
  readonly parameterSets: ParameterSets;
}

function madeOf(job: Job): Made[] {
  return job.segments.flatMap((segment) => {
    const { phase } = segment;
    if (phase.kind !== "verified") return [];
    const { landed, facts } = phase;
    if (job.settings.headers !== undefined) return [{ segment, landed, parameterSets: facts.extradataSha256 }];
    return facts.pixelFormat === undefined ? [] : [{ segment, landed, parameterSets: facts.pixelFormat }];
  });
}

/** One client made different ones: then they depend on the pictures and not on the client. */
function makesBoth(made: readonly Made[]): boolean {
  const byClient = new Map<ClientId, ParameterSets>();
  return made.some(({ landed, parameterSets }) => {
    const before = byClient.get(landed.clientId);
    byClient.set(landed.clientId, parameterSets);
    return before !== undefined && before !== parameterSets;
  });
}

function makersOf(turn: Turn, job: Job, made: readonly Made[], parameterSets: ParameterSets): Client[] {
  const ids = new Set([
    ...made.filter((each) => each.parameterSets === parameterSets).map(({ landed }) => landed.clientId),
    ...(job.unfit ?? []).filter((unfit) => unfit.parameterSets === parameterSets).map(({ clientId }) => clientId),
  ]);
  return [...turn.clients.values()].filter((client) => ids.has(client.id));
}

/** Seconds until the whole job is done with these, by the clients known to make them. */
function secondsLeft(turn: Turn, job: Job, made: readonly Made[], parameterSets: ParameterSets): number {
  let fps = 0;
  for (const client of makersOf(turn, job, made, parameterSets)) {
    // One whose link is down for a moment is not gone: what it has made is not thrown away for that.
    if (client.status !== "Disconnected" && takesWork(client))
      fps += (client.slotFps[job.id] ?? 0) * slotsFor(client, job.encoder);
  }
  const all = job.totalFrames ?? job.segments.reduce((sum, { frames }) => sum + frames, 0);
  const done = made.reduce((sum, each) => (each.parameterSets === parameterSets ? sum + each.segment.frames : sum), 0);
  return fps > 0 ? Math.max(0, all - done) / fps : Number.POSITIVE_INFINITY;
}

/**
 * After a segment is verified: compares its parameter sets with those of the others. Where they differ, the clients
 * that would be done sooner go on, the others get no more of this job, and their segments are encoded again. False: so
 * is this segment.
 */
export function settleParameterSets(turn: Turn, jobId: JobId, index: number): boolean {
  const job = openJob(turn, jobId);
  const rule = job?.settings.headers;
  // Encoders of several kinds side by side were asked for; the proof still wants one pixel format.
  if (job === null || (rule === undefined && job.settings.election?.allowMixed === true)) return true;
  if (tallyOf(job).isAlike()) return true;
  const made = madeOf(job);
  const own = made.find(({ segment }) => segment.index === index);
  const other = made.find(({ parameterSets }) => own !== undefined && parameterSets !== own.parameterSets);
  if (own === undefined || other === undefined) return true;
  if (makesBoth(made)) {
    // Every key frame carries its own, and a decoder reads them there.
    if (rule === "repeated") return true;
    const formats = `makes ${own.parameterSets} and ${other.parameterSets} of`;
    const what = rule === undefined ? formats : "writes different stream headers for";
    runWhole(turn, job, `${job.encoder} ${what} different parts, and one stream has one`);
    return false;
  }
  const isOwnKept = !isToldApart(job, own) && isBetterMade(turn, job, made, own.parameterSets, other.parameterSets);
  dropOthers(turn, job, made, isOwnKept ? own.parameterSets : other.parameterSets);
  return isOwnKept;
}

/**
 * Those whose clients have left the job less often, then those that would be done sooner: a fast client that comes and goes
 * would have everything encoded again each time.
 */
function isBetterMade(turn: Turn, job: Job, made: readonly Made[], one: ParameterSets, other: ParameterSets): boolean {
  const times = (parameterSets: ParameterSets) => job.deserted?.[parameterSets ?? ""] ?? 0;
  if (times(one) !== times(other)) return times(one) < times(other);
  return secondsLeft(turn, job, made, one) < secondsLeft(turn, job, made, other);
}

/** A late result of a client that was set aside does not change the choice; another client's may. */
function isToldApart(job: Job, { landed, parameterSets }: Made): boolean {
  return (
    job.unfit?.some((unfit) => unfit.clientId === landed.clientId && unfit.parameterSets === parameterSets) === true
  );
}

function dropOthers(turn: Turn, job: Job, made: readonly Made[], kept: ParameterSets): void {
  const dropped = made.filter(({ parameterSets }) => parameterSets !== kept);
  const what = job.settings.headers === undefined ? "makes another pixel format" : "writes other stream headers";
  const reason = `${what} than the rest, so its segments can't be joined with theirs`;
  const unfit = (job.unfit ?? []).filter(({ parameterSets }) => parameterSets === undefined || parameterSets !== kept);
  const segments = job.segments.slice();
  for (const { segment, landed, parameterSets } of dropped) {
    const { clientId, attemptId, clientName } = landed;
    const subject = { jobId: job.id, clientId, segmentIndex: segment.index, attemptId };
    const note = `encoded again: the ${job.encoder} of ${clientName} ${reason}`;
    segments[segment.index] = freed(turn, segment, note);
    turn.effect({ type: "drop-result", jobId: job.id, segmentIndex: segment.index, attemptId });
    turn.event("segment-retry", subject, note, "headers");
    if (unfit.some((each) => each.clientId === clientId && each.parameterSets === parameterSets)) continue;
    unfit.push({ clientId, encoder: job.encoder, reason, parameterSets });
    turn.event("client-unfit", { jobId: job.id, clientId }, `${job.encoder} ${reason}`);
  }
  turn.putJob({ ...job, segments, unfit });
  for (const { clientId } of unfit)
    if (dropped.some(({ landed }) => landed.clientId === clientId)) stopOn(turn, job.id, clientId);
}

function freed(turn: Turn, segment: Segment, note: string): Segment {
  return { ...segment, phase: { kind: "pending", notBefore: turn.now }, notes: [...segment.notes, note] };
}

/** Stops what such a client still encodes: it could not be used. */
function stopOn(turn: Turn, jobId: JobId, clientId: ClientId): void {
  for (const attempt of [...turn.attemptsOf(clientId)]) {
    const job = turn.jobs.get(jobId);
    const segment = attempt.jobId === jobId ? job?.segments[attempt.segmentIndex] : undefined;
    if (job === undefined || segment === undefined) continue;
    const reason = "its results could not be joined with the rest";
    turn.removeAttempt(attempt.id);
    turn.putSegment(job, withoutAttempt(segment, attempt.id, turn.now));
    const subject = { jobId, clientId, segmentIndex: attempt.segmentIndex, attemptId: attempt.id };
    turn.event("attempt-stopped", subject, reason);
    const client = turn.clients.get(clientId);
    if (client !== undefined && isReachable(client))
      turn.effect({ type: "stop-attempt", clientId, attemptId: attempt.id, reason });
  }
}

/** Connected clients that only their parameter sets hold back. */
function waiting(turn: Turn, job: Job): readonly Unfit[] {
  return (job.unfit ?? []).filter(({ clientId, encoder, parameterSets }) => {
    const client = turn.clients.get(clientId);
    if (parameterSets === undefined || client === undefined || !isReachable(client) || !takesWork(client)) return false;
    const hasFailed = job.unfit?.some((each) => each.clientId === clientId && each.parameterSets === undefined);
    return client.encoders.includes(encoder) && encoder === job.encoder && hasFailed !== true;
  });
}

/**
 * A job whose matching clients are all gone while others with the same encoder are connected: it waits, then starts
 * over with those. True: it is such a job.
 */
export function settleWithoutMakers(turn: Turn, job: Job): boolean {
  if (waiting(turn, job).length === 0) return false;
  const waitMs = job.settings.election === undefined ? WAIT_FOR_MAKERS_MS : job.settings.election.waitForFamilyMs;
  if (waitMs === null || job.aloneSince === null || turn.now - job.aloneSince < waitMs) return true;
  const note = "encoded again: no client was left that writes the stream headers of the segments so far";
  const segments = job.segments.map((segment) => {
    const { index: segmentIndex, phase } = segment;
    if (!("landed" in phase)) return segment;
    const { attemptId, clientId } = phase.landed;
    dropSpeculativeAttempts(turn, job, segment, phase.landed);
    turn.effect({ type: "drop-result", jobId: job.id, segmentIndex, attemptId });
    turn.event("segment-retry", { jobId: job.id, clientId, segmentIndex, attemptId }, note, "headers");
    return freed(turn, segment, note);
  });
  const unfit = (job.unfit ?? []).filter(({ parameterSets }) => parameterSets === undefined);
  const [left] = madeOf(job);
  const key = left?.parameterSets ?? "";
  const deserted = { ...job.deserted, [key]: (job.deserted?.[key] ?? 0) + 1 };
  turn.putJob({ ...job, segments, unfit, deserted });
  return true;
}
