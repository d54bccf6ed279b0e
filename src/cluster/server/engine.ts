// The heart of the shell: input → decide → commit in one transaction → effects. It is synchronous up to the commit, so
// inputs can't overtake each other. Effects run after the commit, and their results come back as further inputs.
import type { Clock } from "../../base/clock.ts";
import { newId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { decide } from "../scheduler/decide.ts";
import type { Decision, Effect, Moment, SchedulerEvent, Verdict } from "../scheduler/model/decision.ts";
import type { Input } from "../scheduler/model/input.ts";
import type { SchedulerState } from "../scheduler/model/state.ts";
import type { Store } from "./ports.ts";
import type { Outbox } from "./webhooks/outbox.ts";
import type { Delivery } from "./webhooks/records.ts";

export interface EngineParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Acts on one effect; must not throw for what it can report as an input. */
  readonly perform: (effect: Effect) => void;
  /** What webhooks are told of a decision. */
  readonly outbox: Outbox;
  /** Called after each commit that changed something or had events. */
  readonly onCommitted: (
    state: SchedulerState,
    decision: Pick<Decision, "events" | "changes">,
    deliveries: readonly Delivery[],
  ) => void;
  /** How long one input took: to decide, to store, to begin what follows. */
  readonly onStepped?: (seconds: number) => void;
  /** The database can't be written. The server must stop: it can't keep what it decides. */
  readonly onBroken: (cause: unknown) => void;
}

/**
 * Inputs come several times a second, so a longer gap means that this process did not run (stopped, suspended, starved).
 * Messages of clients wait unread during that time, so it must not count as their silence.
 */
const LONGEST_STEP_MS = 2000;

type Create = (state: SchedulerState, events: readonly SchedulerEvent[], deliveries: readonly Delivery[]) => void;

export class Engine {
  readonly #parts: EngineParts;
  #state: SchedulerState;
  #isStopped = false;
  /** Inputs that come from effects wait here until the current decision is carried out. */
  readonly #waiting: Input[] = [];
  #isBusy = false;
  #now: number;
  #clockMs: number;

  constructor(state: SchedulerState, parts: EngineParts) {
    this.#state = state;
    this.#parts = parts;
    this.#clockMs = parts.clock.monotonicMs();
    this.#now = this.#clockMs;
  }

  get state(): SchedulerState {
    return this.#state;
  }

  #moment(): Moment {
    const clockMs = this.#parts.clock.monotonicMs();
    this.#now += Math.min(clockMs - this.#clockMs, LONGEST_STEP_MS);
    this.#clockMs = clockMs;
    return { now: this.#now, at: this.#parts.clock.nowIso(), newId };
  }

  dispatch(input: Input): Verdict {
    if (this.#isStopped) return { ok: true };
    if (this.#isBusy) {
      this.#waiting.push(input);
      return { ok: true };
    }
    this.#isBusy = true;
    try {
      const verdict = this.#step(input);
      this.#drain();
      return verdict;
    } finally {
      this.#isBusy = false;
    }
  }

  /** Like dispatch, but `create` commits: a new job and its record are stored together or not at all. */
  submit(input: Input, create: Create): void {
    if (this.#isBusy) throw new Error("submit from inside a decision");
    this.#isBusy = true;
    try {
      this.#step(input, create);
      this.#drain();
    } finally {
      this.#isBusy = false;
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  #drain(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#step(next);
  }

  #step(input: Input, create?: Create): Verdict {
    const previous = this.#state;
    const { clock, onStepped } = this.#parts;
    const began = clock.monotonicMs();
    const decision = decide(previous, input, this.#moment());
    const deliveries = this.#parts.outbox(previous, decision.next, decision.events);
    try {
      if (create) create(decision.next, decision.events, deliveries);
      else this.#parts.store.commit(previous, decision.next, decision.events, deliveries, decision.changes);
    } catch (thrown) {
      this.stop();
      this.#parts.onBroken(thrown);
      throw thrown;
    }
    this.#state = decision.next;
    for (const effect of decision.effects) this.#parts.perform(effect);
    if (decision.next !== previous || decision.events.length > 0) {
      this.#parts.onCommitted(decision.next, decision, deliveries);
    }
    onStepped?.((clock.monotonicMs() - began) / 1000);
    return decision.verdict;
  }
}
