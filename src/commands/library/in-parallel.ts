// Bounded concurrency: several items at a time, and turns for what only a few may do at once.

/** Calls `act` for each item, at most `limit` at a time; takes an item only when there is room. Stops at the first failure. */
export async function inParallel<T>(
  items: AsyncIterable<T>,
  limit: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let hasFailed = false;
  const work = async () => {
    try {
      for (let next = await iterator.next(); !next.done && !hasFailed; next = await iterator.next()) {
        await act(next.value);
      }
    } catch (thrown) {
      hasFailed = true;
      throw thrown;
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: limit }, work));
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
}

/** At most `limit` at a time, in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  async take<T>(act: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
