// The coordinator's Store in memory, for tests of what stands on it. test/conformance holds it to the same contract as the
// one on SQLite.

import type { Changes } from "../../src/cluster/scheduler/model/changes.ts";
import type { Client } from "../../src/cluster/scheduler/model/client.ts";
import type { SchedulerEvent } from "../../src/cluster/scheduler/model/decision.ts";
import type { Job } from "../../src/cluster/scheduler/model/job.ts";
import type { Attempt, Segment, SegmentPhase } from "../../src/cluster/scheduler/model/segment.ts";
import type { SchedulerState } from "../../src/cluster/scheduler/model/state.ts";
import type { TokenRecord } from "../../src/cluster/server/access/tokens.ts";
import type { JobRecord } from "../../src/cluster/server/job/job-record.ts";
import type { LoadedState, Store } from "../../src/cluster/server/ports.ts";
import type { AttemptView, AuditEntryView, AuditRowView, EventView } from "../../src/cluster/server/views.ts";
import type { Delivery } from "../../src/cluster/server/webhooks/records.ts";
import { MemoryWebhooks, NO_WEBHOOKS, type WebhookContent, withDeliveries } from "./memory-webhooks.ts";

interface AttemptRow extends AttemptView {
  readonly job_id: string;
}

interface Content extends WebhookContent {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly records: ReadonlyMap<string, JobRecord>;
  readonly clients: ReadonlyMap<string, Client>;
  readonly live: ReadonlyMap<string, Attempt>;
  /** Live and past, in the order in which they began. */
  readonly attempts: ReadonlyMap<string, AttemptRow>;
  readonly events: readonly EventView[];
  readonly tokens: ReadonlyMap<string, TokenRecord>;
  readonly audit: readonly AuditEntryView[];
}

/** What is left of a store when its process ends: another MemoryStore on it is the next process. */
export class MemoryDisk {
  content: Content = {
    jobs: new Map(),
    records: new Map(),
    clients: new Map(),
    live: new Map(),
    attempts: new Map(),
    events: [],
    tokens: new Map(),
    audit: [],
    ...NO_WEBHOOKS,
  };
}

export class MemoryStore extends MemoryWebhooks implements Store {
  readonly #disk: MemoryDisk;

  constructor(disk = new MemoryDisk()) {
    super(disk);
    this.#disk = disk;
  }

  load(): LoadedState {
    const { jobs, clients, live, records } = this.#disk.content;
    const byCreation = [...jobs.values()].sort((a, b) => order(a.createdAt, b.createdAt) || order(a.id, b.id));
    const loaded = keptOf({ jobs: new Map(byCreation.map((job) => [job.id, job])), clients, attempts: live });
    return { state: loaded, records: new Map(structuredClone([...records])) };
  }

