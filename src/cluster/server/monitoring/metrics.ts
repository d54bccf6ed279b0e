// What Prometheus reads of a server. Counters come from what the engine has committed, gauges from its state at the moment of
// the reading. No label holds a text of a user but the names of connected clients, which are bounded.
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { VERSION } from "../../../base/version.ts";
import { isReachable } from "../../scheduler/ability/capability.ts";
import type { Client, ClientStatus } from "../../scheduler/model/client.ts";
import { RETRY_CAUSES, type SchedulerEvent } from "../../scheduler/model/decision.ts";
import { isTerminal, type JobStatus } from "../../scheduler/model/job.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import { framesLeft, jobProgress } from "../../scheduler/views/job-progress.ts";
import { LoopLagWatch } from "./loop-lag.ts";
import { StitchTimes } from "./stitch-times.ts";

export type Direction = "in" | "out";
export type Content = "source" | "segment" | "output";

/** More machines than this have one line together. */
const MOST_NAMED_CLIENTS = 200;
const LONGEST_NAME = 64;

const JOB_STATUSES = [
  "Queued",
  "WaitingForClients",
  "Benchmarking",
  "Processing",
  "Combining",
  "Completed",
  "Failed",
  "Cancelled",
] as const satisfies readonly JobStatus[];
const CLIENT_STATUSES = [
  "Connected",
  "Benchmarking",
  "Processing",
  "Idle",
  "Disconnected",
] as const satisfies readonly ClientStatus[];

const TRANSFERS = [
  { direction: "in", content: "source" },
  { direction: "in", content: "segment" },
  { direction: "out", content: "source" },
  { direction: "out", content: "output" },
] as const satisfies readonly { direction: Direction; content: Content }[];

const DISPATCH_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const STITCH_BUCKETS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

