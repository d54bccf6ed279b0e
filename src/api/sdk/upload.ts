// Sends a source: a file, or a stream of known length, by ffcluster's own resumable uploads. Each block has its digest, and
// so has the whole. One piece is in memory at a time, so that it can be sent again.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { UPLOAD_BLOCK_BYTES, UPLOAD_HEADERS } from "../../base/upload/resumable-upload.ts";
import { HEADER_SHA256 } from "../../cluster/protocol/messages.ts";
import { uploadBegunSchema } from "../../cluster/server/views.ts";
import { API_PREFIX } from "../contract.ts";
import { Patience, part, post } from "./calls.ts";
import { FfclusterError } from "./ffcluster-error.ts";
import { type Asked, sha256, type Transport, textOf } from "./transport.ts";

const PIECE_BYTES = 8 * UPLOAD_BLOCK_BYTES;
const PIECE_WITHIN_MS = 300_000;
/** Of an upload that the server found damaged or has forgotten. */
const MOST_UPLOADS = 3;

/** A stream of known length, under the name that the file would have: its extension helps to know the container. */
export interface StreamInput {
  readonly name: string;
  readonly bytes: number;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** What may end an upload, and who is told of it. */
export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes that the server has. */
  readonly onUpload?: ((have: number, total: number) => void) | undefined;
}

