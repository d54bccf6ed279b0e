// How late timers of this process come: what blocks the event loop shows here. Watched from the first reading on, so a server
// that nobody reads from pays nothing.
import { monitorEventLoopDelay } from "node:perf_hooks";

const RESOLUTION_MS = 20;
const NS_PER_S = 1e9;

export interface LoopLag {
  readonly meanSeconds: number;
  readonly maxSeconds: number;
}

export class LoopLagWatch {
  #histogram: ReturnType<typeof monitorEventLoopDelay> | null = null;

  /** Since the reading before; zero at the first. */
  take(): LoopLag {
    if (this.#histogram === null) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#histogram.enable();
      return { meanSeconds: 0, maxSeconds: 0 };
    }
    const { mean, max } = this.#histogram;
    this.#histogram.reset();
    return { meanSeconds: late(mean), maxSeconds: late(max) };
  }

  stop(): void {
    this.#histogram?.disable();
    this.#histogram = null;
  }
}

/** The histogram holds whole intervals; before it has one, its mean is no number and its maximum a sentinel. */
function late(ns: number): number {
  const seconds = ns / NS_PER_S - RESOLUTION_MS / 1000;
  return Number.isFinite(seconds) && seconds < 3600 ? Math.max(0, seconds) : 0;
}