export class Metrics {
  readonly #registry = new Registry();
  readonly #lag = new LoopLagWatch();
  readonly #stitches: StitchTimes;
  readonly #jobs = this.#gauge("ffcluster_jobs", "Jobs that the server knows, by status", ["status"]);
  readonly #queue = this.#gauge("ffcluster_queue_frames", "Frames that open jobs still need, as far as they are known");
  readonly #fps = this.#gauge("ffcluster_frames_per_second", "Frames per second of all running encodes together");
  readonly #clients = this.#gauge("ffcluster_clients", "Clients that the server knows, by status", ["status"]);
  readonly #held = this.#gauge("ffcluster_clients_held", "Connected clients that get no work, by why", ["why"]);
  readonly #clientFps = this.#gauge(
    "ffcluster_client_frames_per_second",
    `Frames per second of a connected client's running encodes; beyond ${MOST_NAMED_CLIENTS} clients, the rest together`,
    ["client"],
  );
  readonly #lagMean = this.#gauge("ffcluster_event_loop_lag_seconds", "How late timers came since the last reading");
  readonly #lagMost = this.#gauge("ffcluster_event_loop_lag_max_seconds", "The latest timer since the last reading");
  readonly #ended = this.#counter("ffcluster_jobs_ended_total", "Jobs that ended, by how", ["status"]);
  readonly #verified = this.#counter("ffcluster_segments_verified_total", "Segments that were made and verified");
  readonly #frames = this.#counter("ffcluster_frames_verified_total", "Frames of verified segments");
  readonly #retries = this.#counter("ffcluster_segment_retries_total", "Segments encoded again, by why", ["reason"]);
  readonly #expiries = this.#counter("ffcluster_lease_expiries_total", "Leases that ended without a result");
  readonly #bytes = this.#counter("ffcluster_transfer_bytes_total", "Bytes taken and sent, by what they are of", [
    "direction",
    "content",
  ]);
  readonly #stitchSeconds = this.#histogram(
    "ffcluster_stitch_seconds",
    "Seconds from the last verified segment to a checked output",
    STITCH_BUCKETS,
  );
  readonly #dispatchSeconds = this.#histogram(
    "ffcluster_dispatch_seconds",
    "Seconds to decide on one input, store that and begin what follows from it",
    DISPATCH_BUCKETS,
  );

  /** `nowMs` is monotonic. */
  constructor(nowMs: () => number) {
    this.#stitches = new StitchTimes(nowMs);
    this.#gauge("ffcluster_build_info", "1, with the server's version", ["version"]).set({ version: VERSION }, 1);
    for (const status of ["Completed", "Failed", "Cancelled"]) this.#ended.inc({ status }, 0);
    for (const reason of RETRY_CAUSES) this.#retries.inc({ reason }, 0);
    for (const transfer of TRANSFERS) this.#bytes.inc(transfer, 0);
  }

  /** What the engine has just committed. */
  committed(state: SchedulerState, events: readonly SchedulerEvent[]): void {
    for (const event of events) this.#count(state, event);
  }

  dispatched(seconds: number): void {
    this.#dispatchSeconds.observe(seconds);
  }

  moved(direction: Direction, content: Content, bytes: number): void {
    if (bytes > 0) this.#bytes.inc({ direction, content }, bytes);
  }

  /** The text format of Prometheus, version 0.0.4. */
  async text(state: SchedulerState): Promise<string> {
    this.#readJobs(state);
    this.#readClients(state);
    const { meanSeconds, maxSeconds } = this.#lag.take();
    this.#lagMean.set(meanSeconds);
    this.#lagMost.set(maxSeconds);
    return await this.#registry.metrics();
  }

  stop(): void {
    this.#lag.stop();
  }

  #count(state: SchedulerState, event: SchedulerEvent): void {
    const { type, jobId, segmentIndex, cause } = event;
    const job = jobId === null ? undefined : state.jobs.get(jobId);
    if (type === "segment-verified") {
      this.#verified.inc();
      this.#frames.inc(job?.segments[segmentIndex ?? -1]?.frames ?? 0);
    }
    if (type === "segment-retry") this.#retries.inc({ reason: cause ?? "check" });
    if (type === "lease-lost") this.#expiries.inc();
    if (type !== "job-status" || job === undefined) return;
    if (isTerminal(job.status)) this.#ended.inc({ status: job.status });
    const seconds = this.#stitches.passed(job.id, job.status);
    if (seconds !== null) this.#stitchSeconds.observe(seconds);
  }

  #readJobs(state: SchedulerState): void {
    const counts = new Map<JobStatus, number>();
    let frames = 0;
    let fps = 0;
    for (const job of state.jobs.values()) {
      counts.set(job.status, (counts.get(job.status) ?? 0) + 1);
      if (isTerminal(job.status)) continue;
      const progress = jobProgress(state, job);
      frames += framesLeft(job, progress);
      fps += progress.fps;
    }
    for (const status of JOB_STATUSES) this.#jobs.set({ status }, counts.get(status) ?? 0);
    this.#queue.set(frames);
    this.#fps.set(fps);
  }

  #readClients(state: SchedulerState): void {
    const all = [...state.clients.values()];
    const here = all.filter(isReachable);
    for (const status of CLIENT_STATUSES) {
      const counted = all.filter((client) => (isReachable(client) ? client.status : "Disconnected") === status);
      this.#clients.set({ status }, counted.length);
    }
    const count = (why: string, isHeld: (client: Client) => boolean) =>
      this.#held.set({ why }, here.filter(isHeld).length);
    count("paused", ({ isPaused }) => isPaused);
    count("draining", ({ isDraining }) => isDraining);
    count("quarantined", ({ quarantine }) => quarantine !== null);
    count("no-room", ({ noRoom }) => noRoom !== undefined);
    this.#clientFps.reset();
    const speeds = speedsOf(state);
    for (const [at, client] of here.entries()) {
      const name = at < MOST_NAMED_CLIENTS ? client.name.slice(0, LONGEST_NAME) : "(others)";
      this.#clientFps.inc({ client: name }, speeds.get(client.id) ?? 0);
    }
  }

  #gauge<const L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #counter<const L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return new Histogram({ name, help, buckets: [...buckets], registers: [this.#registry] });
  }
}

function speedsOf(state: SchedulerState): ReadonlyMap<string, number> {
  const speeds = new Map<string, number>();
  for (const { clientId, stage, fps } of state.attempts.values()) {
    if (stage === "encoding") speeds.set(clientId, (speeds.get(clientId) ?? 0) + fps);
  }
  return speeds;
}
