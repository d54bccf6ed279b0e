// A switch that suspends work: running work stops where it is, new work waits. It adds up the time spent paused, and
// knows nothing of processes.

export interface Pausable {
  isPaused(): boolean;
  /** Milliseconds spent paused so far, up to this moment. */
  pausedMs(): number;
  /** Resolves when work may go on (at once when it is not paused), or when `signal` aborts. */
  whenRunning(signal?: AbortSignal): Promise<void>;
  /** Calls `listener` at each change from now on; returns the unsubscriber. */
  onChange(listener: (isPaused: boolean) => void): () => void;
}

export interface PauseSwitch extends Pausable {
  set(isPaused: boolean): void;
}

export function createPauseSwitch(now: () => number = () => performance.now()): PauseSwitch {
  const listeners = new Set<(isPaused: boolean) => void>();
  let since: number | null = null;
  let beforeMs = 0;
  return {
    isPaused: () => since !== null,
    pausedMs: () => beforeMs + (since === null ? 0 : now() - since),
    set(isPaused) {
      if (isPaused === (since !== null)) return;
      if (since !== null) beforeMs += now() - since;
      since = isPaused ? now() : null;
      for (const listener of [...listeners]) listener(isPaused);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    whenRunning(signal) {
      if (since === null || signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const end = () => {
          listeners.delete(onChange);
          signal?.removeEventListener("abort", end);
          resolve();
        };
        const onChange = (isPaused: boolean) => {
          if (!isPaused) end();
        };
        listeners.add(onChange);
        signal?.addEventListener("abort", end, { once: true });
      });
    },
  };
}

/** Paused while one of the two is. `release` ends that: it then stays as it is. */
export function eitherPaused(one: Pausable, other: Pausable): Pausable & { release(): void } {
  const both = createPauseSwitch();
  const follow = () => both.set(one.isPaused() || other.isPaused());
  follow();
  const unfollow = [one.onChange(follow), other.onChange(follow)];
  return {
    ...both,
    release() {
      for (const end of unfollow) end();
    },
  };
}

/** Milliseconds of work since the call: time in which it was paused does not count. */
export function startWorkTimer(pausable: Pausable | undefined): () => number {
  const startedAt = performance.now();
  const pausedBefore = pausable?.pausedMs() ?? 0;
  return () => performance.now() - startedAt - ((pausable?.pausedMs() ?? 0) - pausedBefore);
}
