// The sending end of a resumable upload: asks for the receiver's offset, appends from there in pieces that take about a
// second, and asks again after any failure. Knows neither addresses nor what the bytes mean.
import { type FileHandle, open } from "node:fs/promises";
import { sha256Of } from "../digest.ts";
import { AppError } from "../errors.ts";
import { MOST_UPLOAD_BLOCKS, UPLOAD_BLOCK_BYTES, type UploadPiece, type UploadState } from "./resumable-upload.ts";

export interface UploadPort {
  /** The receiver's offset. */
  ask(): Promise<UploadState>;
  /** Returns the receiver's offset after the piece. */
  append(piece: UploadPiece, timeoutMs: number): Promise<UploadState>;
  /**
   * Called after a failure of either: waits and returns to try again, throws to give up. `hasAdvanced`: the receiver took
   * bytes since the last failure.
   */
  pause(thrown: unknown, hasAdvanced: boolean): Promise<void>;
}

export interface SendOptions {
  /** The receiver's offset if it is known already; else it is asked. */
  readonly from?: number;
  /** Bytes that the receiver has acknowledged. */
  readonly onOffset?: (offset: number) => void;
  readonly signal?: AbortSignal | undefined;
}

const FIRST_BLOCKS = 4;
/** A piece that takes less makes the next one longer; one that takes four times as long makes it shorter. */
const PIECE_MS = 1000;
/** A healthy connection needs a fraction of this for a piece; after it the connection counts as dead. */
const SHORTEST_TIMEOUT_MS = 20_000;
const LONGEST_TIMEOUT_MS = 300_000;
/** How much slower than the last piece the next one may be. */
const SLOWER = 8;

/**
 * Sends the first `bytes` bytes of a file, until the receiver has taken the whole.
 * Errors: what `pause` throws, E_SOURCE_CHANGED when the file has become shorter, the abort reason.
 */
export async function sendUpload(path: string, bytes: number, port: UploadPort, options: SendOptions): Promise<void> {
  const { onOffset, signal } = options;
  const file = await open(path, "r");
  try {
    let state: UploadState | null = options.from === undefined ? null : { offset: options.from, isComplete: false };
    let blocks = FIRST_BLOCKS;
    let blockMs = 0;
    let furthest = 0;
    let furthestBefore = 0;
    let failures = 0;
    let ahead: Promise<UploadPiece | null> | null = null;
    for (;;) {
      signal?.throwIfAborted();
      try {
        state ??= await port.ask();
        furthest = Math.max(furthest, state.offset);
        onOffset?.(state.offset);
        if (state.isComplete) return;
        const { offset } = state;
        const ready: UploadPiece | null = ahead === null ? null : await ahead;
        ahead = null;
        const piece: UploadPiece = ready?.offset === offset ? ready : await readPiece(file, offset, blocks, bytes);
        const startedAt = performance.now();
        const sending = port.append(piece, timeoutOf(blockMs * blocks, failures));
        // Read and hashed while this one travels; if that fails, it is read again when its turn comes.
        if (!piece.isLast) ahead = readPiece(file, offset + piece.bytes.length, blocks, bytes).catch(() => null);
        state = await sending;
        const tookMs = performance.now() - startedAt;
        failures = 0;
        blockMs = tookMs / Math.max(1, piece.digests.length);
        if (tookMs < PIECE_MS) blocks = Math.min(MOST_UPLOAD_BLOCKS, blocks * 2);
        else if (tookMs > 4 * PIECE_MS) blocks = Math.max(1, blocks >> 1);
      } catch (thrown) {
        signal?.throwIfAborted();
        const hasAdvanced = furthest > furthestBefore;
        failures = hasAdvanced ? 0 : failures + 1;
        furthestBefore = furthest;
        state = null;
        ahead = null;
        blocks = 1;
        await port.pause(thrown, hasAdvanced);
      }
    }
  } finally {
    await file.close();
  }
}

function timeoutOf(expectedMs: number, failures: number): number {
  return Math.min(LONGEST_TIMEOUT_MS, Math.max(SHORTEST_TIMEOUT_MS, SLOWER * expectedMs) * 2 ** failures);
}

async function readPiece(file: FileHandle, offset: number, blocks: number, total: number): Promise<UploadPiece> {
  const wanted = Math.min(blocks * UPLOAD_BLOCK_BYTES, Math.max(0, total - offset));
  const bytes = new Uint8Array(wanted);
  for (let filled = 0; filled < wanted; ) {
    const { bytesRead } = await file.read(bytes, filled, wanted - filled, offset + filled);
    if (bytesRead === 0) {
      const message = `the file has ${offset + filled} bytes, it had ${total} when the upload began`;
      throw new AppError("E_SOURCE_CHANGED", message, "Send it again once nothing writes to it.");
    }
    filled += bytesRead;
  }
  const digests: string[] = [];
  for (let at = 0; at < wanted; at += UPLOAD_BLOCK_BYTES) {
    digests.push(sha256Of(bytes.subarray(at, at + UPLOAD_BLOCK_BYTES)));
  }
  return { offset, bytes, digests, isLast: offset + wanted >= total };
}
