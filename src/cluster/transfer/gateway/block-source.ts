// One source for all readers on this machine: any block on demand, fetched once for all of them, and the next blocks of
// every open reader fetched ahead. Decides the order of fetching, not how a block is fetched or kept.
import type { BlockCache } from "./block-cache.ts";

/** Blocks fetched ahead of a reader: 8 MiB by default, about 70 ms of a gigabit link. */
const READ_AHEAD_BLOCKS = 8;
/** Read-ahead fetches at a time; a block that a reader waits for never queues behind them. */
const AHEAD_CONCURRENCY = 4;

export interface BlockSourceParts {
  readonly sourceId: string;
  readonly blocks: number;
  readonly cache: BlockCache;
  fetch(block: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** One reader's position in the source; its read-ahead ends with `close`. */
export interface ReadPosition {
  /** Call before asking for a block. */
  at(block: number): void;
  close(): void;
}

export class BlockSource {
  readonly #parts: BlockSourceParts;
  readonly #ended = new AbortController();
  readonly #inFlight = new Map<number, Promise<Uint8Array>>();
  readonly #positions = new Set<{ next: number }>();
  readonly #prefetches = new Set<{ next: number; last: number }>();
  /** Not fetched ahead again: a reader that needs such a block asks for it, and then gets the error. */
  readonly #failed = new Set<number>();
  #ahead = 0;

  constructor(parts: BlockSourceParts) {
    this.#parts = parts;
  }

  /** The bytes of a block. Errors: those of the fetch. */
  async block(block: number): Promise<Uint8Array> {
    this.#ended.signal.throwIfAborted();
    const flying = this.#inFlight.get(block);
    if (flying) return flying;
    const { cache, sourceId } = this.#parts;
    if (!cache.has(sourceId, block)) return this.#start(block);
    return (await cache.get(sourceId, block)) ?? this.#inFlight.get(block) ?? this.#start(block);
  }

  openPosition(): ReadPosition {
    const position = { next: this.#parts.blocks };
    this.#positions.add(position);
    return {
      at: (block) => {
        position.next = block + 1;
        this.#fetchAhead();
      },
      close: () => void this.#positions.delete(position),
    };
  }

  /** Fetches blocks `[first, last]` when nothing is more urgent; the returned function cancels the rest. */
  prefetch(first: number, last: number): () => void {
    const range = { next: first, last };
    this.#prefetches.add(range);
    this.#fetchAhead();
    return () => void this.#prefetches.delete(range);
  }

  /** Ends every fetch; once it resolves, nothing of this source is written any more. */
  async close(): Promise<void> {
    this.#ended.abort(new Error("the source is no longer needed"));
    await Promise.allSettled(this.#inFlight.values());
  }

  #isWanted(block: number): boolean {
    const { blocks, cache, sourceId } = this.#parts;
    return block < blocks && !this.#inFlight.has(block) && !this.#failed.has(block) && !cache.has(sourceId, block);
  }

  #start(block: number): Promise<Uint8Array> {
    const fetching = this.#fetch(block);
    this.#inFlight.set(block, fetching);
    return fetching;
  }

  async #fetch(block: number): Promise<Uint8Array> {
    const { cache, sourceId } = this.#parts;
    try {
      const bytes = await this.#parts.fetch(block, this.#ended.signal);
      this.#failed.delete(block);
      await cache.put(sourceId, block, bytes);
      return bytes;
    } catch (thrown) {
      this.#failed.add(block);
      throw thrown;
    } finally {
      this.#inFlight.delete(block);
    }
  }

  #nextAhead(): number | null {
    for (let step = 0; step < READ_AHEAD_BLOCKS; step++) {
      for (const { next } of this.#positions) if (this.#isWanted(next + step)) return next + step;
    }
    for (const range of this.#prefetches) {
      for (; range.next <= range.last; range.next++) if (this.#isWanted(range.next)) return range.next++;
      this.#prefetches.delete(range);
    }
    return null;
  }

  #fetchAhead(): void {
    while (this.#ahead < AHEAD_CONCURRENCY && !this.#ended.signal.aborted) {
      const block = this.#nextAhead();
      if (block === null) return;
      this.#ahead += 1;
      const done = () => {
        this.#ahead -= 1;
        this.#fetchAhead();
      };
      this.#start(block).then(done, done); // `#failed` remembers a failure; a reader that needs the block meets it again
    }
  }
}
