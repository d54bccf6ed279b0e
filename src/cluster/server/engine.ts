// The heart of the shell: input → decide → commit in one transaction → effects. Synchronous up to the commit, so
// inputs can't overtake each other; effects run after it and come back as further inputs.
import type { Clock } from "../../base/clock.ts";
import type { AppError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { decide } from "../scheduler/decide.ts";
import type { Effect, Input, Moment, SchedulerEvent, SchedulerState, Verdict } from "../scheduler/types.ts";
import type { Store } from "./ports.ts";

export interface EngineParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Acts on one effect; must not throw for what it can report as an input. */
  readonly perform: (effect: Effect) => void;
  /** Called after each commit that changed something or had events. */
  readonly onCommitted: (state: SchedulerState, events: readonly SchedulerEvent[]) => void;
  /** The database can't be written: the server must stop rather than go on with what it can't keep. */
  readonly onBroken: (cause: unknown) => void;
}

export class Engine {
  readonly #parts: EngineParts;
  #state: SchedulerState;
  #isStopped = false;
  /** Inputs that effects raise while a decision is being carried out wait here. */
  readonly #waiting: Input[] = [];
  #isBusy = false;

  constructor(state: SchedulerState, parts: EngineParts) {
    this.#state = state;
    this.#parts = parts;
  }

  get state(): SchedulerState {
    return this.#state;
  }

  get moment(): Moment {
    return { now: this.#parts.clock.monotonicMs(), at: this.#parts.clock.nowIso(), newId };
  }

  /** Puts a job in that is already stored, beside whatever else is there. */
  dispatch(input: Input): Verdict {
    if (this.#isStopped) return { ok: true };
    if (this.#isBusy) {
      this.#waiting.push(input);
      return { ok: true };
    }
    this.#isBusy = true;
    try {
      const verdict = this.#step(input);
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#step(next);
      return verdict;
    } finally {
      this.#isBusy = false;
    }
  }

  /** Runs `create` (which stores the job) around the decision that takes the job in: both or neither. */
  decideWith(input: Input, create: (state: SchedulerState, events: readonly SchedulerEvent[]) => void): Verdict {
    return this.#step(input, create);
  }

  stop(): void {
    this.#isStopped = true;
  }

  #step(input: Input, create?: (state: SchedulerState, events: readonly SchedulerEvent[]) => void): Verdict {
    const previous = this.#state;
    const decision = decide(previous, input, this.moment);
    try {
      if (create) create(decision.next, decision.events);
      else this.#parts.store.commit(previous, decision.next, decision.events);
    } catch (thrown) {
      this.stop();
      this.#parts.onBroken(thrown);
      throw thrown;
    }
    this.#state = decision.next;
    for (const effect of decision.effects) this.#parts.perform(effect);
    if (decision.next !== previous || decision.events.length > 0) {
      this.#parts.onCommitted(decision.next, decision.events);
    }
    return decision.verdict;
  }
}

/** A refusal as an exception, for callers that answer requests. */
export function requireOk(verdict: Verdict, toError: (body: { code: AppError["code"]; message: string; hint: string }) => AppError): void {
  if (!verdict.ok) throw toError(verdict.error);
}
