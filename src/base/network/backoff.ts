// Growing waits between tries, with jitter, so that many clients do not come back at the same moment.

const GROWTH = 1.7;
const JITTER = 0.25;

export interface Backoff {
  /** The next wait in milliseconds: ±25 % around a value that grows by a factor of 1.7 each time, up to the cap. */
  next(): number;
  reset(): void;
}

export function createBackoff(firstMs: number, capMs: number, random: () => number = Math.random): Backoff {
  let current = firstMs;
  return {
    next() {
      const wait = current * (1 - JITTER + 2 * JITTER * random());
      current = Math.min(capMs, current * GROWTH);
      return Math.round(wait);
    },
    reset() {
      current = firstMs;
    },
  };
}
