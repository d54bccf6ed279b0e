// Jobs, segments, clients and attempts in which every field that a Store keeps has a value of its own.
import type { Client } from "../../src/cluster/scheduler/model/client.ts";
import type { SchedulerEvent } from "../../src/cluster/scheduler/model/decision.ts";
import type { Job } from "../../src/cluster/scheduler/model/job.ts";
import type { Attempt, Segment } from "../../src/cluster/scheduler/model/segment.ts";
import type { SchedulerState } from "../../src/cluster/scheduler/model/state.ts";
import type { JobRecord } from "../../src/cluster/server/job/job-record.ts";

export const segment: Segment = {
  index: 0,
  startPts: -9,
  endPts: 96_096,
  frames: 96,
  phase: { kind: "leased", attemptIds: ["a1"] },
  leadIn: 0,
  failures: 1,
  losses: 2,
  attempts: 4,
  failedOn: ["c9"],
  notes: ["decoded with a lead-in"],
};

export const job: Job = {
  id: "j1",
  fileName: "we'ird näme.mp4",
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  completedAt: null,
  status: "Queued",
  error: null,
  settings: { requiredClients: 1, benchmarkSeconds: 10, maxRetries: 3, retryDelayMs: 5000, maxSegmentSeconds: null },
  encoder: "libx264",
  family: "software",
  split: { mode: "keyframes" },
  timeBase: { num: 1, den: 90_000 },
  durationSeconds: 62.3,
  frameRate: 25,
  gops: [],
  indexComplete: false,
  totalFrames: null,
  cursorPts: null,
  segments: [],
  audio: "none",
  aloneSince: null,
  countsUnreliable: false,
  output: null,
};

export const client: Client = {
  id: "c1",
  name: "node-1",
  status: "Idle",
  connectedAt: "2026-01-01T00:00:01.000Z",
  goneSince: "2026-01-02T00:00:00.000Z",
  link: 0,
  slots: 2,
  platform: "linux-x64",
  ffmpeg: "5.1.9",
  version: "0.1.0",
  encoders: ["libx264"],
  families: ["software"],
  benchmarkSeconds: null,
  lastHeardAt: 0,
  slotFps: { j1: 91.5 },
  performance: 183,
  instance: "i1",
  isDraining: true,
  isPaused: true,
  quarantine: "failed",
  encoderRates: { libx264: 25_123_456.7, h264_nvenc: 4e8 },
};

export const attempt: Attempt = {
  id: "a1",
  jobId: "j1",
  segmentIndex: 0,
  clientId: "c1",
  leadIn: 0,
  encoder: "h264_nvenc",
  isBenchmark: true,
  leaseEndsAt: 0,
  stage: "queued",
  framesDone: 0,
  fps: 0,
  progressedAt: 0,
  startedAt: 0,
};

/** A store keeps a record as it is; which fields it has is the server's business. */
export const record = { jobId: "j1", requestText: "-c:v libx264" } as JobRecord;

export const empty: SchedulerState = { jobs: new Map(), clients: new Map(), attempts: new Map() };

export function stateOf(jobs: Job[], clients: Client[] = [], attempts: Attempt[] = []): SchedulerState {
  const byId = <T extends { id: string }>(items: T[]) => new Map(items.map((item) => [item.id, item]));
  return { jobs: byId(jobs), clients: byId(clients), attempts: byId(attempts) };
}

export function event(
  type: SchedulerEvent["type"],
  detail: string,
  over: Partial<SchedulerEvent> = {},
): SchedulerEvent {
  return {
    at: "2026-01-01T00:00:02.000Z",
    type,
    jobId: "j1",
    clientId: "c1",
    segmentIndex: 0,
    attemptId: "a1",
    detail,
    ...over,
  };
}