/** Where pieces come from, in order: each begins where the one before ended. */
interface Pieces {
  readonly name: string;
  readonly bytes: number;
  /** Names this file as it is now, so that another run goes on with an unfinished upload; null: it can't. */
  readonly key: string | null;
  next(offset: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The id of the source. Errors: FfclusterError; the reason of `signal`. */
export async function uploadSource(
  transport: Transport,
  input: string | StreamInput,
  options: UploadOptions,
): Promise<string> {
  for (let uploads = 1; ; uploads++) {
    const pieces = typeof input === "string" ? await piecesOfFile(input) : piecesOfStream(input);
    try {
      return await send(transport, pieces, options);
    } catch (thrown) {
      const isGone = thrown instanceof FfclusterError && ["E_UNKNOWN_ID", "E_DIGEST"].includes(thrown.code);
      if (!isGone || typeof input !== "string" || uploads >= MOST_UPLOADS) throw thrown;
    } finally {
      await pieces.close();
    }
  }
}

async function send(transport: Transport, pieces: Pieces, { signal, onUpload }: UploadOptions): Promise<string> {
  const { name, bytes, key } = pieces;
  const patience = new Patience(signal);
  const begin = () => post(transport, "/sources", { name, bytes, key }, uploadBegunSchema, { signal });
  const begun = await patience.retry(begin);
  const path = `${API_PREFIX}/sources/${part(begun.source_id)}`;
  const hash = createHash("sha256");
  for (let offset = 0; ; ) {
    const piece = await pieces.next(offset);
    hash.update(piece);
    const end = offset + piece.length;
    const whole = end === bytes ? hash.copy().digest("hex") : null;
    // What an earlier run has sent is read again only for the digest of the whole.
    if (end > begun.offset || whole !== null) {
      const at = Math.max(offset, begun.offset);
      onUpload?.(at, bytes);
      await sendPiece(transport, { path, offset, piece, at, whole }, patience, signal);
    }
    offset = end;
    if (whole === null) continue;
    onUpload?.(offset, bytes);
    return begun.source_id;
  }
}

interface Sending {
  readonly path: string;
  readonly offset: number;
  readonly piece: Uint8Array;
  /** The part of the piece before this is there. */
  readonly at: number;
  /** Digest of the whole, with its last piece. */
  readonly whole: string | null;
}

async function sendPiece(
  transport: Transport,
  { path, offset, piece, at: first, whole }: Sending,
  patience: Patience,
  signal: AbortSignal | undefined,
): Promise<void> {
  let at: number | null = first;
  await patience.retry(async () => {
    if (at === null) {
      const state = await ask(transport, path, "HEAD", { signal });
      if (state.isComplete) return;
      if (state.offset < offset || state.offset > offset + piece.length) throw lost();
      at = state.offset;
    }
    const rest = piece.subarray(at - offset);
    const headers = { ...headersOf(at, rest), ...(whole === null ? {} : lastHeaders(whole)) };
    at = null; // unknown until the answer says so
    const asked: Asked = { headers, body: rest, timeoutMs: PIECE_WITHIN_MS, signal };
    const state = await ask(transport, path, "PATCH", asked);
    if (state.offset === offset + piece.length) return;
    throw lost();
  });
  patience.advanced();
}

function headersOf(offset: number, bytes: Uint8Array): Record<string, string> {
  const digests: string[] = [];
  for (let at = 0; at < bytes.length; at += UPLOAD_BLOCK_BYTES)
    digests.push(sha256(bytes.subarray(at, at + UPLOAD_BLOCK_BYTES)));
  return {
    "content-type": "application/partial-upload",
    [UPLOAD_HEADERS.offset]: String(offset),
    [UPLOAD_HEADERS.blocks]: digests.join(","),
  };
}

function lastHeaders(whole: string): Record<string, string> {
  return { [UPLOAD_HEADERS.complete]: "?1", [HEADER_SHA256]: whole };
}

async function ask(transport: Transport, path: string, method: "HEAD" | "PATCH", asked: Asked) {
  const { headers, body } = await transport.ask(path, { ...asked, method });
  await textOf(body);
  const offset = headers[UPLOAD_HEADERS.offset];
  if (typeof offset === "string" && /^\d{1,15}$/.test(offset))
    return { offset: Number(offset), isComplete: headers[UPLOAD_HEADERS.complete] === "?1" };
  const message = `the server at ${transport.where} does not say how far the upload is`;
  throw new FfclusterError("E_PROTOCOL", message, "Use the same version of ffcluster on both sides.");
}

function lost(): FfclusterError {
  return new FfclusterError("E_DIGEST", "the server has lost a part of the upload", "Send it again.");
}

async function piecesOfFile(path: string): Promise<Pieces> {
  const file = await open(path, "r");
  const before = await file.stat();
  const key = sha256(Buffer.from(JSON.stringify([hostname(), resolve(path), before.size, before.mtimeMs])));
  return {
    name: basename(path),
    bytes: before.size,
    key,
    async next(offset) {
      const bytes = Buffer.alloc(Math.min(PIECE_BYTES, before.size - offset));
      for (let filled = 0; filled < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
        if (bytesRead === 0) throw changed(path);
        filled += bytesRead;
      }
      const now = await file.stat();
      if (now.size !== before.size || now.mtimeMs !== before.mtimeMs) throw changed(path);
      return bytes;
    },
    close: () => file.close(),
  };
}

function changed(what: string): FfclusterError {
  return new FfclusterError(
    "E_SOURCE_CHANGED",
    `${what} changed during the upload`,
    "Send it once nothing writes to it.",
  );
}

function piecesOfStream({ name, bytes, stream }: StreamInput): Pieces {
  const source = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  return {
    name,
    bytes,
    key: null,
    async next(offset) {
      const piece = Buffer.alloc(Math.min(PIECE_BYTES, bytes - offset));
      for (let filled = 0; filled < piece.length; ) {
        if (rest.length === 0) {
          const step = await source.next();
          if (step.done) throw wrongLength(name, bytes);
          rest = step.value;
        }
        const part = rest.subarray(0, piece.length - filled);
        piece.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
      }
      const isEnd = offset + piece.length === bytes;
      if (isEnd && (rest.length > 0 || (await source.next()).done !== true)) throw wrongLength(name, bytes);
      return piece;
    },
    async close() {
      await source.return?.();
    },
  };
}

function wrongLength(name: string, bytes: number): FfclusterError {
  const message = `the stream of ${name} does not have the ${bytes} bytes that were announced`;
  return new FfclusterError("E_SOURCE_CHANGED", message, "Give its exact length.");
}
