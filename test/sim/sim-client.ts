// A client in simulated time: connects, encodes at its own speed, uploads, and suffers every accident that clients may
// have.
import type { Rest } from "../../src/cluster/scheduler/model/client.ts";
import type { Effect } from "../../src/cluster/scheduler/model/decision.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { SimServer } from "./sim-server.ts";
import { complexityOf, encodeTruly, leadOf, type ResultFile, type Truth } from "./world.ts";

export interface ClientTraits {
  readonly id: string;
  readonly fps: number;
  readonly slots: number;
  readonly encoders: readonly string[];
  /** By kind, where CPU and devices have slots of their own; their sum is `slots`. */
  readonly pools: Readonly<Record<string, number>> | null;
  /** Probability that a device refuses a job for good. */
  readonly unfitRate: number;
  /** It renders text like the others; false: it cannot render any. */
  readonly drawsText: boolean;
  readonly latencyMs: number;
  /** Probability that a message is lost; twice as many are doubled or late. */
  readonly lossRate: number;
  /** Probability that an encode fails by chance. */
  readonly failRate: number;
  /** Its ffmpeg is broken: frames are missing in every segment, or every encode crashes. */
  readonly defect: "none" | "too few frames" | "crashes";
  /** Probability that an encode hangs: its process lives, but no frame comes. */
  readonly hangRate: number;
  /** The client notices that after half a minute; false: only the server's progress timeout ends it. */
  readonly seesHangs: boolean;
  /** Mean time between accidents (crash, freeze, cut); null: none. */
  readonly accidentEveryMs: number | null;
  readonly joinAt: number;
  /** When it leaves for good; null: it stays. */
  readonly leaveAt: number | null;
}

interface Task {
  readonly offer: Extract<Effect, { type: "offer" }>;
  stage: "queued" | "encoding" | "uploading";
  /** In its working time. */
  encodingSince: number;
  /** Frames a second of this encode. */
  pace: number;
  isHung: boolean;
  result: ResultFile | null;
  /** In its client's working time: since when an urgent encode has its slot; null: none has. */
  suspendedAt: number | null;
  suspendedMs: number;
}

const FRESH = {
  stage: "queued",
  encodingSince: 0,
  pace: 0,
  isHung: false,
  result: null,
  suspendedAt: null,
  suspendedMs: 0,
} as const;
const DECODES_FASTER = 6;
const SEEN_AS_HUNG_MS = 30_000;
const HEARTBEAT_MS = 2000;
const WELCOME_WITHIN_MS = 3000;
const REPORT_EVERY_MS = 4000;

/** What all clients of a simulated cluster share. */
export interface Surroundings {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly network: Network;
  readonly server: SimServer;
  readonly truths: ReadonlyMap<string, Truth>;
  /** Random failures of each segment so far: chance alone must not fail a job. */
  readonly badLuck: Map<string, number>;
}

export class SimClient {
  readonly traits: ClientTraits;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #network: Network;
  readonly #server: SimServer;
  readonly #truths: ReadonlyMap<string, Truth>;
  readonly #badLuck: Map<string, number>;
  #tasks = new Map<string, Task>();
  #link: number | null = null;
  #isWelcome = false;
  /** Grows with each start of the process: what an earlier process had planned does not happen. */
  #life = 1;
  #frozenUntil = 0;
  /** Since when its encodes are suspended; null: they are not. */
  #pausedAt: number | null = null;
  #pausedMs = 0;
  /** The link that has paused it since its welcome, which may come late. */
  #pauseToldOn: number | null = null;
  #hasLeft = false;
  /** Its owner's hours have ended; null: they have not. */
  #resting: Rest | null = null;

