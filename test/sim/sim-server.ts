// The server's shell in simulated time: decides, checks the invariants, performs effects. It crashes, and restarts with
// what a database would have kept.
import { decide, emptyState } from "../../src/cluster/scheduler/decide.ts";
import type { Client } from "../../src/cluster/scheduler/model/client.ts";
import type { Effect, Verdict } from "../../src/cluster/scheduler/model/decision.ts";
import type { Input } from "../../src/cluster/scheduler/model/input.ts";
import { isTerminal, type Job } from "../../src/cluster/scheduler/model/job.ts";
import type { Attempt } from "../../src/cluster/scheduler/model/segment.ts";
import type { SchedulerState } from "../../src/cluster/scheduler/model/state.ts";
import { LEASE_MS } from "../../src/cluster/scheduler/model/timing.ts";
import { findLost } from "../../src/cluster/scheduler/rules/lease-reclaim.ts";
import { resultStanding } from "../../src/cluster/scheduler/rules/result-rules.ts";
import type { SegmentReport } from "../../src/media/model/segment.ts";
import type { EventQueue } from "./event-queue.ts";
import { Invariants, TICK_MS } from "./invariants.ts";
import type { Random } from "./random.ts";
import { Violation } from "./violation.ts";
import type { ResultFile, Truth } from "./world.ts";

export interface Inbox {
  readonly id: string;
  /** Sends a control message over the client's current link; the network may lose, double or delay it. */
  receive(effect: Effect, link: number): void;
  linkBroke(link: number): void;
}

export class SimServer {
  state: SchedulerState = emptyState;
  /** Grows with each start: timers and links of earlier processes no longer count. */
  generation = 1;
  isUp = true;
  decisions = 0;
  /** How often each kind of event was recorded; a doubled lease counts as "doubled" too. */
  readonly counts = new Map<string, number>();
  /** The most segments that each job had at a time; one segment may have replaced them all. */
  readonly segments = new Map<string, number>();
  readonly files = new Map<string, ResultFile>();
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #truths: ReadonlyMap<string, Truth>;
  readonly #inboxes = new Map<string, Inbox>();
  readonly #links = new Map<string, number>();
  readonly #invariants = new Invariants();
  #clockOffset = 1000;
  #lastLink = 0;
  #ids = 0;
  #losesNextEffects = false;
  #cutOffUntil = 0;
  /** How often each job was released: work from before a release has no effect. */
  readonly #released = new Map<string, number>();
  readonly endedOnce = new Set<string>();
  /** Jobs that have ended and will be retried. */
  retriesPlanned = 0;

  constructor(queue: EventQueue, random: Random, truths: ReadonlyMap<string, Truth>) {
    this.#queue = queue;
    this.#random = random;
    this.#truths = truths;
    this.#tick(this.generation);
  }

  addClient(inbox: Inbox): void {
    this.#inboxes.set(inbox.id, inbox);
  }

  get isReachable(): boolean {
    return this.isUp && this.#queue.now >= this.#cutOffUntil;
  }

  /** A new connection; null while the server is down or cut off. */
  openLink(clientId: string): number | null {
    if (!this.isReachable) return null;
    const link = ++this.#lastLink;
    this.#links.set(clientId, link);
    return link;
  }

