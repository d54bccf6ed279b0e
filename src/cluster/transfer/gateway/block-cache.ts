// A bounded cache of source blocks on this machine's disk; the least recently used go first. One file per block, so that
// removing one frees its space at once on every file system. The index is in memory: the folder is emptied at the
// start, because only blocks whose digests this process has checked are trusted.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../../base/errors.ts";
import { removeTree } from "../../../base/files.ts";
import type { Log } from "../../../base/log.ts";

interface Entry {
  readonly sourceId: string;
  readonly block: number;
  readonly bytes: number;
}

export interface BlockCache {
  has(sourceId: string, block: number): boolean;
  /** The block's bytes; null: it is not, or no longer, cached. */
  get(sourceId: string, block: number): Promise<Uint8Array | null>;
  /** Keeps a block if it can; on a full disk it drops the block and does not throw. */
  put(sourceId: string, block: number, bytes: Uint8Array): Promise<void>;
  /** Forgets all blocks of one source. */
  drop(sourceId: string): Promise<void>;
  /** Bytes on disk, never above the bound. */
  usedBytes(): number;
  /** Removes the whole folder. */
  clear(): Promise<void>;
}

/** Takes over `folder`: whatever is in it is removed. */
export async function openBlockCache(folder: string, maxBytes: number, log: Log): Promise<BlockCache> {
  /** In order of use, the oldest first (a Map keeps the order of insertion). */
  const entries = new Map<string, Entry>();
  let used = 0;
  const keyOf = (sourceId: string, block: number) => `${sourceId}:${block}`;
  const pathOf = (entry: Entry) => join(folder, entry.sourceId, `${entry.block}.block`);
  await removeTree(folder);

  const forget = async (key: string, entry: Entry) => {
    entries.delete(key);
    used -= entry.bytes;
    await removeTree(pathOf(entry));
  };

  const evictFor = async (bytes: number) => {
    for (const [key, entry] of entries) {
      if (used + bytes <= maxBytes) return;
      await forget(key, entry);
    }
  };

  return {
    has: (sourceId, block) => entries.has(keyOf(sourceId, block)),

    async get(sourceId, block) {
      const key = keyOf(sourceId, block);
      const entry = entries.get(key);
      if (!entry) return null;
      entries.delete(key);
      entries.set(key, entry);
      try {
        const bytes = await readFile(pathOf(entry));
        return bytes.length === entry.bytes ? bytes : null;
      } catch (thrown) {
        if (errnoOf(thrown) !== "ENOENT") throw thrown;
        if (entries.delete(key)) used -= entry.bytes;
        return null; // evicted while it was being opened, or removed from outside
      }
    },

    async put(sourceId, block, bytes) {
      const key = keyOf(sourceId, block);
      if (bytes.length > maxBytes || entries.has(key)) return;
      const entry: Entry = { sourceId, block, bytes: bytes.length };
      await evictFor(bytes.length);
      // Counted before it is written: two writers at once must not exceed the bound together.
      used += bytes.length;
      try {
        await mkdir(join(folder, sourceId), { recursive: true });
        await writeFile(pathOf(entry), bytes);
        entries.set(key, entry);
      } catch (thrown) {
        used -= bytes.length;
        log.warn("a source block could not be kept on disk", { errno: errnoOf(thrown) ?? String(thrown) });
        await removeTree(pathOf(entry));
      }
    },

    async drop(sourceId) {
      for (const [key, entry] of entries) {
        if (entry.sourceId !== sourceId) continue;
        entries.delete(key);
        used -= entry.bytes;
      }
      await removeTree(join(folder, sourceId));
    },

    usedBytes: () => used,

    async clear() {
      entries.clear();
      used = 0;
      await removeTree(folder);
    },
  };
}
