// One source for all readers on this client: any block on demand, fetched once for all of them, and the next blocks of
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

export interface BlockSource {
  /** The bytes of a block. Errors: those of the fetch. */
  block(block: number): Promise<Uint8Array>;
  openPosition(): ReadPosition;
  /** Fetches blocks `[first, last]` when nothing is more urgent; the returned function cancels the rest. */
  prefetch(first: number, last: number): () => void;
  /** Ends every fetch; once it resolves, nothing of this source is written any more. */
  close(): Promise<void>;
}

export function createBlockSource(parts: BlockSourceParts): BlockSource {
  const { sourceId, blocks, cache } = parts;
  const ended = new AbortController();
  const inFlight = new Map<number, Promise<Uint8Array>>();
  const positions = new Set<{ next: number }>();
  const prefetches = new Set<{ next: number; last: number }>();
  /** Not fetched ahead again: a reader that needs such a block asks for it, and then gets the error. */
  const failed = new Set<number>();
  let ahead = 0;

  const isWanted = (block: number) =>
    block < blocks && !inFlight.has(block) && !failed.has(block) && !cache.has(sourceId, block);

  const start = (block: number): Promise<Uint8Array> => {
    const fetching = (async () => {
      try {
        const bytes = await parts.fetch(block, ended.signal);
        failed.delete(block);
        await cache.put(sourceId, block, bytes);
        return bytes;
      } catch (thrown) {
        failed.add(block);
        throw thrown;
      } finally {
        inFlight.delete(block);
      }
    })();
    inFlight.set(block, fetching);
    return fetching;
  };

  const nextAhead = (): number | null => {
    for (let step = 0; step < READ_AHEAD_BLOCKS; step++) {
      for (const position of positions) if (isWanted(position.next + step)) return position.next + step;
    }
    for (const range of prefetches) {
      for (; range.next <= range.last; range.next++) if (isWanted(range.next)) return range.next++;
      prefetches.delete(range);
    }
    return null;
  };

  const fetchAhead = () => {
    while (ahead < AHEAD_CONCURRENCY && !ended.signal.aborted) {
      const block = nextAhead();
      if (block === null) return;
      ahead += 1;
      const done = () => {
        ahead -= 1;
        fetchAhead();
      };
      start(block).then(done, done); // `failed` remembers a failure; a reader that needs the block meets it again
    }
  };

  return {
    async block(block) {
      ended.signal.throwIfAborted();
      const flying = inFlight.get(block);
      if (flying) return flying;
      if (!cache.has(sourceId, block)) return start(block);
      return (await cache.get(sourceId, block)) ?? inFlight.get(block) ?? start(block);
    },

    openPosition() {
      const position = { next: blocks };
      positions.add(position);
      return {
        at(block) {
          position.next = block + 1;
          fetchAhead();
        },
        close: () => void positions.delete(position),
      };
    },

    prefetch(first, last) {
      const range = { next: first, last };
      prefetches.add(range);
      fetchAhead();
      return () => void prefetches.delete(range);
    },

    async close() {
      ended.abort(new Error("the source is no longer needed"));
      await Promise.allSettled(inFlight.values());
    },
  };
}
