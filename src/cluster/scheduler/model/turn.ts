// The working state of one call of decide(): the state as changed so far (copied on the first write, so that unchanged
// parts keep their identity), effects and events. Knows no rules.
import type { Client } from "./client.ts";
import type { Decision, Effect, EventType, Moment, RetryCause, SchedulerEvent, Verdict } from "./decision.ts";
import type { AttemptId, ClientId, JobId } from "./ids.ts";
import type { Job } from "./job.ts";
import type { Attempt, Segment } from "./segment.ts";
import type { SchedulerState } from "./state.ts";

/** A map that is copied when first written. */
class Draft<K, V> {
  #current: ReadonlyMap<K, V>;
  #own: Map<K, V> | null = null;

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

  /** Grows with every write. */
  version = 0;

  get view(): ReadonlyMap<K, V> {
    return this.#current;
  }

  set(key: K, value: V): void {
    if (this.#current.get(key) === value) return;
    this.version++;
    this.#writable().set(key, value);
  }

  delete(key: K): void {
    if (!this.#current.has(key)) return;
    this.version++;
    this.#writable().delete(key);
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
  /** Live attempts by client, as of a version of `#attempts`. */
  #held: { readonly version: number; readonly byClient: ReadonlyMap<ClientId, readonly Attempt[]> } | null = null;
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
    const { version } = this.#attempts;
    if (this.#held?.version !== version) {
      const byClient = new Map<ClientId, Attempt[]>();
      for (const attempt of this.attempts.values()) {
        const own = byClient.get(attempt.clientId);
        if (own === undefined) byClient.set(attempt.clientId, [attempt]);
        else own.push(attempt);
      }
      this.#held = { version, byClient };
    }
    return this.#held.byClient.get(clientId) ?? [];
  }

  get owed(): ReadonlyMap<JobId, number> | undefined {
    return this.#owed;
  }

  putOwed(owed: ReadonlyMap<JobId, number>): void {
    this.#owed = owed;
  }

  putJob(job: Job): Job {
    this.#jobs.set(job.id, job);
    return job;
  }

  /** Replaces the segment of the same index, or appends it when it is the next one. */
  putSegment(job: Job, segment: Segment): Job {
    const segments = job.segments.slice();
    segments[segment.index] = segment;
    return this.putJob({ ...job, segments });
  }

  putClient(client: Client): Client {
    this.#clients.set(client.id, client);
    return client;
  }

  putAttempt(attempt: Attempt): void {
    this.#attempts.set(attempt.id, attempt);
  }

  removeAttempt(id: AttemptId): void {
    this.#attempts.delete(id);
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
      verdict,
    };
  }
}