  createJob(
    record: JobRecord,
    job: Job,
    events: readonly SchedulerEvent[],
    deliveries: readonly Delivery[] = [],
  ): void {
    const { content } = this.#disk;
    if (content.jobs.has(job.id)) throw new Error(`there is a job ${job.id} already`);
    this.#disk.content = {
      ...content,
      jobs: new Map(content.jobs).set(job.id, keptJob(job)),
      records: new Map(content.records).set(job.id, structuredClone(record)),
      events: appended(content.events, events),
      deliveries: withDeliveries(content, deliveries),
    };
  }

  commit(
    previous: SchedulerState,
    next: SchedulerState,
    events: readonly SchedulerEvent[],
    deliveries: readonly Delivery[],
    _changes: Changes,
  ): void {
    const { content } = this.#disk;
    const kept = keptOf(next);
    const jobs = new Map(content.jobs);
    for (const [id, job] of kept.jobs) {
      if (jobs.has(id)) jobs.set(id, job);
      else if (job.segments.length > 0) throw new Error(`there is no job ${id}`);
    }
    const attempts = new Map(content.attempts);
    for (const attempt of next.attempts.values()) {
      if (!jobs.has(attempt.jobId)) throw new Error(`there is no job ${attempt.jobId}`);
      if (!previous.attempts.has(attempt.id)) attempts.set(attempt.id, begun(attempt, attempts.get(attempt.id)));
    }
    for (const id of previous.attempts.keys()) {
      const row = attempts.get(id);
      if (row !== undefined && !next.attempts.has(id)) attempts.set(id, { ...row, ended_at: new Date().toISOString() });
    }
    for (const { attemptId, type, detail } of events) {
      const row = attemptId === null ? undefined : attempts.get(attemptId);
      if (row === undefined || type === "segment-leased" || type === "lease-renewed") continue;
      attempts.set(row.attempt_id, { ...row, outcome: type, reason: detail });
    }
    this.#disk.content = {
      ...content,
      jobs,
      clients: new Map([...content.clients, ...kept.clients]),
      live: kept.attempts,
      attempts,
      events: appended(content.events, events),
      deliveries: withDeliveries(content, deliveries),
    };
  }

  jobEvents(jobId: string, afterSeq: number): EventView[] {
    return this.#disk.content.events.filter(({ job_id, seq }) => job_id === jobId && seq > afterSeq);
  }

  clientEvents(clientId: string, limit: number): EventView[] {
    const events = this.#disk.content.events.filter(({ client_id }) => client_id === clientId);
    return events.slice(Math.max(0, events.length - limit));
  }

  attempts(jobId: string): AttemptView[] {
    const rows = [...this.#disk.content.attempts.values()].filter((row) => row.job_id === jobId);
    return rows.map(({ job_id: _job, ...view }) => view);
  }

  tokens(): TokenRecord[] {
    return [...this.#disk.content.tokens.values()];
  }

  saveToken(record: TokenRecord): void {
    const { content } = this.#disk;
    this.#disk.content = { ...content, tokens: new Map(content.tokens).set(record.id, { ...record }) };
  }

  appendAudit(entries: readonly AuditEntryView[]): void {
    const { content } = this.#disk;
    this.#disk.content = { ...content, audit: [...content.audit, ...structuredClone(entries)] };
  }

  auditEntries(limit: number, before: number | null): AuditRowView[] {
    const { audit } = this.#disk.content;
    const rows = audit.map((entry, at) => ({ seq: at + 1, ...entry })).filter(({ seq }) => seq < (before ?? Infinity));
    return rows.slice(Math.max(0, rows.length - limit));
  }

  close(): void {}
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function begun(attempt: Attempt, before: AttemptRow | undefined): AttemptRow {
  return {
    attempt_id: attempt.id,
    job_id: attempt.jobId,
    segment_index: attempt.segmentIndex,
    client_id: attempt.clientId,
    outcome: null,
    reason: null,
    started_at: before?.started_at ?? new Date().toISOString(),
    ended_at: null,
  };
}

function appended(before: readonly EventView[], events: readonly SchedulerEvent[]): EventView[] {
  const added = events.map((event, index) => ({
    seq: before.length + index + 1,
    at: event.at,
    type: event.type,
    job_id: event.jobId,
    client_id: event.clientId,
    segment_index: event.segmentIndex,
    attempt_id: event.attemptId,
    detail: event.detail,
  }));
  return [...before, ...added];
}

/** What of a state outlives the process: a copy, with everything at rest that only a running server knows. */
export function keptOf({ jobs, clients, attempts }: SchedulerState): SchedulerState {
  const each = <T>(items: ReadonlyMap<string, T>, kept: (item: T) => T) =>
    new Map([...items].map(([id, item]) => [id, kept(item)]));
  return { jobs: each(jobs, keptJob), clients: each(clients, keptClient), attempts: each(attempts, keptAttempt) };
}

function keptJob({ unfit: _unfit, ...job }: Job): Job {
  const segments = job.segments.map(keptSegment);
  return { ...structuredClone({ ...job, gops: [] }), indexComplete: false, aloneSince: null, segments };
}

function keptSegment({ mismatches: _mismatches, lostOn: _lostOn, ...segment }: Segment): Segment {
  return { ...structuredClone(segment), phase: keptPhase(segment.phase) };
}

function keptPhase(phase: SegmentPhase): SegmentPhase {
  return structuredClone(phase.kind === "pending" ? { ...phase, notBefore: 0 } : phase);
}

function keptClient(client: Client): Client {
  const kept = {
    id: client.id,
    name: client.name,
    instance: client.instance,
    status: client.status,
    connectedAt: client.connectedAt,
    ...(client.goneSince === undefined ? {} : { goneSince: client.goneSince }),
    link: 0,
    slots: client.slots,
    platform: client.platform,
    ffmpeg: client.ffmpeg,
    version: client.version,
    encoders: client.encoders,
    families: client.families,
    ...(client.encoderRates === undefined ? {} : { encoderRates: client.encoderRates }),
    benchmarkSeconds: client.benchmarkSeconds,
    lastHeardAt: 0,
    isDraining: client.isDraining,
    isPaused: client.isPaused,
    quarantine: client.quarantine,
    slotFps: client.slotFps,
    performance: client.performance,
  };
  return structuredClone(kept);
}

function keptAttempt(attempt: Attempt): Attempt {
  const atRest = { leaseEndsAt: 0, stage: "queued", framesDone: 0, fps: 0, startedAt: 0, progressedAt: 0 } as const;
  return { ...attempt, ...atRest };
}