  dispatch(input: Input): Verdict {
    const now = this.#queue.now + this.#clockOffset;
    const moment = {
      now,
      at: String(Math.floor(this.#queue.now)).padStart(10, "0"),
      newId: () => `attempt-${++this.#ids}`,
    };
    const before = this.state;
    const decision = decide(before, input, moment);
    this.decisions++;
    try {
      this.#invariants.check(before, input, decision, now);
    } catch (thrown) {
      if (thrown instanceof Violation) thrown.message += ` (after ${JSON.stringify(input).slice(0, 400)})`;
      throw thrown;
    }
    this.state = decision.next;
    for (const event of decision.events) {
      const { jobId, segmentIndex } = event;
      if (jobId !== null && segmentIndex !== null)
        this.segments.set(jobId, Math.max(this.segments.get(jobId) ?? 0, segmentIndex + 1));
      const isDoubled = event.type === "segment-leased" && event.detail.includes("in addition to");
      for (const name of isDoubled ? [event.type, "doubled"] : [event.type]) {
        this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      }
    }
    const isReclaimed = input.type === "attempt-reclaimed" && before.attempts.size < decision.next.attempts.size;
    if (isReclaimed) this.counts.set("claimed", (this.counts.get("claimed") ?? 0) + 1);
    if (this.#losesNextEffects) {
      this.#losesNextEffects = false;
      this.crash();
      return { ok: false, error: { code: "E_UNREACHABLE", message: "", hint: "" } };
    }
    for (const effect of decision.effects) this.#perform(effect);
    return decision.verdict;
  }

  /** The upload of a result; null: no answer came, because the server is down or cut off. */
  upload(file: ResultFile, clientId: string, report: SegmentReport): Verdict | null {
    if (!this.isReachable) return null;
    if (findLost(this.state, file.attemptId) !== null) {
      this.dispatch({ type: "attempt-reclaimed", attemptId: file.attemptId, clientId });
      if (!this.isUp) return null;
    }
    const standing = resultStanding(this.state, file.attemptId, clientId);
    // The shell usually asks before it reads the body; the lease may end between asking and landing.
    if (standing === "wanted" || (standing === "stale" && this.#random.chance(0.5))) {
      if (standing === "wanted") this.files.set(file.attemptId, file);
      const storedFor = { jobId: file.jobId, segmentIndex: file.segmentIndex };
      const verdict = this.dispatch({ type: "result-landed", attemptId: file.attemptId, clientId, report, storedFor });
      return this.isUp ? verdict : null;
    }
    return this.dispatch({ type: "result-landed", attemptId: file.attemptId, clientId, report });
  }

  /** The next decision is committed, and the process dies before it acts. */
  crashAfterNextCommit(): void {
    this.#losesNextEffects = true;
  }

  crash(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.generation++;
    for (const [clientId, link] of this.#links) {
      this.#queue.after(this.#random.between(1, 50), () => this.#inboxes.get(clientId)?.linkBroke(link));
    }
    this.#links.clear();
    this.#queue.after(this.#random.between(200, 8000), () => this.#start());
  }

  /** The server's network breaks, for all clients at once. The sockets notice it, or the silence shows it. */
  cutOff(forMs: number, isTold: boolean): void {
    if (!this.isUp) return;
    this.#cutOffUntil = this.#queue.now + forMs;
    for (const [clientId, link] of this.#links) {
      const seenAfterMs = isTold ? this.#random.between(1, 50) : LEASE_MS;
      if (isTold || forMs > LEASE_MS)
        this.#queue.after(seenAfterMs, () => this.#inboxes.get(clientId)?.linkBroke(link));
      if (!isTold) continue;
      this.#later(seenAfterMs, this.generation, () =>
        this.dispatch({ type: "client-link-closed", clientId, link, saidGoodbye: false }),
      );
    }
  }

  #start(): void {
    this.isUp = true;
    this.#lastLink = 0;
    this.#clockOffset = this.#random.between(0, 500_000) - this.#queue.now; // another run of the monotonic clock
    this.state = reload(this.state);
    this.dispatch({ type: "restarted" });
    this.#tick(this.generation);
  }

  #tick(generation: number): void {
    this.#later(TICK_MS, generation, () => {
      this.dispatch({ type: "tick" });
      if (generation === this.generation) this.#tick(generation);
    });
  }

  #later(delayMs: number, generation: number, run: () => void): void {
    this.#queue.after(delayMs, () => {
      if (this.isUp && generation === this.generation) run();
    });
  }

  /** Like `#later`, but only while the job has not ended. */
  #laterIn(jobId: string, delayMs: number, generation: number, run: () => void): void {
    const life = this.#released.get(jobId);
    this.#later(delayMs, generation, () => {
      if (this.#released.get(jobId) === life) run();
    });
  }

  #perform(effect: Effect): void {
    const { generation } = this;
    switch (effect.type) {
      case "start-index":
        this.#index(effect.jobId, generation);
        return;
      case "start-audio":
        this.#laterIn(effect.jobId, this.#random.between(500, 20_000), generation, () =>
          this.dispatch({ type: "audio-finished", jobId: effect.jobId }),
        );
        return;
      case "start-stitch":
        this.#laterIn(effect.jobId, this.#random.between(100, 3000), generation, () => this.#stitch(effect.jobId));
        return;
      case "verify":
        this.#later(this.#random.between(5, 200), generation, () => this.#verify(effect));
        return;
      case "reference":
        this.#later(this.#random.between(100, 2000), generation, () => this.#refer(effect));
        return;
      case "look-for-change": {
        const { jobId, segmentIndex, reason, error } = effect;
        const answer = { jobId, segmentIndex, reason, error, whyWhole: null };
        this.#later(this.#random.between(100, 2000), generation, () => {
          if (this.state.jobs.has(jobId)) this.dispatch({ type: "change-looked-for", ...answer });
        });
        return;
      }
      case "drop-result":
        this.#drop(effect.attemptId);
        return;
      case "release-job": {
        const job = this.state.jobs.get(effect.jobId);
        if (job?.status !== effect.status) throw new Violation(`${effect.jobId} was released as ${effect.status}`);
        this.#released.set(effect.jobId, (this.#released.get(effect.jobId) ?? 0) + 1);
        if (effect.status !== "Completed") this.#perhapsRetry(effect.jobId, effect.status);
        return;
      }
      case "offer":
      case "stop-attempt":
      case "welcome":
      case "pause-client":
      case "close-client": {
        const link = this.isReachable ? this.#links.get(effect.clientId) : undefined;
        if (link !== undefined) this.#inboxes.get(effect.clientId)?.receive(effect, link);
        return;
      }
    }
  }

  /** A user retries the job, once. A cancelled job has lost its files, a failed one perhaps a few. */
  #perhapsRetry(jobId: string, status: "Failed" | "Cancelled"): void {
    if (this.endedOnce.has(jobId)) return;
    this.endedOnce.add(jobId);
    if (!this.#random.chance(0.5)) return;
    this.retriesPlanned++;
    const lossRate = status === "Cancelled" ? 1 : this.#random.chance(0.5) ? 0.1 : 0;
    const retry = (): void =>
      this.#queue.after(this.#random.between(100, 5000), () => {
        if (!this.isUp) return retry();
        const lost: number[] = [];
        for (const { index, phase } of this.state.jobs.get(jobId)?.segments ?? []) {
          if (phase.kind !== "verified" || !this.#random.chance(lossRate)) continue;
          this.files.delete(phase.landed.attemptId);
          lost.push(index);
        }
        this.dispatch({ type: "retry-requested", jobId, lost });
        this.retriesPlanned--;
      });
    retry();
  }

  #drop(attemptId: string): void {
    for (const job of this.state.jobs.values()) {
      for (const { phase, index } of job.segments) {
        const spare = phase.kind === "verifying" ? phase.spare : undefined;
        if ("landed" in phase && (phase.landed.attemptId === attemptId || spare?.attemptId === attemptId)) {
          throw new Violation(`the file of ${job.id}/${index} was dropped while it is ${phase.kind}`);
        }
      }
    }
    this.files.delete(attemptId);
  }

  #index(jobId: string, generation: number): void {
    const truth = this.#truths.get(jobId);
    if (truth === undefined) throw new Violation(`an index of ${jobId}, which was never submitted`);
    const batch = truth.isIndexedAtOnce === true ? truth.gops.length : this.#random.whole(2, 80);
    const stepMs = this.#random.between(1, 60);
    const step = (from: number): void => {
      if (from < truth.gops.length) {
        // Batches overlap now and then: known groups must not count twice.
        const start = this.#random.chance(0.05) ? Math.max(0, from - 3) : from;
        this.dispatch({ type: "index-advanced", jobId, gops: truth.gops.slice(start, from + batch) });
        this.#laterIn(jobId, stepMs, generation, () => step(from + batch));
        return;
      }
      const { totalFrames } = truth;
      const startPts = truth.gops[0]?.startPts ?? 0;
      const endPts = truth.gops.at(-1)?.endPts ?? 0;
      this.dispatch(
        truth.isUnsplittable
          ? { type: "index-unsplittable", jobId, reason: "no seek lands", startPts, endPts, totalFrames }
          : { type: "index-finished", jobId, totalFrames },
      );
    };
    this.#laterIn(jobId, stepMs, generation, () => step(0));
  }

  #verify({ jobId, segmentIndex, attemptId }: Extract<Effect, { type: "verify" }>): void {
    const file = this.files.get(attemptId);
    const place = { jobId, segmentIndex, attemptId };
    if (file === undefined) {
      if (isOpen(this.state, jobId) && isAwaited(this.state, jobId, segmentIndex, attemptId)) {
        throw new Violation(`the bytes of ${attemptId} are gone before they were checked`);
      }
      return;
    }
    const answer: Input = file.countsAgree
      ? { type: "segment-verified", ...place, facts: factsOf(file) }
      : { type: "segment-mismatched", ...place, reason: "one frame too few" };
    this.dispatch(answer);
    const again = () => this.dispatch(answer);
    if (this.#random.chance(0.2)) this.#later(this.#random.between(0, 10_000), this.generation, again);
  }

  #refer({ jobId, segmentIndex, attemptId }: Extract<Effect, { type: "reference" }>): void {
    const file = this.files.get(attemptId);
    if (file === undefined) return;
    const facts = file.isRight ? factsOf(file) : null;
    const reason = facts === null ? "the frames differ" : "the server decodes the same frames";
    this.dispatch({ type: "reference-decided", jobId, segmentIndex, attemptId, facts, reason });
  }

  #stitch(jobId: string): void {
    if (!isOpen(this.state, jobId)) return;
    if (this.#truths.get(jobId)?.failsStitch === true) {
      this.dispatch({ type: "job-broke", jobId, error: { code: "E_STITCH", message: "stitch failed", hint: "" } });
      return;
    }
    this.dispatch({ type: "stitch-finished", jobId, output: { name: "out.mp4", bytes: 1, sha256: "" } });
  }
}

