// A simulated cluster in which nothing goes wrong and several jobs want the clients: when does each job have all of its
// video, and how much is encoded for it?
import type { QueuePlace } from "../../src/cluster/scheduler/model/queue-place.ts";
import { EventQueue } from "./event-queue.ts";
import { Network } from "./network.ts";
import { Random } from "./random.ts";
import { type ClientTraits, SimClient } from "./sim-client.ts";
import { SimServer } from "./sim-server.ts";
import type { Truth } from "./world.ts";

const FRAMES_PER_GOP = 50;
const TICKS_PER_FRAME = 3600;
export const CLUSTER_FRAME_RATE = 25;
const CLIENTS = 4;
const SLOTS = 2;
/** Of one slot. */
const FPS = 100;
export const CLUSTER_SLOTS = CLIENTS * SLOTS;
export const CLUSTER_FPS = CLUSTER_SLOTS * FPS;

class GoodNetwork extends Network {
  override fate(): "whole" {
    return "whole";
  }
}

export interface WantedJob {
  readonly id: string;
  /** Seconds of video. */
  readonly seconds: number;
  readonly submitAtMs: number;
  readonly queue?: Partial<QueuePlace>;
  readonly isIndexedAtOnce?: boolean;
}

export interface JobStory {
  /** From its submission until all of its video is verified. */
  readonly tookMs: number;
  readonly endedAtMs: number;
  /** Attempts beyond one for each segment: work that was thrown away. */
  readonly extraAttempts: number;
  /** The longest time in which it got no segment while some of its work waited. */
  readonly longestWaitMs: number;
}

function truthOf({ id, seconds, submitAtMs, queue, isIndexedAtOnce = false }: WantedJob): Truth {
  const count = Math.ceil((seconds * CLUSTER_FRAME_RATE) / FRAMES_PER_GOP);
  const ticks = FRAMES_PER_GOP * TICKS_PER_FRAME;
  const gops = Array.from({ length: count }, (_, at) => {
    return { startPts: at * ticks, endPts: (at + 1) * ticks, frames: FRAMES_PER_GOP };
  });
  return {
    gops,
    totalFrames: count * FRAMES_PER_GOP,
    hardness: new Map(),
    poisonPts: null,
    isUnsplittable: false,
    failsStitch: false,
    cancelAt: null,
    submitAt: submitAtMs,
    isIndexedAtOnce,
    job: {
      id,
      fileName: `${id}.mp4`,
      settings: {
        requiredClients: 1,
        benchmarkSeconds: 10,
        maxRetries: 3,
        retryDelayMs: 1000,
        maxSegmentSeconds: null,
        picture: { width: 1280, height: 720, isDeep: false },
      },
      ...(queue === undefined ? {} : { queue: { priority: 50, ...queue } }),
      encoder: "libx264",
      family: "software",
      split: { mode: "keyframes" },
      timeBase: { num: 1, den: CLUSTER_FRAME_RATE * TICKS_PER_FRAME },
      durationSeconds: seconds,
      frameRate: CLUSTER_FRAME_RATE,
      hasSoundWork: false,
    },
  };
}

export interface Sharing {
  readonly seed?: number;
  readonly forMs?: number;
  /** Absent: four equal ones. */
  readonly clients?: readonly ClientTraits[];
}

/** Plays until all jobs have all of their video, or for `forMs`. */
export function shareCluster(
  jobs: readonly WantedJob[],
  { seed = 1, forMs = 48 * 3_600_000, clients = EQUAL_CLIENTS }: Sharing = {},
) {
  const queue = new EventQueue();
  const random = new Random(seed);
  const truths = new Map(jobs.map((job) => [job.id, truthOf(job)]));
  const server = new SimServer(queue, random, truths);
  const surroundings = { queue, random, network: new GoodNetwork(), server, truths, badLuck: new Map() };
  for (const traits of clients) new SimClient(traits, surroundings);
  for (const truth of truths.values())
    queue.after(truth.submitAt, () => server.dispatch({ type: "job-submitted", job: truth.job }));
  const watch = new Watch(server, queue, truths);
  while (watch.stories.size < truths.size && queue.now < forMs && queue.step()) watch.look();
  return { stories: watch.stories, frames: watch.framesVerified(), server };
}

/** A client that suffers no accident. */
export function steadyTraits(id: string): ClientTraits {
  return {
    id,
    fps: FPS,
    slots: SLOTS,
    pools: null,
    unfitRate: 0,
    drawsText: true,
    encoders: ["libx264"],
    latencyMs: 5,
    lossRate: 0,
    failRate: 0,
    defect: "none",
    hangRate: 0,
    seesHangs: true,
    accidentEveryMs: null,
    joinAt: 0,
    leaveAt: null,
  };
}

const EQUAL_CLIENTS = Array.from({ length: CLIENTS }, (_, index) => steadyTraits(`client-${index + 1}`));

/** Looks at the jobs after every event. */
class Watch {
  readonly stories = new Map<string, JobStory>();
  readonly #waits = new Map<string, { segments: number; since: number; longest: number }>();
  readonly #server: SimServer;
  readonly #queue: EventQueue;
  readonly #truths: ReadonlyMap<string, Truth>;
  #seen: SimServer["state"] | null = null;

  constructor(server: SimServer, queue: EventQueue, truths: ReadonlyMap<string, Truth>) {
    this.#server = server;
    this.#queue = queue;
    this.#truths = truths;
  }

  look(): void {
    const { state } = this.#server;
    if (state.jobs === this.#seen?.jobs) return;
    this.#seen = state;
    const { now } = this.#queue;
    for (const [id, job] of state.jobs) {
      if (this.stories.has(id)) continue;
      const attempts = job.segments.reduce((sum, segment) => sum + segment.attempts, 0);
      const wait = this.#waits.get(id) ?? { segments: 0, since: now, longest: 0 };
      wait.longest = Math.max(wait.longest, now - wait.since);
      const isAllOut = job.indexComplete && job.gops.at(-1)?.endPts === job.cursorPts;
      if (attempts !== wait.segments || isAllOut) wait.since = now;
      wait.segments = attempts;
      this.#waits.set(id, wait);
      if (job.status !== "Combining" && job.status !== "Completed") continue;
      this.stories.set(id, {
        tookMs: now - (this.#truths.get(id)?.submitAt ?? 0),
        endedAtMs: now,
        extraAttempts: attempts - job.segments.length,
        longestWaitMs: wait.longest,
      });
    }
  }

  framesVerified(): ReadonlyMap<string, number> {
    const frames = new Map<string, number>();
    for (const [id, job] of this.#server.state.jobs) {
      let own = 0;
      for (const { phase, frames: all } of job.segments) if (phase.kind === "verified") own += all;
      frames.set(id, own);
    }
    return frames;
  }
}
