// A bench for unit tests of the scheduler: holds the state, moves the clock by hand, says the common inputs briefly.
import { decide, emptyState } from "../../src/cluster/scheduler/decide.ts";
import { differences } from "../../src/cluster/scheduler/model/changes.ts";
import type { Client } from "../../src/cluster/scheduler/model/client.ts";
import type { Decision, Effect } from "../../src/cluster/scheduler/model/decision.ts";
import type { HelloFacts, Input, NewJob } from "../../src/cluster/scheduler/model/input.ts";
import type { IndexedGop, Job, JobSettings } from "../../src/cluster/scheduler/model/job.ts";
import type { Attempt, Segment } from "../../src/cluster/scheduler/model/segment.ts";
import type { SchedulerState } from "../../src/cluster/scheduler/model/state.ts";
import type { SegmentFacts, SegmentReport } from "../../src/media/model/segment.ts";

export const FRAMES_PER_GOP = 50;
const TICKS_PER_GOP = 180_000; // two seconds at 1/90000

export const FACTS: SegmentFacts = { frames: 1, firstPts: 0, lastPts: 0, bytes: 9, sha256: "", extradataSha256: null };

/** `count` groups of two seconds at 25 frames per second, from group `first` on. */
export function gops(count: number, first = 0): IndexedGop[] {
  return Array.from({ length: count }, (_, at) => ({
    startPts: (first + at) * TICKS_PER_GOP,
    endPts: (first + at + 1) * TICKS_PER_GOP,
    frames: FRAMES_PER_GOP,
  }));
}

export class SchedulerBench {
  state: SchedulerState;
  now = 1000;
  last: Decision;
  /** The answer to "look-for-change". */
  whyWhole: string | null = null;
  #ids = 0;
  #links = 0;

  constructor(state: SchedulerState = emptyState) {
    this.state = state;
    this.last = { next: state, effects: [], events: [], changes: differences(state, state), verdict: { ok: true } };
  }

  send(input: Input): Decision {
    const moment = { now: this.now, at: `at ${this.now}`, newId: () => `a${++this.#ids}` };
    this.last = decide(this.state, input, moment);
    this.state = this.last.next;
    return this.last;
  }

  /** Moves the clock and ticks once. */
  pass(ms: number): Decision {
    this.now += ms;
    return this.send({ type: "tick" });
  }

  submit(
    id = "job",
    overrides: Partial<Omit<NewJob, "settings">> & { readonly settings?: Partial<JobSettings> } = {},
  ): void {
    const settings = {
      requiredClients: 1,
      benchmarkSeconds: 10,
      maxRetries: 2,
      retryDelayMs: 1000,
      maxSegmentSeconds: null,
      ...overrides.settings,
    };
    const job: NewJob = {
      id,
      fileName: "input.mp4",
      encoder: "libx264",
      family: "software",
      split: { mode: "keyframes" },
      timeBase: { num: 1, den: 90_000 },
      durationSeconds: null,
      frameRate: 25,
      hasSoundWork: false,
      ...overrides,
      settings,
    };
    this.send({ type: "job-submitted", job });
  }

  /** The whole index at once. */
  index(count: number, jobId = "job"): void {
    this.send({ type: "index-advanced", jobId, gops: gops(count) });
    this.send({ type: "index-finished", jobId, totalFrames: count * FRAMES_PER_GOP });
  }

  hello(id = "one", overrides: Partial<HelloFacts> = {}): Decision {
    const client: HelloFacts = {
      id,
      name: id,
      instance: id,
      slots: 1,
      platform: "linux-x64",
      ffmpeg: "5.1.9",
      version: "0.1.0",
      encoders: ["libx264"],
      families: ["software"],
      benchmarkSeconds: null,
      link: ++this.#links,
      heldAttempts: [],
      ...overrides,
    };
    return this.send({ type: "client-hello", client });
  }

  heard(clientId = "one"): Decision {
    return this.send({ type: "client-heard", clientId, link: this.client(clientId).link });
  }

  cut(clientId = "one", saidGoodbye = false): Decision {
    return this.send({ type: "client-link-closed", clientId, link: this.client(clientId).link, saidGoodbye });
  }

  progress(attempt: Attempt, stage: Attempt["stage"], frames = 0, fps = 0): Decision {
    const { id: attemptId, clientId } = attempt;
    return this.send({ type: "attempt-progressed", clientId, attemptId, stage, frames, fps });
  }

  fail(attempt: Attempt, kind: "encode" | "stopped" | "unfit" = "encode", reason = "Conversion failed!"): Decision {
    const failed = { clientId: attempt.clientId, attemptId: attempt.id, kind, reason } as const;
    const decision = this.send({ type: "attempt-failed", ...failed });
    const [asked] = this.effects("look-for-change");
    if (asked === undefined) return decision;
    const { type: _, ...where } = asked;
    return this.send({ ...where, type: "change-looked-for", whyWhole: this.whyWhole });
  }

  land(attempt: Attempt, report: Partial<SegmentReport> = {}): Decision {
    const { id: attemptId, clientId } = attempt;
    const frames = this.segment(attempt.segmentIndex, attempt.jobId).frames;
    return this.send({
      type: "result-landed",
      attemptId,
      clientId,
      report: {
        frames,
        seconds: 1,
        encoder: "libx264",
        ffmpegVersion: "5.1.9",
        seamStart: null,
        seamAfterEnd: null,
        decodeErrors: [],
        ...report,
      },
    });
  }

  /** What the server's check of landed bytes says. */
  answer(
    attempt: Attempt,
    says: "verified" | "mismatched" | "reference agrees" | "reference disagrees",
    reason = "one frame too few",
  ): Decision {
    const place = { attemptId: attempt.id, jobId: attempt.jobId, segmentIndex: attempt.segmentIndex };
    switch (says) {
      case "verified":
        return this.send({ type: "segment-verified", ...place, facts: FACTS });
      case "mismatched":
        return this.send({ type: "segment-mismatched", ...place, reason });
      case "reference agrees":
        return this.send({ type: "reference-decided", ...place, facts: FACTS, reason });
      case "reference disagrees":
        return this.send({ type: "reference-decided", ...place, facts: null, reason });
    }
  }

  finish(attempt: Attempt, report: Partial<SegmentReport> = {}): Decision {
    this.land(attempt, report);
    return this.answer(attempt, "verified");
  }

  job(id = "job"): Job {
    return present(this.state.jobs.get(id), id);
  }

  client(id = "one"): Client {
    return present(this.state.clients.get(id), id);
  }

  segment(index: number, jobId = "job"): Segment {
    return present(this.job(jobId).segments[index], `segment ${index}`);
  }

  attempts(clientId?: string): Attempt[] {
    return [...this.state.attempts.values()].filter((each) => clientId === undefined || each.clientId === clientId);
  }

  /** The only live attempt (of a client). */
  attempt(clientId?: string): Attempt {
    const all = this.attempts(clientId);
    if (all.length !== 1) throw new Error(`${all.length} live attempts, not one`);
    return present(all[0], "attempt");
  }

  effects<T extends Effect["type"]>(type: T): Extract<Effect, { type: T }>[] {
    return this.last.effects.filter((effect): effect is Extract<Effect, { type: T }> => effect.type === type);
  }

  details(type: string): string[] {
    return this.last.events.filter((event) => event.type === type).map((event) => event.detail);
  }
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
}
