// Reads one block of a source with its digest. Digests are remembered, so that a file that many clients fetch is hashed
// once; blocks are never kept.
import type { FileHandle } from "node:fs/promises";
import { sha256Of } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";

/** Digests of up to this many blocks are remembered over all sources (64 bytes each). */
const REMEMBERED_DIGESTS = 200_000;

export interface BlockSource {
  readonly sourceId: string;
  /** Open, and the one that was checked. */
  readonly file: FileHandle;
  readonly name: string;
  readonly bytes: number;
  readonly blockBytes: number;
}

/** The block's number, if the source has it. Errors: E_UNKNOWN_ID. */
export function requireBlock({ bytes }: { readonly bytes: number }, blockBytes: number, block: number): number {
  if (Number.isSafeInteger(block) && block >= 0 && block * blockBytes < bytes) return block;
  const hint = "Ask for blocks 0 to ceil(bytes / blockBytes) - 1.";
  throw new AppError("E_UNKNOWN_ID", `the source has no block ${block}`, hint);
}

export class BlockReader {
  readonly #digests = new Map<string, string>();

  /** Errors: E_UNKNOWN_ID for a block past the end, E_SOURCE_CHANGED when the file is shorter than it was. */
  async read(source: BlockSource, block: number): Promise<{ bytes: Uint8Array; sha256: string }> {
    const start = requireBlock(source, source.blockBytes, block) * source.blockBytes;
    const bytes = new Uint8Array(Math.min(source.blockBytes, source.bytes - start));
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await source.file.read(bytes, filled, bytes.length - filled, start + filled);
      if (bytesRead === 0) {
        throw new AppError(
          "E_SOURCE_CHANGED",
          `the source ${source.name} is shorter than it was when the job was created`,
          "Submit the file again once nothing writes to it.",
        );
      }
      filled += bytesRead;
    }
    return { bytes, sha256: this.#digestOf(`${source.sourceId}:${block}`, bytes) };
  }

  #digestOf(key: string, bytes: Uint8Array): string {
    const known = this.#digests.get(key);
    if (known !== undefined) return known;
    const digest = sha256Of(bytes);
    if (this.#digests.size >= REMEMBERED_DIGESTS) this.#digests.clear();
    this.#digests.set(key, digest);
    return digest;
  }
}