  constructor(traits: ClientTraits, surroundings: Surroundings) {
    const { queue, server } = surroundings;
    this.traits = traits;
    this.#queue = queue;
    this.#random = surroundings.random;
    this.#network = surroundings.network;
    this.#server = server;
    this.#truths = surroundings.truths;
    this.#badLuck = surroundings.badLuck;
    server.addClient({
      id: traits.id,
      receive: (effect, link) => {
        const take = () => this.#receive(effect, link);
        // It is not repeated: on a real link it is lost only with the link, and the next welcome carries it.
        if (effect.type === "pause-client") queue.after(traits.latencyMs, take);
        else this.#overNetwork(take);
      },
      linkBroke: (link) => this.#linkBroke(link),
    });
    this.#start(traits.joinAt);
    if (traits.leaveAt !== null) queue.after(traits.leaveAt, () => this.#leave());
    this.#planAccident();
  }

  // ── network ──────────────────────────────────────────────────────────────────────────────────────────────────

  #overNetwork(deliver: () => void): void {
    const { latencyMs, lossRate } = this.traits;
    const fate = this.#network.fate(this.#random, lossRate);
    if (fate === "lost") return;
    const delay = this.#random.between(0.5, 1.5) * latencyMs;
    const isLate = this.#random.chance(lossRate);
    this.#queue.after(isLate ? delay + this.#random.between(0, 3000) : delay, deliver);
    if (fate === "doubled") this.#queue.after(delay + this.#random.between(0, 1000), deliver);
  }