function factsOf(file: ResultFile) {
  const { frames, startPts, parameterSets } = file;
  const pts = { firstPts: startPts, lastPts: startPts + frames - 1 };
  return { frames, ...pts, bytes: 1, sha256: "", extradataSha256: parameterSets };
}

function isOpen(state: SchedulerState, jobId: string): boolean {
  const job = state.jobs.get(jobId);
  return job !== undefined && !isTerminal(job.status);
}

function isAwaited(state: SchedulerState, jobId: string, segmentIndex: number, attemptId: string): boolean {
  const phase = state.jobs.get(jobId)?.segments[segmentIndex]?.phase;
  return phase?.kind === "verifying" && phase.landed.attemptId === attemptId;
}

/** What a database keeps: plain data, without index and live progress. */
function reload(state: SchedulerState): SchedulerState {
  const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
  const jobs = new Map<string, Job>();
  for (const [id, job] of state.jobs) {
    const { gops: _gops, unfit: _unfit, ...stored } = job;
    jobs.set(id, isTerminal(job.status) ? job : { ...copy(stored), gops: [] });
  }
  const attempts = new Map<string, Attempt>();
  for (const [id, attempt] of state.attempts) {
    attempts.set(id, { ...copy(attempt), framesDone: 0, fps: 0 });
  }
  const clients = new Map<string, Client>();
  for (const [id, client] of state.clients) {
    const { pools: _pools, limits: _limits, ...kept } = client;
    clients.set(id, copy(kept));
  }
  return { jobs, clients, attempts };
}
