// What must hold after every decision, stated without the scheduler's own rules. Compares by identity and looks only at
// what changed, so that thousands of clusters run in seconds.
import { isCapable } from "../../src/cluster/scheduler/ability/capability.ts";
import { canUse } from "../../src/cluster/scheduler/ability/encoders.ts";
import type { Decision } from "../../src/cluster/scheduler/model/decision.ts";
import type { Input } from "../../src/cluster/scheduler/model/input.ts";
import { isTerminal, type Job } from "../../src/cluster/scheduler/model/job.ts";
import type { Attempt, Segment } from "../../src/cluster/scheduler/model/segment.ts";
import type { SchedulerState } from "../../src/cluster/scheduler/model/state.ts";
import { CLIENT_TRANSITIONS, JOB_TRANSITIONS } from "../../src/cluster/scheduler/model/state-changes.ts";
import { LEASE_MS } from "../../src/cluster/scheduler/model/timing.ts";
import { checkIndexes } from "./index-invariants.ts";
import {
  checkCommit,
  checkHolders,
  checkLanding,
  checkRange,
  checkReopening,
  completeness,
  heldBefore,
  passes,
  type Step,
  sharesOut,
  unjoinedNotes,
} from "./segment-invariants.ts";
import { fail, must } from "./violation.ts";

/** The client of a simulated cluster that fails only by chance (cluster.ts). */
export const HEALTHY_CLIENT = "client-1";

export const TICK_MS = 500;

/** After a mere sign of life, leases and silence are looked at with the next tick. */
function graceMs({ type }: Input): number {
  return ["client-heard", "attempt-progressed", "upload-advanced"].includes(type) ? TICK_MS : 0;
}

/** A look at all indexes costs more than the decision; one that is wrong stays wrong. */
const INDEXES_EVERY = 10;

/** No encode in the simulation takes half an hour for a frame. */
const LONGEST_WITHOUT_FRAME_MS = 36 * 60_000;

export class Invariants {
  /** When each live attempt was last entitled to a full lease. */
  readonly #renewedAt = new Map<string, number>();
  /** How often each job was retried after its end. */
  readonly #retries = new Map<string, number>();
  /** How many speculative attempts each segment had: these do not fail a job, however many are lost. */
  readonly #speculative = new Map<string, number>();
  /** When each live attempt last made progress by its client's reports, and how far it was. */
  readonly #movedAt = new Map<string, { readonly at: number; readonly mark: string }>();
  /** By segment: the attempt that lost its lease through silence, while nothing else has happened to the segment. */
  readonly #lost = new Map<string, Attempt>();
  /** By segment: attempts before its failures were reset, because its client turned out unfit. */
  readonly #retriedUnfit = new Map<string, number>();

  #decisions = 0;

