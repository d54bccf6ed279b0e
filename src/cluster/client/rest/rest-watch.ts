// Follows whether this client may work now: looks at the clock and the machine every two seconds, tells what has changed, and
// says how long what the client holds may still take. What is held is the attempts' own business.
import type { Log } from "../../../base/log.ts";
import { type UseSample, watchOthersCpu } from "../../../base/machine/others-cpu.ts";
import { isOnAc } from "../../../base/machine/power-source.ts";
import { createPauseSwitch, type Pausable } from "../../../base/process/pause.ts";
import { NOT_BUSY, noteUse } from "./busyness.ts";
import { type Decision, mayWork, type RestRules } from "./may-work.ts";

const LOOK_EVERY_MS = 2000;
const POWER_EVERY_MS = 10_000;
/** At the end of its hours: the machine is quiet within a minute, and most segments take no longer. */
const FINISH_WITHIN_MS = 50_000;
/** What stands still holds memory and its segment: after this long it is given back. */
const SUSPENDED_AT_MOST_MS = 10 * 60_000;

/** What the rules need to know of the machine. */
export interface MachineWatch {
  now(): Date;
  isOnAc(): Promise<boolean>;
  /** How others used the processors since the call before; null: not known. */
  othersUse(): UseSample | null;
}

/** The one that this process runs on. */
export function watchThisMachine(): MachineWatch {
  let seen: { readonly atMs: number; readonly isOnAc: boolean } | null = null;
  return {
    now: () => new Date(),
    async isOnAc() {
      if (seen === null || performance.now() - seen.atMs >= POWER_EVERY_MS) {
        seen = { atMs: performance.now(), isOnAc: await isOnAc() };
      }
      return seen.isOnAc;
    },
    othersUse: watchOthersCpu(),
  };
}

/** As the protocol says it. */
export interface Resting {
  readonly reason: string;
  readonly until: string | null;
  readonly isSuspended: boolean;
}

export interface RestWatch {
  /** Null: it may work. */
  resting(): Resting | null;
  /** Suspends what runs. */
  readonly pausable: Pausable;
  /** Resolves after the first look. */
  start(): Promise<void>;
  stop(): void;
}

export interface RestWatchOptions {
  readonly rules: RestRules;
  readonly machine: MachineWatch;
  readonly log: Log;
  /** It rests from now on, works again, or rests for another reason. */
  readonly onChange: (resting: Resting | null) => void;
  /** At each look while it rests: what would take longer than this is given back. */
  readonly onRest: (reason: string, mostRemainingMs: number) => void;
  readonly lookEveryMs?: number;
}

/** How much longer what runs may take, after this long a rest. */
export function mostRemainingMs({ isSuspended }: Pick<Resting, "isSuspended">, restedMs: number): number {
  if (isSuspended) return restedMs < SUSPENDED_AT_MOST_MS ? Number.POSITIVE_INFINITY : 0;
  return Math.max(0, FINISH_WITHIN_MS - restedMs);
}

export function createRestWatch(options: RestWatchOptions): RestWatch {
  return new Watch(options);
}

class Watch implements RestWatch {
  readonly #options: RestWatchOptions;
  readonly #pause = createPauseSwitch();
  #timer: ReturnType<typeof setInterval> | undefined;
  #resting: Resting | null = null;
  #restingSinceMs = 0;
  #busyness = NOT_BUSY;

  constructor(options: RestWatchOptions) {
    this.#options = options;
  }

  get pausable(): Pausable {
    return this.#pause;
  }

  resting(): Resting | null {
    return this.#resting;
  }

  async start(): Promise<void> {
    const { rules, lookEveryMs = LOOK_EVERY_MS, log } = this.#options;
    if (rules.schedule === null && !rules.onlyOnAc && rules.busyAbove === null) return;
    await this.#look();
    this.#timer = setInterval(() => {
      this.#look().catch((thrown) => log.warn("the machine could not be looked at", { error: String(thrown) }));
    }, lookEveryMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { rules, machine } = this.#options;
    const isOnAc = !rules.onlyOnAc || (await machine.isOnAc());
    if (rules.busyAbove !== null) this.#lookAtOthers(rules.busyAbove);
    const { isBusy, share } = this.#busyness;
    this.#follow(mayWork(rules, { at: machine.now(), isOnAc, busyShare: isBusy ? share : null }));
  }

  #lookAtOthers(busyAbove: number): void {
    const sample = this.#options.machine.othersUse();
    if (sample !== null) this.#busyness = noteUse(this.#busyness, sample, busyAbove);
  }

  #follow(decision: Decision): void {
    const before = this.#resting;
    const resting = decision.mayWork ? null : restingOf(decision, before);
    if (before === null) this.#restingSinceMs = performance.now();
    this.#resting = resting;
    this.#pause.set(resting?.isSuspended === true);
    if (isOther(before, resting)) {
      this.#options.log.info(resting === null ? "it works again" : "it rests", { ...resting });
      this.#options.onChange(resting);
    }
    if (resting === null) return;
    const restedMs = performance.now() - this.#restingSinceMs;
    this.#options.onRest(`it rests: ${resting.reason}`, mostRemainingMs(resting, restedMs));
  }
}

/** While others are busy, their share is the one that was seen first: it changes with each look. */
function restingOf(decision: Exclude<Decision, { mayWork: true }>, before: Resting | null): Resting {
  const { isSuspended } = decision;
  const isSame = before !== null && withoutNumbers(before.reason) === withoutNumbers(decision.reason);
  const reason = isSame ? before.reason : decision.reason;
  return { reason, until: decision.until?.toISOString() ?? null, isSuspended };
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+ %/g, "%");
}

function isOther(before: Resting | null, after: Resting | null): boolean {
  return before?.reason !== after?.reason || before?.until !== after?.until;
}
