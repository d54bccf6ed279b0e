// The receiving end of a resumable upload: a file that grows by whole blocks with correct digests, or by whatever comes where
// the sender names no digests. Its size on disk is the offset, so a killed server goes on where it was. The owner checks the
// complete file. Does not know what the bytes mean or who may send them.
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { sha256Of, sha256OfFile } from "../../base/digest.ts";
import { AppError, errnoOf } from "../../base/errors.ts";
import { UPLOAD_BLOCK_BYTES, type UploadAppend } from "../../base/upload/resumable-upload.ts";
import { renameWhenFree } from "../../base/windows/busy-files.ts";
import { writeAll } from "../../base/write-all.ts";
import { DEFAULT_STALL_MS, watchStall } from "./watch-stall.ts";

export interface AppendOptions {
  readonly stallMs?: number;
  /** Called for every block that was written. */
  readonly onBlock?: () => void;
  /** Called when a power cut can take nothing of the first `offset` bytes any more. */
  readonly onSynced?: (offset: number) => Promise<void>;
}

/**
 * A killed process loses nothing that was written; a power cut loses what was not synced. The owner syncs the file when
 * it lands; until then at most this much must be sent again.
 */
const SYNC_BYTES = 64 * 1024 * 1024;

/** Cuts what comes into blocks, and hands each on with its number. */
class Blocks {
  readonly #block = new Uint8Array(UPLOAD_BLOCK_BYTES);
  readonly #keep: (block: Uint8Array, number: number) => Promise<void>;
  #filled = 0;
  #number = 0;

  constructor(keep: (block: Uint8Array, number: number) => Promise<void>) {
    this.#keep = keep;
  }

  async take(bytes: Uint8Array, onBlock?: () => void): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      const part = rest.subarray(0, this.#block.length - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
      if (this.#filled < this.#block.length) continue;
      await this.#keep(this.#block, this.#number++);
      this.#filled = 0;
      onBlock?.();
    }
  }

  /** The last block may be short. */
  async end(): Promise<void> {
    if (this.#filled > 0) await this.#keep(this.#block.subarray(0, this.#filled), this.#number);
  }
}

interface RunningAppend {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export class PartialFile {
  /** The size of the complete file. */
  readonly bytes: number;
  #path: string;
  #offset: number;
  /** The digest of all that is written; null: another process wrote some of it. */
  #hasher: Bun.CryptoHasher | null;
  #syncedAt: number;
  #running: RunningAppend | null = null;
  #movedAtMs = performance.now();

  private constructor(path: string, bytes: number, offset: number) {
    this.#path = path;
    this.bytes = bytes;
    this.#offset = offset;
    this.#syncedAt = offset;
    this.#hasher = offset === 0 ? new Bun.CryptoHasher("sha256") : null;
  }

  /** Goes on with the file at `path`. A file that is too long does not belong to this upload and is replaced. */
  static async open(path: string, bytes: number): Promise<PartialFile> {
    const size = await stat(path).then(
      (facts) => facts.size,
      (thrown: unknown) => {
        if (errnoOf(thrown) !== "ENOENT") throw thrown;
        return 0;
      },
    );
    if (size > bytes) await rm(path, { force: true });
    return new PartialFile(path, bytes, size > bytes ? 0 : size);
  }

  get path(): string {
    return this.#path;
  }

  get offset(): number {
    return this.#offset;
  }

  get isAppending(): boolean {
    return this.#running !== null;
  }

  /** Milliseconds since the last byte. */
  get idleMs(): number {
    return performance.now() - this.#movedAtMs;
  }

  /** Ends the request that appends now, if any: its sender has lost it, or another request takes over. */
  async interrupt(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    running.abort.abort(new AppError("E_UPLOAD_OFFSET", "another request took over", "Ask for the offset."));
    await running.done;
  }