  check(before: SchedulerState, input: Input, decision: Decision, now: number): void {
    const { next } = decision;
    if (this.#decisions++ % INDEXES_EVERY === 0) checkIndexes(before, decision);
    this.#leases(before, input, decision, now);
    this.#stalls(input, decision, now);
    this.#statusEvents(before, decision);
    if (before.attempts !== next.attempts || input.type === "client-hello") this.#reclaimed(before, input, decision);
    for (const [id, job] of before.jobs === next.jobs ? [] : next.jobs) {
      const old = before.jobs.get(id);
      if (old !== job) this.#job({ before, input, decision, now }, old, job);
    }
    must(next.jobs.size >= before.jobs.size, () => "a job vanished");
    if (before.attempts !== next.attempts || before.jobs !== next.jobs) this.#attempts(next, input, now);
    else
      for (const { id, leaseEndsAt } of next.attempts.values())
        if (leaseEndsAt <= now - graceMs(input)) fail(`${id} outlived its lease`);
    this.#noteLost(before, decision);
    if (decision.effects.length > 0) this.#offers(decision);
    if (input.type !== "client-heard" && input.type !== "attempt-progressed") nothingWaitsForPaused(next);
    this.#clients(before, input, decision, now);
  }

  /** A lease begins with an offer, or when a client reclaims an attempt that was lost through silence. */
  #reclaimed(before: SchedulerState, input: Input, { next, events, effects }: Decision): void {
    const isNamed = (attempt: Attempt) =>
      (input.type === "client-hello" &&
        input.client.id === attempt.clientId &&
        input.client.heldAttempts.includes(attempt.id)) ||
      (input.type === "attempt-reclaimed" && input.clientId === attempt.clientId && input.attemptId === attempt.id);
    for (const { id, jobId, segmentIndex } of next.attempts.values()) {
      if (before.attempts.has(id)) continue;
      const isOffered = effects.some((effect) => effect.type === "offer" && effect.attempt.id === id);
      const isRenewed = events.some((event) => event.type === "lease-renewed" && event.attemptId === id);
      must(isOffered !== isRenewed, () => `${id} is leased without an offer and was not reclaimed, or both`);
      if (!isRenewed) continue;
      const name = `${jobId}/${segmentIndex}`;
      const lost = this.#lost.get(name);
      must(lost?.id === id && isNamed(lost), () => `${name} was leased to ${id} again, which it did not wait for`);
      const was = before.jobs.get(jobId)?.segments[segmentIndex];
      const is = next.jobs.get(jobId)?.segments[segmentIndex];
      must(was?.phase.kind === "pending", () => `${name} is ${was?.phase.kind} and was leased to ${id} again`);
      const beside = is?.phase.kind === "leased" ? is.phase.attemptIds.length - 1 : 0;
      must(
        is?.losses === (was?.losses ?? 0) - 1 && is.failures === was?.failures && is.attempts === was.attempts + beside,
        () => `${name} was reclaimed, and that counts as a loss, a failure or another attempt`,
      );
    }
    const welcome = effects.find((effect) => effect.type === "welcome");
    if (input.type !== "client-hello" || welcome?.type !== "welcome") return;
    for (const [name, lost] of this.#lost) {
      const client = next.clients.get(lost.clientId);
      const job = before.jobs.get(lost.jobId); // what a new election voids is decided after the hello
      if (!isNamed(lost) || client === undefined || job === undefined || isTerminal(job.status)) continue;
      const encoder = lost.encoder ?? job.encoder;
      const isOfJob = encoder === job.encoder || job.settings.election?.allowMixed === true;
      const mayGoOn = isOfJob && client.quarantine === null && canUse(client, job, encoder);
      must(
        !mayGoOn || welcome.keepAttempts.includes(lost.id),
        () => `${name} waits, ${lost.clientId} came back with ${lost.id}, and it was dropped`,
      );
    }
  }

