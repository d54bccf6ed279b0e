// The sources that attempts read now, and those that somebody may read again: each with its blocks in the cache.
import type { Log } from "../../../base/log.ts";
import { type ByteRange, blockCount, blockRange } from "../blocks.ts";
import { openBlockCache } from "./block-cache.ts";
import { BlockSource } from "./block-source.ts";

/** A source that no attempt has opened for this long is removed from the cache. */
const KEEP_UNUSED_MS = 10 * 60_000;

/** A file that is served in blocks. */
export interface ServedSource {
  readonly sourceId: string;
  readonly bytes: number;
  readonly blockBytes: number;
}

/** One block of it; the fetch gives exactly the bytes of its range. */
export interface ServedBlock {
  readonly source: ServedSource;
  readonly number: number;
  readonly range: ByteRange;
}

export interface OpenSourcesOptions {
  /** Errors: why the block can't be had, after every try that may help. */
  readonly fetchBlock: (block: ServedBlock, signal: AbortSignal) => Promise<Uint8Array>;
  readonly cacheFolder: string;
  readonly log: Log;
  readonly keepUnusedMs?: number;
}

export interface OpenSource {
  readonly offer: ServedSource;
  readonly blocks: BlockSource;
  users: number;
  /** How long its blocks stay after the last handle. */
  keepMs: number;
  unusedTimer: ReturnType<typeof setTimeout> | undefined;
}

export interface SourceCache {
  /** The source, opened when it is not yet open. */
  open(offer: ServedSource): OpenSource;
  find(sourceId: string): OpenSource | undefined;
  /** Drops the source once nothing has used it for `keepMs`. */
  dropWhenUnused(source: OpenSource): void;
  usedBytes(): number;
  /** Drops every source and empties the cache. */
  clear(): Promise<void>;
}

/** `cacheBytes`: the most bytes of blocks on disk. */
export async function openSourceCache(options: OpenSourcesOptions, cacheBytes: number): Promise<SourceCache> {
  const { log, fetchBlock } = options;
  const keepMs = options.keepUnusedMs ?? KEEP_UNUSED_MS;
  const cache = await openBlockCache(options.cacheFolder, cacheBytes, log);
  const sources = new Map<string, OpenSource>();

  const drop = async (source: OpenSource) => {
    clearTimeout(source.unusedTimer);
    if (sources.get(source.offer.sourceId) === source) sources.delete(source.offer.sourceId);
    await source.blocks.close();
    await cache.drop(source.offer.sourceId);
  };

  return {
    open(offer) {
      const known = sources.get(offer.sourceId);
      // A job that was over may have been resumed.
      if (known) return Object.assign(known, { keepMs });
      const blocks = new BlockSource({
        sourceId: offer.sourceId,
        blocks: blockCount(offer.bytes, offer.blockBytes),
        cache,
        fetch(number, signal) {
          const range = blockRange(number, offer.bytes, offer.blockBytes);
          return fetchBlock({ source: offer, number, range }, signal);
        },
      });
      const source: OpenSource = { offer, blocks, users: 0, keepMs, unusedTimer: undefined };
      sources.set(offer.sourceId, source);
      return source;
    },
    find: (sourceId) => sources.get(sourceId),
    dropWhenUnused(source) {
      clearTimeout(source.unusedTimer);
      if (source.users > 0) return;
      source.unusedTimer = setTimeout(() => {
        drop(source).catch((thrown) => log.warn("a source cache could not be removed", { error: String(thrown) }));
      }, source.keepMs);
      source.unusedTimer.unref();
    },
    usedBytes: () => cache.usedBytes(),
    async clear() {
      await Promise.all([...sources.values()].map(drop));
      await cache.clear();
    },
  };
}