  /**
   * Writes every whole block of the body whose digest is right, and syncs from time to time; a body without digests as it
   * comes, and synced at its end.
   * Errors: E_UPLOAD_OFFSET when the offset differs or another request appends, E_DIGEST for a damaged block, E_DIGEST or
   * E_TOO_LARGE for more bytes than announced, E_UNREACHABLE when nothing comes for `stallMs`, the reason of `append.ended`.
   * Errors of the body and the disk are thrown as they are.
   */
  async append(append: UploadAppend, options: AppendOptions = {}): Promise<void> {
    if (this.#running !== null || append.offset !== this.#offset) {
      const where = this.#running === null ? `stands at ${this.#offset}` : "is being written by another request";
      const hint = "Ask for its offset with HEAD, then go on from there.";
      throw new AppError("E_UPLOAD_OFFSET", `the upload ${where}`, hint, { retry: true });
    }
    const done = Promise.withResolvers<void>();
    const abort = new AbortController();
    const end = () => abort.abort(append.ended?.reason);
    if (append.ended?.aborted === true) end();
    append.ended?.addEventListener("abort", end, { once: true });
    this.#running = { abort, done: done.promise };
    try {
      await this.#take(append, options, abort.signal);
    } finally {
      append.ended?.removeEventListener("abort", end);
      this.#running = null;
      done.resolve();
    }
  }

  async #take({ body, digests }: UploadAppend, options: AppendOptions, signal: AbortSignal): Promise<void> {
    if (body === null) return;
    const reader = body.getReader();
    const guard = watchStall(options.stallMs ?? DEFAULT_STALL_MS, signal, (reason) => {
      // A body that is already broken rejects the cancel too, which adds nothing.
      reader.cancel(reason).catch(() => undefined);
    });
    const file = await open(this.#path, this.#offset === 0 ? "w" : "r+");
    try {
      const blocks = digests === null ? null : new Blocks((block, number) => this.#keep(file, block, digests[number]));
      for (;;) {
        const step = await guard.race(reader.read());
        const value = step.value ?? new Uint8Array(0);
        if (blocks === null) await this.#keepAny(file, value);
        else await blocks.take(value, options.onBlock);
        guard.moved();
        this.#movedAtMs = performance.now();
        if (step.done) break;
        if (blocks === null) await this.#syncAfter(SYNC_BYTES, file, options);
      }
      await blocks?.end();
      await this.#syncAfter(blocks === null ? 1 : SYNC_BYTES, file, options);
    } catch (thrown) {
      reader.cancel(thrown).catch(() => undefined);
      throw thrown;
    } finally {
      guard.end();
      await file.close();
    }
  }

  async #syncAfter(bytes: number, file: FileHandle, { onSynced }: AppendOptions): Promise<void> {
    if (this.#offset - this.#syncedAt < bytes) return;
    await file.datasync();
    this.#syncedAt = this.#offset;
    await onSynced?.(this.#offset);
  }

  /** As much as belongs to the file. Errors: E_TOO_LARGE for more. */
  async #keepAny(file: FileHandle, bytes: Uint8Array): Promise<void> {
    const ours = bytes.subarray(0, this.bytes - this.#offset);
    if (ours.length > 0) await this.#write(file, ours);
    if (ours.length === bytes.length) return;
    const message = `the upload has more than the ${this.bytes} bytes that it announced`;
    throw new AppError("E_TOO_LARGE", message, "Begin another upload with the right length.");
  }

  async #keep(file: FileHandle, block: Uint8Array, digest: string | undefined): Promise<void> {
    if (this.#offset + block.length > this.bytes || digest !== sha256Of(block)) {
      const message = `the block at ${this.#offset} did not arrive as it was sent`;
      throw new AppError("E_DIGEST", message, "It was damaged or cut short on the way; send it again.", {
        retry: true,
      });
    }
    await this.#write(file, block);
  }

  async #write(file: FileHandle, bytes: Uint8Array): Promise<void> {
    await writeAll(file, bytes, this.#offset);
    this.#hasher?.update(bytes);
    this.#offset += bytes.length;
  }

  /** The digest of all that is written. */
  async sha256(): Promise<string> {
    return this.#hasher?.copy().digest("hex") ?? (await sha256OfFile(this.#path));
  }

  /** Moves the file on the same disk, and ends a request that still appends. */
  async moveTo(path: string): Promise<void> {
    await this.interrupt();
    if (this.#offset > 0) await renameWhenFree(this.#path, path);
    this.#path = path;
  }

  async discard(): Promise<void> {
    await this.interrupt();
    await rm(this.#path, { force: true });
    this.#offset = 0;
    this.#syncedAt = 0;
    this.#hasher = new Bun.CryptoHasher("sha256");
  }
}