  #noteLost(before: SchedulerState, { next, events }: Decision): void {
    for (const event of events) {
      const attempt = event.type === "lease-lost" ? before.attempts.get(event.attemptId ?? "") : undefined;
      const client = next.clients.get(event.clientId ?? "");
      if (attempt === undefined || !event.detail.startsWith("the lease ended")) continue;
      const isSilent = client?.status === "Disconnected" || client?.isLinkDown === true;
      const phase = next.jobs.get(attempt.jobId)?.segments[attempt.segmentIndex]?.phase;
      if (isSilent && phase?.kind === "pending") this.#lost.set(`${attempt.jobId}/${attempt.segmentIndex}`, attempt);
    }
  }

  #job(step: Step, old: Job | undefined, job: Job): void {
    const { input, decision, now } = step;
    const name = job.id;
    const isRetried = input.type === "retry-requested" && input.jobId === job.id;
    if (isRetried) this.#retries.set(job.id, (this.#retries.get(job.id) ?? 0) + 1);
    if (isRetried) must(old?.status !== "Completed", () => `${name} was complete and is retried`);
    if (old !== undefined && !isRetried)
      must(!isTerminal(old.status), () => `${name} changed after it had ended as ${old.status}`);
    if (isTerminal(job.status) || isRetried || job.segments.length < (old?.segments.length ?? 0)) {
      for (const { index } of old?.segments ?? []) this.#lost.delete(`${name}/${index}`);
    }
    if (isTerminal(job.status)) {
      for (const attempt of decision.next.attempts.values()) {
        must(attempt.jobId !== job.id, () => `${name} is ${job.status} and still holds attempt ${attempt.id}`);
      }
    }
    const isMerged =
      ["index-unsplittable", "reference-decided", "segment-verified"].includes(input.type) &&
      "jobId" in input &&
      input.jobId === job.id &&
      old?.split.mode === "keyframes" &&
      job.split.mode === "whole";
    if (!isMerged) {
      must(job.segments.length >= (old?.segments.length ?? 0), () => `${name} lost a segment`);
    }
    for (const segment of job.segments) {
      const oldSegment = isMerged ? undefined : old?.segments[segment.index];
      if (oldSegment !== segment) this.#segment(step, job, oldSegment, segment);
    }
    if (old?.segments[0]?.phase.kind === "measured" && job.segments[0]?.rate?.targetBits !== undefined) sharesOut(job);
    must(job.split.mode === "keyframes" || job.segments.length <= 1, () => `${name} may not be split`);
    if (input.type === "restarted" && !isTerminal(job.status)) {
      for (const { index, phase } of job.segments) {
        const isSoon = phase.kind !== "pending" || phase.notBefore <= now + job.settings.retryDelayMs;
        must(isSoon, () => `${name}/${index} waits by the clock of an earlier run`);
      }
    }
    const last = job.segments.at(-1);
    if (last !== undefined) {
      must(
        last.endPts === job.cursorPts,
        () => `${name}: its segments end at ${last.endPts}, its cursor is ${job.cursorPts}`,
      );
    }
    if (job.status === "Combining" || job.status === "Completed") completeness(job);
  }

  #segment(step: Step, job: Job, old: Segment | undefined, segment: Segment): void {
    const { before, input, decision } = step;
    const name = `${job.id}/${segment.index}`;
    checkRange(job, old, segment);
    const isSame =
      segment.phase.kind === "pending" &&
      old?.phase.kind === "pending" &&
      old.leadIn === segment.leadIn &&
      old.notes.length === segment.notes.length &&
      old.rate === segment.rate;
    if (!isSame) this.#lost.delete(name);
    this.#countAttempts(job, old, segment);
    // An election before the first lease, at the start or at a retry, keeps the shares.
    const isUnderWay = input.type !== "retry-requested" && before.jobs.get(job.id)?.startedAt !== null;
    const isElected = decision.events.some((each) => each.type === "encoder-elected" && each.jobId === job.id);
    const isStartedOver = isUnderWay && isElected;
    passes(job, isStartedOver ? undefined : old, segment);
    checkHolders(decision, name, old, segment);
    if (old?.phase === segment.phase) return;
    checkLanding(step, name, old, segment);
    if (old?.phase.kind === "verifying") this.#speculation(step, job, old, segment);
    checkCommit(input, name, old, segment);
    if (old?.phase.kind === "verified") checkReopening(step, job, old, segment, isStartedOver);
  }

  /** The attempts on a segment are bounded. */
  #countAttempts(job: Job, old: Segment | undefined, segment: Segment): void {
    const name = `${job.id}/${segment.index}`;
    const { maxRetries } = job.settings;
    const startedOver = segment.notes.filter((note) => note.startsWith("started over with")).length;
    const unjoined = unjoinedNotes(segment);
    must(
      job.settings.headers !== undefined || unjoined.length === 0,
      () => `${name} was encoded again for headers that may differ`,
    );
    const tries = 1 + (this.#retries.get(job.id) ?? 0) + startedOver + unjoined.length;
    if (
      old !== undefined &&
      segment.attempts > old.attempts &&
      heldBefore(old).some((id) => heldBefore(segment).includes(id))
    )
      this.#speculative.set(name, (this.#speculative.get(name) ?? 0) + 1);
    const forgiven = old === undefined ? 0 : old.failures - segment.failures;
    if (forgiven > 0) this.#retriedUnfit.set(name, (this.#retriedUnfit.get(name) ?? 0) + forgiven + 1);
    const alone = segment.attempts - (this.#speculative.get(name) ?? 0);
    must(
      alone <= tries * (2 * maxRetries + 16) + (job.unfit?.length ?? 0) + (this.#retriedUnfit.get(name) ?? 0),
      () => `${name} was tried ${alone} times, without speculative attempts`,
    );
    must(segment.failures <= maxRetries + 2, () => `${name} failed ${segment.failures} times`);
  }

  /** The speculative attempt goes on while the first result is checked. It counts when the first is not as planned. */
  #speculation(step: Step, job: Job, old: Segment, segment: Segment): void {
    const { before: stateBefore, decision, input } = step;
    const name = `${job.id}/${segment.index}`;
    const { phase: before } = old;
    const { phase } = segment;
    if (before.kind !== "verifying") return;
    const isRefuted = input.type === "segment-mismatched" && input.attemptId === before.landed.attemptId;
    const speculative = before.speculative ?? [];
    const live = speculative.filter((id) => decision.next.attempts.has(id));
    if (phase.kind === "verifying" && phase.landed === before.landed) {
      const lost = phase.spare === before.spare ? speculative.filter((id) => !live.includes(id)) : [];
      for (const id of lost) {
        const isStopped = decision.events.some((event) => event.type === "attempt-stopped" && event.attemptId === id);
        must(
          !isStopped || job.unfit !== undefined,
          () => `${name}: ${id} was stopped before the first result was verified`,
        );
      }
    }
    const isEnded = job.segments.length === 1 || isTerminal(job.status) || job.countsUnreliable;
    if (!isRefuted || isEnded || (before.spare === undefined && speculative.length === 0)) return;
    const { spare } = before;
    // The job does not wait for a paused client.
    const held = speculative.flatMap((id) => stateBefore.attempts.get(id)?.clientId ?? []);
    const isPaused = held.some((id) => decision.next.clients.get(id)?.isPaused === true);
    const isLeft =
      spare === undefined
        ? phase.kind === "leased" && phase.attemptIds.some((id) => speculative.includes(id))
        : phase.kind === "verifying" && phase.landed === spare;
    // The lease of the speculative attempt may have ended in the same decision.
    must(
      isLeft || live.length < speculative.length || isPaused,
      () => `${name}: its first result was refuted, and the speculative one does not count`,
    );
  }

  #attempts(next: SchedulerState, input: Input, now: number): void {
    const held = new Map<string, { all: number; running: number; urgent: number }>();
    for (const attempt of next.attempts.values()) {
      const phase = next.jobs.get(attempt.jobId)?.segments[attempt.segmentIndex]?.phase;
      // Written out, because closures would make up most of the cost of these checks.
      const holders =
        phase?.kind === "leased" ? phase.attemptIds : phase?.kind === "verifying" ? phase.speculative : undefined;
      if (holders?.includes(attempt.id) !== true) {
        fail(`attempt ${attempt.id} is live, but segment ${attempt.segmentIndex} is ${phase?.kind}: two leases`);
      }
      if (attempt.leaseEndsAt <= now - graceMs(input)) fail(`attempt ${attempt.id} outlived its lease`);
      if (attempt.leaseEndsAt > now + LEASE_MS) fail(`attempt ${attempt.id} has more than a lease`);
      const count = held.get(attempt.clientId) ?? { all: 0, running: 0, urgent: 0 };
      held.set(attempt.clientId, count);
      if (attempt.isUrgent === true) {
        if (attempt.stage !== "uploading") count.urgent += 1;
        continue; // beyond the slots
      }
      count.all += 1;
      if (attempt.stage !== "uploading") count.running += 1;
    }
    for (const [clientId, { all, running, urgent }] of held) {
      const slots = next.clients.get(clientId)?.slots ?? 0;
      must(urgent <= slots, () => `${clientId} has ${urgent} urgent encodes for ${slots} slots`);
      if (running <= slots && all <= 2 * slots) continue;
      // One more may be fetched ahead for each pool; pools are forgotten at a restart.
      const client = next.clients.get(clientId);
      const kinds = client?.status === "Disconnected" ? 2 : Object.keys(client?.pools ?? { all: slots }).length;
      must(running <= slots + kinds, () => `${clientId} has ${running} encodes for ${slots} slots`);
      must(all <= 2 * slots + kinds, () => `${clientId} holds ${all} attempts for ${slots} slots`);
    }
  }

  #offers(decision: Decision): void {
    for (const effect of decision.effects) {
      if (effect.type !== "offer") continue;
      const client = decision.next.clients.get(effect.clientId);
      const job = decision.next.jobs.get(effect.attempt.jobId);
      if (job !== undefined && isTerminal(job.status)) continue; // ended in the same decision
      must(
        client !== undefined && job !== undefined && client.isLinkDown !== true && isCapable(client, job),
        () => `${effect.clientId} was offered what it cannot do`,
      );
      must(
        client?.isDraining === false && !client.isPaused && client.quarantine === null && client.isLeaving !== true,
        () => `${effect.clientId} is held back and was offered work`,
      );
      must(effect.segment.phase.kind === "leased", () => `an offer of a segment that is ${effect.segment.phase.kind}`);
    }
  }

  #clients(before: SchedulerState, input: Input, { next, effects }: Decision, now: number): void {
    for (const client of next.clients.values()) {
      const isSilent = now - client.lastHeardAt > LEASE_MS + graceMs(input);
      if (isSilent && client.status !== "Disconnected") fail(`${client.id} is silent and ${client.status}`);
      if (client.quarantine !== null && client.id === HEALTHY_CLIENT) {
        fail(`${client.id} is healthy and was quarantined: ${client.quarantine}`);
      }
    }
    const isOffered = (id: string) => effects.some((effect) => effect.type === "offer" && effect.attempt.id === id);
    if (input.type === "client-hello" && effects.some((effect) => effect.type === "welcome")) {
      for (const attempt of next.attempts.values()) {
        const isHeld = input.client.heldAttempts.includes(attempt.id) || isOffered(attempt.id);
        must(attempt.clientId !== input.client.id || isHeld, () => `${attempt.id} is leased to a client without it`);
      }
    }
    if (before.attempts === next.attempts) return;
    for (const attempt of before.attempts.values()) {
      const client = next.clients.get(attempt.clientId);
      if (next.attempts.has(attempt.id) || client === undefined || input.type === "restarted") continue;
      const isToldByClient = "attemptId" in input && input.attemptId === attempt.id;
      const isAway = client.status === "Disconnected" || client.isLinkDown === true;
      const isNewLink = client.link !== before.clients.get(client.id)?.link;
      const isStopped = effects.some((effect) => effect.type === "stop-attempt" && effect.attemptId === attempt.id);
      must(isToldByClient || isAway || isNewLink || isStopped, () => `${client.id} was not told to stop ${attempt.id}`);
    }
  }

  /** A lease is lost only for a reason, and progress renews it. */
  #leases(before: SchedulerState, input: Input, decision: Decision, now: number): void {
    for (const effect of decision.effects) if (effect.type === "offer") this.#renewedAt.set(effect.attempt.id, now);
    if (input.type === "attempt-progressed" && before.attempts.get(input.attemptId)?.clientId === input.clientId) {
      this.#renewedAt.set(input.attemptId, now);
    }
    if (input.type === "restarted") for (const id of decision.next.attempts.keys()) this.#renewedAt.set(id, now);
    for (const event of decision.events) {
      const isPaused = before.clients.get(event.clientId ?? "")?.isPaused === true;
      must(
        !isPaused || event.type !== "lease-lost" || !event.detail.startsWith("no progress"),
        () => `${event.attemptId} timed out while its client is paused`,
      );
      if (event.type !== "lease-lost" || event.attemptId === null || !event.detail.startsWith("the lease ended"))
        continue;
      const renewedAt = this.#renewedAt.get(event.attemptId) ?? Number.NEGATIVE_INFINITY;
      const client = before.clients.get(event.clientId ?? "");
      const isGone = client === undefined || client.status === "Disconnected" || client.isLinkDown === true;
      must(
        isGone || now - renewedAt > LEASE_MS - 0.001, // moments are sums of fractions
        () => `${event.attemptId} lost its lease ${now - renewedAt} ms after a sign of work`,
      );
    }
    if (before.attempts !== decision.next.attempts) {
      for (const id of before.attempts.keys()) if (!decision.next.attempts.has(id)) this.#renewedAt.delete(id);
    }
  }

  /** An attempt that encodes without progress loses its lease, even if its client reports it. */
  #stalls(input: Input, { next }: Decision, now: number): void {
    if (input.type === "restarted" || input.type === "client-hello") this.#movedAt.clear();
    if (input.type !== "attempt-progressed") return;
    const attempt = next.attempts.get(input.attemptId);
    if (attempt === undefined) {
      this.#movedAt.delete(input.attemptId);
      return;
    }
    const mark = `${attempt.stage} ${attempt.framesDone}`;
    const known = this.#movedAt.get(attempt.id);
    if (known?.mark !== mark || next.clients.get(attempt.clientId)?.isPaused === true)
      this.#movedAt.set(attempt.id, { at: now, mark });
    else if (attempt.stage === "encoding") {
      const isTooLong = now - known.at > LONGEST_WITHOUT_FRAME_MS;
      must(!isTooLong, () => `${attempt.id} is held without a frame for ${Math.round((now - known.at) / 1000)} s`);
    }
  }

  /** Every change of a status has an event, and the events follow the allowed transitions. */
  #statusEvents(before: SchedulerState, decision: Decision): void {
    if (before.jobs === decision.next.jobs && before.clients === decision.next.clients) return;
    const at = new Map<string, string>();
    for (const event of decision.events) {
      if (event.type !== "job-status" && event.type !== "client-status") continue;
      const isJob = event.type === "job-status";
      const id = (isJob ? event.jobId : event.clientId) ?? "";
      const [from, to] = event.detail.split(" → ") as [string, string];
      const known =
        at.get(id) ??
        (isJob ? (before.jobs.get(id)?.status ?? "Submitted") : (before.clients.get(id)?.status ?? "Disconnected"));
      must(from === known, () => `${id} was ${known}, its event says ${event.detail}`);
      const table: Record<string, readonly string[]> = isJob ? JOB_TRANSITIONS : CLIENT_TRANSITIONS;
      must(from === "Submitted" || table[from]?.includes(to) === true, () => `${id} may not go ${event.detail}`);
      at.set(id, to);
    }
    for (const [id, job] of decision.next.jobs) {
      const old = before.jobs.get(id);
      if (old === job) continue;
      if ((at.get(id) ?? old?.status) !== job.status) fail(`${id} became ${job.status} without an event`);
    }
    for (const [id, client] of decision.next.clients) {
      const old = before.clients.get(id);
      if (old === client) continue;
      if ((at.get(id) ?? old?.status) !== client.status) fail(`${id} became ${client.status} without an event`);
    }
  }
}