  #send(deliver: () => void): void {
    const { generation } = this.#server;
    this.#overNetwork(() => {
      if (this.#server.isReachable && this.#server.generation === generation) deliver();
    });
  }

  /** Runs later if the process still lives then; everything waits while it is frozen. */
  #later(delayMs: number, run: () => void): void {
    const life = this.#life;
    this.#queue.after(delayMs, () => {
      if (life !== this.#life || this.#hasLeft) return;
      const frozenFor = this.#frozenUntil - this.#queue.now;
      if (frozenFor > 0) this.#later(frozenFor, run);
      else run();
    });
  }

  // ── link ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #start(afterMs: number): void {
    this.#later(afterMs, () => {
      this.#connect();
      this.#heartbeat();
      this.#report();
    });
    this.#later(afterMs + 200, () => this.#resumeUploads());
  }

  #connect(): void {
    if (this.#link !== null) return;
    const link = this.#server.openLink(this.traits.id);
    if (link === null) {
      this.#later(this.#random.between(500, 3000), () => this.#connect());
      return;
    }
    this.#link = link;
    this.#isWelcome = false;
    const { id, drawsText } = this.traits;
    const client = {
      id,
      name: id,
      instance: `${id} life ${this.#life}`,
      platform: "sim",
      ffmpeg: "5.1",
      version: "0",
      ...this.#abilities(),
      textPrints: { drawtext: drawsText ? "print" : null, subtitles: null },
      benchmarkSeconds: null,
      link,
      heldAttempts: [...this.#tasks.keys()],
    };
    this.#send(() => this.#server.dispatch({ type: "client-hello", client }));
    this.#later(WELCOME_WITHIN_MS, () => {
      if (this.#link === link && !this.#isWelcome) this.#cut("seen by the server");
    });
  }

  #abilities() {
    const { slots, encoders, pools } = this.traits;
    const families = encoders.includes("h264_nvenc") ? ["software", "nvenc"] : ["software"];
    const resting = this.#resting === null ? {} : { resting: this.#resting };
    return { slots, encoders, families, ...(pools === null ? {} : { pools }), ...resting };
  }

  /** Its hours end: it gives back what it has not encoded, and gets nothing until they begin again. */
  rest(forMs: number): void {
    if (this.#hasLeft) return;
    this.#resting = { reason: "outside its hours", until: null, isSuspended: false };
    this.#tellAbilities();
    for (const [id, { result }] of [...this.#tasks]) if (result === null) this.#giveBack(id);
    this.#queue.after(forMs, () => {
      this.#resting = null;
      this.#tellAbilities();
    });
  }

  /** On a real link it is lost only with the link, and the next hello says the same. */
  #tellAbilities(): void {
    const link = this.#link;
    const { generation } = this.#server;
    const abilities = this.#abilities();
    this.#queue.after(this.traits.latencyMs, () => {
      if (link === null || !this.#server.isReachable || this.#server.generation !== generation) return;
      this.#server.dispatch({ type: "client-changed", clientId: this.traits.id, link, ...abilities });
    });
  }

  #giveBack(attemptId: string): void {
    this.#tasks.delete(attemptId);
    const failure = { attemptId, kind: "stopped", reason: "it rests: outside its hours" } as const;
    this.#send(() => this.#server.dispatch({ type: "attempt-failed", clientId: this.traits.id, ...failure }));
  }

  #linkBroke(link: number): void {
    if (this.#link !== link) return;
    this.#link = null;
    this.#later(this.#random.between(100, 1500), () => this.#connect());
  }

  /** The connection breaks; the server sees that at once, or only by the silence. */
  #cut(how: "seen by the server" | "silently", reconnectMs = this.#random.between(100, 4000)): void {
    const link = this.#link;
    if (link === null) return;
    this.#link = null;
    const { id } = this.traits;
    if (how === "seen by the server") {
      const { generation } = this.#server;
      this.#queue.after(this.traits.latencyMs, () => {
        if (!this.#server.isUp || this.#server.generation !== generation) return;
        this.#server.dispatch({ type: "client-link-closed", clientId: id, link, saidGoodbye: false });
      });
    }
    this.#later(reconnectMs, () => this.#connect());
  }

  #heartbeat(): void {
    this.#heard();
    this.#later(HEARTBEAT_MS, () => this.#heartbeat());
  }

  #heard(): void {
    const link = this.#link;
    if (link === null) return;
    this.#send(() => this.#server.dispatch({ type: "client-heard", clientId: this.traits.id, link }));
  }

  #receive(effect: Effect, link: number): void {
    if (this.#frozenUntil > this.#queue.now) {
      this.#later(0, () => this.#receive(effect, link)); // it waits in the socket
      return;
    }
    if (this.#hasLeft || link !== this.#link) return;
    switch (effect.type) {
      case "welcome":
        this.#isWelcome = true;
        // Its hello may have come late, and what it said since then before it, which no real link does.
        this.#tellAbilities();
        if (this.#pauseToldOn !== link) this.#pause(effect.isPaused);
        for (const id of [...this.#tasks.keys()]) if (!effect.keepAttempts.includes(id)) this.#tasks.delete(id);
        this.#work();
        return;
      case "offer":
        if (this.#tasks.has(effect.attempt.id)) return;
        this.#tasks.set(effect.attempt.id, { ...FRESH, offer: effect });
        if (this.#resting !== null) this.#giveBack(effect.attempt.id);
        this.#work();
        return;
      case "stop-attempt":
        this.#tasks.delete(effect.attemptId);
        this.#work();
        return;
      case "pause-client":
        this.#pauseToldOn = link;
        this.#pause(effect.isPaused);
        this.#work();
        return;
      case "close-client":
        this.#link = null;
        if (!effect.reconnect) this.#tasks.clear();
        this.#later(effect.reconnect ? this.#random.between(100, 2000) : 20_000, () => this.#connect());
        return;
      default:
        return;
    }
  }

  #pause(isPaused: boolean): void {
    const { now } = this.#queue;
    if (isPaused) this.#pausedAt ??= now;
    else if (this.#pausedAt !== null) {
      this.#pausedMs += now - this.#pausedAt;
      this.#pausedAt = null;
    }
  }

  /** Time in which its encodes could run. */
  #workingMs(): number {
    const { now } = this.#queue;
    return now - this.#pausedMs - (this.#pausedAt === null ? 0 : now - this.#pausedAt);
  }

  /** The task's part of that: without the time in which an urgent encode had its slot. */
  #workedMs({ suspendedAt, suspendedMs }: Task): number {
    const now = this.#workingMs();
    return now - suspendedMs - (suspendedAt === null ? 0 : now - suspendedAt);
  }

  /** Runs after this much working time of the task. */
  #afterWork(task: Task, ms: number, run: () => void): void {
    const until = this.#workedMs(task) + ms;
    const look = (): void => {
      const left = until - this.#workedMs(task);
      // Moments are sums of fractions: less than a microsecond counts as nothing.
      if (left < 0.001) run();
      else this.#later(this.#pausedAt === null && task.suspendedAt === null ? left : 500, look);
    };
    this.#later(ms, look);
  }

  /** An urgent encode takes the slot of another one, which goes on before anything that waits. */
  #shareSlots(): void {
    const encoding = [...this.#tasks.values()].filter(({ stage }) => stage === "encoding");
    const running = encoding.filter(({ suspendedAt }) => suspendedAt === null);
    for (const task of encoding) {
      if (task.suspendedAt === null || running.length >= this.traits.slots) continue;
      task.suspendedMs += this.#workingMs() - task.suspendedAt;
      task.suspendedAt = null;
      running.push(task);
    }
    for (const task of this.#tasks.values()) {
      if (task.stage !== "queued" || task.offer.attempt.isUrgent !== true || running.length < this.traits.slots)
        continue;
      const other = running.findLast(({ offer }) => offer.attempt.isUrgent !== true);
      if (other === undefined) return;
      other.suspendedAt = this.#workingMs();
      running.splice(running.indexOf(other), 1);
      running.push(task);
      task.stage = "encoding"; // begun by #work
      task.encodingSince = -1;
    }
  }

  // ── work ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #work(): void {
    if (this.#pausedAt !== null) return;
    this.#shareSlots();
    let busy = 0;
    for (const task of this.#tasks.values()) if (task.stage === "encoding" && task.suspendedAt === null) busy++;
    for (const [id, task] of this.#tasks) {
      const isTakingOver = task.stage === "encoding" && task.encodingSince < 0;
      if (!isTakingOver && (task.stage !== "queued" || busy >= this.traits.slots)) continue;
      if (!isTakingOver) busy++;
      this.#encode(id, task);
    }
  }

  #encode(id: string, task: Task): void {
    task.stage = "encoding";
    task.encodingSince = this.#workedMs(task);
    task.isHung = this.#random.chance(this.traits.hangRate);
    task.pace = this.traits.fps;
    this.#progress(id, task);
    if (task.isHung) {
      if (this.traits.seesHangs) this.#afterWork(task, SEEN_AS_HUNG_MS, () => this.#giveUpHung(id, task));
      return;
    }
    const { segment, attempt } = task.offer;
    const truth = this.#truths.get(attempt.jobId);
    const lead = truth === undefined ? 0 : leadOf(truth, segment.startPts) / DECODES_FASTER;
    const seconds = ((lead + segment.frames) / this.traits.fps) * this.#random.between(0.7, 1.4);
    task.pace = (lead + segment.frames) / seconds;
    this.#afterWork(task, seconds * 1000, () => {
      if (this.#tasks.get(id) === task) this.#finishEncode(id, task, seconds);
    });
  }

  #finishEncode(id: string, task: Task, seconds: number): void {
    const { segment, attempt } = task.offer;
    const truth = this.#truths.get(attempt.jobId);
    if (truth === undefined) return;
    const { poisonPts } = truth;
    const isPoisoned = poisonPts !== null && segment.startPts <= poisonPts && poisonPts < segment.endPts;
    const place = `${attempt.jobId}/${segment.startPts}`;
    const misfortunes = this.#badLuck.get(place) ?? 0;
    if (attempt.encoder === "h264_nvenc" && this.#random.chance(this.traits.unfitRate)) {
      this.#tasks.delete(id);
      const failure = { attemptId: id, kind: "unfit", reason: "device lost" } as const;
      this.#send(() => this.#server.dispatch({ type: "attempt-failed", clientId: this.traits.id, ...failure }));
      this.#work();
      return;
    }
    const isBroken = this.traits.defect === "crashes" && misfortunes < 3;
    const hasBadLuck = isBroken || (misfortunes < 3 && this.#random.chance(this.traits.failRate));
    if (isPoisoned || hasBadLuck) {
      if (!isPoisoned) this.#badLuck.set(place, misfortunes + 1);
      this.#tasks.delete(id);
      const reason = isPoisoned ? "poison" : "bad luck";
      const clientId = this.traits.id;
      this.#send(() =>
        this.#server.dispatch({ type: "attempt-failed", clientId, attemptId: id, kind: "encode", reason }),
      );
    } else if (truth.job.rate !== undefined && segment.rate?.targetBits === undefined) {
      this.#tasks.delete(id);
      const found = { bits: complexityOf(segment), frames: segment.frames, seconds };
      const clientId = this.traits.id;
      this.#send(() => this.#server.dispatch({ type: "attempt-measured", clientId, attemptId: id, ...found }));
    } else {
      const isWrong = this.traits.defect === "too few frames";
      const made = encodeTruly(truth, {
        attemptId: id,
        segment,
        leadIn: attempt.leadIn,
        seconds,
        videoBytes: this.#bytesFor(segment),
        encoder: attempt.encoder ?? "",
        build: /[13579]$/.test(this.traits.id) ? "odd" : "even",
      });
      task.result = isWrong ? { ...made, countsAgree: false, isRight: false } : made;
      task.stage = "uploading";
      this.#progress(id, task);
      this.#later(this.#random.between(5, 600), () => this.#upload(id, task));
    }
    this.#work();
  }

  #giveUpHung(id: string, task: Task): void {
    if (this.#tasks.get(id) !== task) return;
    const { jobId } = task.offer.attempt;
    const place = `${jobId}/${task.offer.segment.startPts}`;
    const misfortunes = this.#badLuck.get(place) ?? 0;
    this.#badLuck.set(place, misfortunes + 1);
    this.#tasks.delete(id);
    const failure = { attemptId: id, kind: misfortunes < 3 ? "stalled" : "stopped", reason: "no frame" } as const;
    this.#send(() => this.#server.dispatch({ type: "attempt-failed", clientId: this.traits.id, ...failure }));
    this.#work();
  }

  /** Bytes of an encode, at random within its slack; null: it has no target. */
  #bytesFor({ rate }: Task["offer"]["segment"]): number | null {
    if (rate?.targetBits === undefined) return null;
    const slackBits = rate.slackBits ?? 0;
    return Math.round((rate.targetBits + this.#random.between(-1, 1) * slackBits) / 8);
  }

  #upload(id: string, task: Task): void {
    const { result } = task;
    if (result === null || this.#tasks.get(id) !== task) return;
    const isLost = this.#random.chance(this.traits.lossRate);
    const verdict = isLost ? null : this.#server.upload(result, this.traits.id, result.report);
    if (verdict === null || this.#random.chance(this.traits.lossRate)) {
      this.#later(this.#random.between(300, 2000), () => this.#upload(id, task)); // no answer: try again
      return;
    }
    this.#tasks.delete(id);
  }

  #resumeUploads(): void {
    for (const [id, task] of this.#tasks) if (task.result !== null) this.#later(100, () => this.#upload(id, task));
  }

  #progress(id: string, task: Task): void {
    if (this.#link === null) return;
    const { frames: all } = task.offer.segment;
    const encoded = task.isHung ? 0 : Math.floor(((this.#workedMs(task) - task.encodingSince) / 1000) * task.pace);
    const frames = task.stage === "queued" ? 0 : task.stage === "uploading" ? all : Math.min(all, encoded);
    const fps = task.stage === "encoding" && frames > 0 ? task.pace : 0;
    const clientId = this.traits.id;
    const { stage } = task;
    this.#send(() =>
      this.#server.dispatch({ type: "attempt-progressed", clientId, attemptId: id, stage, frames, fps }),
    );
  }

  /** Reports every attempt that it holds, waiting ones too: that keeps their leases. */
  #report(): void {
    for (const [id, task] of this.#tasks) this.#progress(id, task);
    this.#later(REPORT_EVERY_MS, () => this.#report());
  }

  // ── accidents ────────────────────────────────────────────────────────────────────────────────────────────────

  #planAccident(): void {
    const { accidentEveryMs } = this.traits;
    if (accidentEveryMs === null) return;
    this.#queue.after(this.#random.between(0.2, 1.8) * accidentEveryMs, () => {
      if (this.#hasLeft) return;
      this.#accident();
      this.#planAccident();
    });
  }

  #accident(): void {
    const roll = this.#random.next();
    if (roll < 0.25) this.#crash("seen by the server");
    else if (roll < 0.35) this.#crash("silently");
    else if (roll < 0.6) this.#cut("seen by the server");
    else if (roll < 0.75) this.#cut("silently", this.#random.between(100, 20_000));
    else this.#frozenUntil = this.#queue.now + this.#random.between(1000, 25_000);
  }

  /** Its process dies now; the server sees the socket close. */
  die(): void {
    this.#crash("seen by the server");
  }

  /** kill -9: running encodes are gone, finished results are on the disk. */
  #crash(how: "seen by the server" | "silently"): void {
    this.#cut(how);
    this.#life++;
    for (const [id, task] of [...this.#tasks]) if (task.result === null) this.#tasks.delete(id);
    this.#start(this.#random.between(500, 15_000));
  }

  #leave(): void {
    const clientId = this.traits.id;
    const link = this.#link;
    if (link !== null && this.#random.chance(0.5)) {
      for (const attemptId of this.#tasks.keys()) {
        this.#send(() =>
          this.#server.dispatch({ type: "attempt-failed", clientId, attemptId, kind: "stopped", reason: "leaving" }),
        );
      }
      this.#send(() => this.#server.dispatch({ type: "client-link-closed", clientId, link, saidGoodbye: true }));
    }
    this.#hasLeft = true;
    this.#link = null;
    this.#tasks.clear();
  }
}
