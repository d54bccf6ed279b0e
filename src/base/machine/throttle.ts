// Keeps what this process starts to a part of the processors by stopping it for moments: what it used is taken from what it
// may use, and where that is less than nothing it stands still until it is not. For systems that have no cap of their own.
import { availableParallelism } from "node:os";
import { createPauseSwitch, eitherPaused, type Pausable } from "../process/pause.ts";
import { watchTreeCpu } from "./own-cpu.ts";

const LOOK_EVERY_MS = 50;
/** What was not used is kept for this long. */
const KEPT_MS = 200;

export interface Throttle {
  readonly pausable: Pausable;
  stop(): void;
}

export interface ThrottleOptions {
  /** Of all processors, 0 to 1. */
  readonly share: number;
  readonly cores?: number;
  /** Milliseconds of processor time used so far. */
  readonly cpuMs?: () => number;
}

export function startThrottle({
  share,
  cores = availableParallelism(),
  cpuMs = watchTreeCpu(),
}: ThrottleOptions): Throttle {
  const pause = createPauseSwitch();
  const next = throttleBy(share * cores);
  let before = { atMs: performance.now(), cpuMs: cpuMs() };
  const timer = setInterval(() => {
    const now = { atMs: performance.now(), cpuMs: cpuMs() };
    pause.set(next(now.atMs - before.atMs, now.cpuMs - before.cpuMs));
    before = now;
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    pausable: pause,
    stop() {
      clearInterval(timer);
      pause.set(false);
    },
  };
}

/** Each call: whether it must stand still, after so much time in which so much was used. Pure but for what it remembers. */
export function throttleBy(cores: number): (passedMs: number, usedMs: number) => boolean {
  let leftMs = 0;
  return (passedMs, usedMs) => {
    leftMs = Math.min(leftMs + cores * passedMs - usedMs, cores * KEPT_MS);
    return leftMs < 0;
  };
}

/** Time in which it is throttled counts as time of work: it belongs to how fast this machine is. */
export function throttled(held: Pausable, throttle: Pausable): Pausable & { release(): void } {
  return { ...eitherPaused(held, throttle), pausedMs: () => held.pausedMs() };
}