/** When all of a job is handed out, no client is idle while a segment is held by paused clients only. */
function nothingWaitsForPaused(state: SchedulerState): void {
  let isAnyPaused = false;
  for (const { isPaused } of state.clients.values()) isAnyPaused ||= isPaused;
  if (!isAnyPaused) return;
  const busy = new Set([...state.attempts.values()].map(({ clientId }) => clientId));
  const idle = [...state.clients.values()].filter(
    (client) => client.status !== "Disconnected" && client.isLinkDown !== true && !busy.has(client.id),
  );
  if (idle.length === 0) return;
  for (const job of state.jobs.values()) {
    if (job.status !== "Processing" && job.status !== "Benchmarking") continue;
    if (!job.indexComplete || job.cursorPts === null || (job.gops.at(-1)?.endPts ?? 0) > job.cursorPts) continue;
    for (const { index, phase, failures } of job.segments) {
      if (phase.kind !== "leased" || failures > job.settings.maxRetries) continue;
      const holders = phase.attemptIds.flatMap((id) => state.attempts.get(id) ?? []);
      const isSuspended = holders.every(
        ({ clientId, stage }) => stage !== "uploading" && state.clients.get(clientId)?.isPaused === true,
      );
      const able = isSuspended ? idle.find((client) => isCapable(client, job)) : undefined;
      must(able === undefined, () => `${job.id}/${index} waits for clients that are paused while ${able?.id} is idle`);
    }
  }
}
