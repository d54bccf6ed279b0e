// Ending a child on purpose: the first reason counts, SIGTERM then SIGKILL, and one that neither ends is given up.
import { errnoOf } from "../errors.ts";
import { systemProgram } from "../windows/system-program.ts";

/** Whatever is stopped on purpose is gone within this time, on a machine that has a core for it. */
export const STOPPED_WITHIN_MS = 2000;
/** Encoders end within 30 ms of SIGTERM (measured); what does not is killed while half of the promise is left. */
const KILL_AFTER_MS = STOPPED_WITHIN_MS / 2;
/** A child that not even SIGKILL ends (it waits for a dead disk) is given up, so that what waits for it can go on. */
const GIVE_UP_AFTER_MS = 4000;

export type StopReason = "aborted" | "timeout" | "stalled";

/** Times on this process's own clock, counted from the moment the child was asked to stop. */
export interface StopFacts {
  /** When SIGKILL was sent because SIGTERM was not enough; null: it was. */
  readonly killedAfterMs: number | null;
  /** When the child was gone. */
  readonly goneAfterMs: number;
}

/** Ends the process group of a child that was started detached; SIGKILL also ends suspended processes. Does not wait. */
export function killTree(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  if (process.platform === "win32") void endTreeBy([systemProgram("taskkill"), "/T", "/F", "/PID", String(pid)], pid);
  else kill(-pid, signal);
}

/** Where signals reach no group: a program ends the tree. Where it can't, the guard alone is ended and takes its own along. */
export async function endTreeBy(command: readonly string[], pid: number): Promise<void> {
  if (!(await succeeds(command))) kill(pid, "SIGKILL");
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  try {
    const ender = Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "ignore", windowsHide: true });
    return (await ender.exited) === 0;
  } catch {
    return false; // there is no such program here
  }
}

function kill(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if (errnoOf(thrown) !== "ESRCH") throw thrown; // gone already
  }
}

export class Termination implements Disposable {
  /** Resolves when the child was to stop, and does not. */
  readonly givenUp: Promise<null>;
  readonly #giveUp: () => void;
  readonly #pid: number;
  #reason: StopReason | null = null;
  #stoppedAt = 0;
  #killedAfterMs: number | null = null;
  #killTimer: ReturnType<typeof setTimeout> | undefined;
  #giveUpTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(pid: number) {
    const { promise, resolve } = Promise.withResolvers<null>();
    this.#pid = pid;
    this.givenUp = promise;
    this.#giveUp = () => resolve(null);
  }

  /** Why the child was stopped; null: it was not. */
  get reason(): StopReason | null {
    return this.#reason;
  }

  /** `isSuspended`: such a process takes no SIGTERM until it goes on, and must not go on for it. Later calls do nothing. */
  stop(reason: StopReason, isSuspended: boolean): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#stoppedAt = performance.now();
    if (isSuspended) this.#kill();
    else {
      killTree(this.#pid, "SIGTERM");
      this.#killTimer = setTimeout(() => this.#kill(), KILL_AFTER_MS);
    }
    this.#giveUpTimer = setTimeout(this.#giveUp, GIVE_UP_AFTER_MS);
  }

  /** To be asked when a child that was stopped is gone. */
  facts(): StopFacts {
    return { killedAfterMs: this.#killedAfterMs, goneAfterMs: performance.now() - this.#stoppedAt };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#killTimer);
    clearTimeout(this.#giveUpTimer);
  }

  #kill(): void {
    this.#killedAfterMs = performance.now() - this.#stoppedAt;
    killTree(this.#pid, "SIGKILL");
  }
}
