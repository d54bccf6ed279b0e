// The working state of one call of decide(): the state as changed so far (copied on the first write, so that unchanged
// parts keep their identity), effects and events. Knows no rules.
import { type Changes, differingSegments } from "./changes.ts";
import type { Client } from "./client.ts";
import type { Decision, Effect, EventType, Moment, RetryCause, SchedulerEvent, Verdict } from "./decision.ts";
import type { AttemptId, ClientId, JobId } from "./ids.ts";
import type { Job } from "./job.ts";
import { attemptsOfClient, changeAttempt } from "./live-attempts.ts";
import { changeJob, openJobs } from "./open-jobs.ts";
import type { Attempt, Segment } from "./segment.ts";
import { withSegment } from "./segment-tally.ts";
import type { SchedulerState } from "./state.ts";

/** A map that is copied when first written. */
class Draft<K, V> {
  #current: ReadonlyMap<K, V>;
  #own: Map<K, V> | null = null;
  /** Keys that were written. */
  readonly changed = new Set<K>();

  constructor(start: ReadonlyMap<K, V>) {
    this.#current = start;
  }

  #writable(): Map<K, V> {
    if (this.#own === null) {
      this.#own = new Map(this.#current);
      this.#current = this.#own;
    }
    return this.#own;
  }

  get view(): ReadonlyMap<K, V> {
    return this.#current;
  }

  set(key: K, value: V): ReadonlyMap<K, V> {
    if (this.#current.get(key) === value) return this.#current;
    this.changed.add(key);
    return this.#writable().set(key, value);
  }

  delete(key: K): ReadonlyMap<K, V> {
    if (!this.#current.has(key)) return this.#current;
    this.changed.add(key);
    const own = this.#writable();
    own.delete(key);
    return own;
  }
}

export interface EventSubject {
  readonly jobId?: JobId;
  readonly clientId?: ClientId;
  readonly segmentIndex?: number;
  readonly attemptId?: AttemptId;
}

export class Turn {
  readonly moment: Moment;
  readonly #before: SchedulerState;
  readonly #jobs: Draft<JobId, Job>;
  readonly #clients: Draft<ClientId, Client>;
  readonly #attempts: Draft<AttemptId, Attempt>;
  /** Places of the segments that were put one by one, by job; null: the whole list was replaced. */
  readonly #segments = new Map<JobId, Set<number> | null>();
  /** What is owed, if this decision changes it. */
  #owed: ReadonlyMap<JobId, number> | undefined;
  /** Frames leased in this decision. */
  readonly granted = new Map<JobId, number>();
  readonly #effects: Effect[] = [];
  readonly #events: SchedulerEvent[] = [];

  constructor(state: SchedulerState, moment: Moment) {
    this.moment = moment;
    this.#before = state;
    this.#jobs = new Draft(state.jobs);
    this.#clients = new Draft(state.clients);
    this.#attempts = new Draft(state.attempts);
    this.#owed = state.owed;
  }

  get now(): number {
    return this.moment.now;
  }

  get jobs(): ReadonlyMap<JobId, Job> {
    return this.#jobs.view;
  }

  get clients(): ReadonlyMap<ClientId, Client> {
    return this.#clients.view;
  }

  get attempts(): ReadonlyMap<AttemptId, Attempt> {
    return this.#attempts.view;
  }

  /** The live attempts of a client, in the order in which they were leased. */
  attemptsOf(clientId: ClientId): readonly Attempt[] {
    return attemptsOfClient(this.attempts, clientId);
  }

  /** Those that have not ended, in the order of all jobs. */
  get openJobs(): readonly Job[] {
    return [...openJobs(this.jobs).values()];
  }

  get owed(): ReadonlyMap<JobId, number> | undefined {
    return this.#owed;
  }

  putOwed(owed: ReadonlyMap<JobId, number>): void {
    this.#owed = owed;
  }

  putJob(job: Job): Job {
    if (this.jobs.get(job.id)?.segments !== job.segments) this.#segments.set(job.id, null);
    this.#setJob(job);
    return job;
  }

  /** Replaces the segment of the same index, or appends it when it is the next one. */
  putSegment(job: Job, segment: Segment): Job {
    const isCurrent = this.jobs.get(job.id)?.segments === job.segments;
    const known = this.#segments.get(job.id);
    if (!isCurrent) this.#segments.set(job.id, null);
    else if (known === undefined) this.#segments.set(job.id, new Set([segment.index]));
    else known?.add(segment.index);
    const put = { ...job, segments: withSegment(job.segments, segment) };
    this.#setJob(put);
    return put;
  }

  #setJob(job: Job): void {
    changeJob(this.jobs, job.id, () => this.#jobs.set(job.id, job));
  }

  putClient(client: Client): Client {
    this.#clients.set(client.id, client);
    return client;
  }

  putAttempt(attempt: Attempt): void {
    changeAttempt(this.attempts, attempt.id, () => this.#attempts.set(attempt.id, attempt));
  }

  removeAttempt(id: AttemptId): void {
    changeAttempt(this.attempts, id, () => this.#attempts.delete(id));
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  event(type: EventType, subject: EventSubject, detail: string, cause?: RetryCause): void {
    this.#events.push({
      at: this.moment.at,
      type,
      jobId: subject.jobId ?? null,
      clientId: subject.clientId ?? null,
      segmentIndex: subject.segmentIndex ?? null,
      attemptId: subject.attemptId ?? null,
      detail,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  decision(verdict: Verdict): Decision {
    const jobs = this.jobs;
    const clients = this.clients;
    const attempts = this.attempts;
    const owed = this.#owed;
    const isUntouched =
      jobs === this.#before.jobs &&
      clients === this.#before.clients &&
      attempts === this.#before.attempts &&
      owed === this.#before.owed;
    return {
      next: isUntouched ? this.#before : { jobs, clients, attempts, ...(owed === undefined ? {} : { owed }) },
      effects: this.#effects,
      events: this.#events,
      changes: this.#changes(),
      verdict,
    };
  }

  #changes(): Changes {
    const segments = new Map<JobId, ReadonlySet<number>>();
    for (const [id, places] of this.#segments) {
      segments.set(id, places ?? differingSegments(this.#before.jobs.get(id), this.jobs.get(id)));
    }
    return {
      clients: this.#clients.changed,
      jobs: this.#jobs.changed,
      attempts: this.#attempts.changed,
      segments,
    };
  }
}
