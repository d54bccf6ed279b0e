// Time as a port: wall time for people, monotonic time for leases and timeouts.

export interface Clock {
  /** Milliseconds since some fixed moment; never jumps. Use it for every duration. */
  monotonicMs(): number;
  /** Wall time as ISO 8601 in UTC, for records that people read. */
  nowIso(): string;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  nowIso: () => new Date().toISOString(),
};

/** Resolves after `ms`, or at once when `signal` is aborted. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
