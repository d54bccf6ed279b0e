// Brings a source to the server. An upload loses at most a block to a broken link or a restart of server or command. On the
// server's own machine a proof that the file can be read here is enough.
import { stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { sha256Of, sha256OfFile } from "../base/digest.ts";
import { AppError } from "../base/errors.ts";
import { headersOfPiece, stateOfHeaders, type UploadPiece, type UploadState } from "../base/upload/resumable-upload.ts";
import { sendUpload } from "../base/upload/send-upload.ts";
import { HEADER_SHA256 } from "../cluster/protocol/messages.ts";
import type { ApiClient } from "./client.ts";
import { API_PREFIX, type SourceView } from "./contract.ts";
import { type CallOptions, call } from "./http-call.ts";
import { createPatience } from "./patience.ts";
import { hostPort } from "./server-address.ts";

/** Uploads that the server may forget (a restart after a month) or find damaged before we give up. */
const MOST_UPLOADS = 3;
const KEY_BYTES = 64 * 1024;

export interface UploadWatcher {
  /** Bytes that the server has. */
  onBytes(have: number, total: number): void;
  /** An unfinished upload continues; `have` is what the server has already. */
  onResumed?(have: number, total: number): void;
  /** The link broke; the upload is retried. */
  onBroken?(have: number, total: number): void;
}

/** Errors: what the server answers (E_NO_SPACE, …), E_SOURCE_CHANGED, E_UNREACHABLE after five minutes without it. */
export async function uploadSource(
  client: ApiClient,
  path: string,
  watcher: UploadWatcher,
  signal?: AbortSignal,
): Promise<SourceView> {
  for (let uploads = 1; ; uploads++) {
    try {
      return await uploadOnce(client, path, watcher, signal);
    } catch (thrown) {
      const isGone = thrown instanceof AppError && (thrown.code === "E_UNKNOWN_ID" || thrown.code === "E_DIGEST");
      if (!isGone || uploads >= MOST_UPLOADS) throw thrown;
    }
  }
}

async function uploadOnce(
  client: ApiClient,
  path: string,
  watcher: UploadWatcher,
  signal: AbortSignal | undefined,
): Promise<SourceView> {
  const { size, mtimeMs } = await stat(path);
  const name = basename(path);
  const key = await keyOf(path, size, mtimeMs);
  let have = 0;
  const patience = createPatience({ onBroken: () => watcher.onBroken?.(have, size), signal });
  const begun = await tryUntil(patience.pause, () => client.beginUpload({ name, bytes: size, key }));
  if (begun.offset > 0) watcher.onResumed?.(begun.offset, size);
  const digest = new RunningDigest(path);
  const ask = async (options: CallOptions): Promise<UploadState> => {
    const upload = `${API_PREFIX}/sources/${encodeURIComponent(begun.source_id)}`;
    const response = await call(client.connection, upload, { signal, ...options });
    const state = stateOfHeaders(response.headers);
    if (state !== null) return state;
    const message = `the server at ${hostPort(client.connection.server)} does not say how far the upload is`;
    throw new AppError("E_PROTOCOL", message, "Use the same version of ffcluster on both sides.");
  };
  await sendUpload(
    path,
    size,
    {
      ask: () => ask({ method: "HEAD" }),
      async append(piece, timeoutMs) {
        const headers = headersOfPiece(piece);
        const request = { method: "PATCH", headers, body: piece.bytes, timeoutMs } as const;
        if (!piece.isLast) return (await Promise.all([ask(request), digest.after(piece)]))[0];
        await requireUnchanged(path, size, mtimeMs);
        return await ask({ ...request, headers: { ...headers, [HEADER_SHA256]: await digest.after(piece) } });
      },
      pause: patience.pause,
    },
    {
      signal,
      from: begun.offset,
      onOffset(offset) {
        have = offset;
        watcher.onBytes(offset, size);
      },
    },
  );
  return { source_id: begun.source_id, name, bytes: size };
}

async function tryUntil<T>(
  pause: (thrown: unknown, hasAdvanced: boolean) => Promise<void>,
  act: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (thrown) {
      await pause(thrown, false);
    }
  }
}

/** Names this file as it is now: the next run of the command finds its unfinished upload by it. */
async function keyOf(path: string, size: number, mtimeMs: number): Promise<string> {
  const length = Math.min(KEY_BYTES, size);
  const ends = [await sha256OfFile(path, 0, length), await sha256OfFile(path, size - length, length)];
  return sha256Of(JSON.stringify([hostname(), resolve(path), size, mtimeMs, ...ends]));
}

async function requireUnchanged(path: string, size: number, mtimeMs: number): Promise<void> {
  const now = await stat(path);
  if (now.size === size && now.mtimeMs === mtimeMs) return;
  throw new AppError("E_SOURCE_CHANGED", `${path} changed during the upload`, "Submit it once nothing writes to it.");
}

/** The digest of everything sent so far, by earlier runs too. It hashes each byte of the file once, in order. */
class RunningDigest {
  readonly #path: string;
  readonly #hasher = new Bun.CryptoHasher("sha256");
  #hashed = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The digest of everything up to the end of this piece. */
  async after({ offset, bytes }: UploadPiece): Promise<string> {
    if (offset > this.#hashed) await this.#skipTo(offset);
    this.#hasher.update(bytes.subarray(Math.min(bytes.length, this.#hashed - offset)));
    this.#hashed = Math.max(this.#hashed, offset + bytes.length);
    return this.#hasher.copy().digest("hex");
  }

  async #skipTo(offset: number): Promise<void> {
    for await (const chunk of Bun.file(this.#path).slice(this.#hashed, offset).stream()) this.#hasher.update(chunk);
    this.#hashed = offset;
  }
}

/** Codes that mean that the server sees another file system, so that the file must be uploaded. */
const NOT_SHARED = new Set(["E_SOURCE_MISSING", "E_FORBIDDEN", "E_SOURCE_CHANGED", "E_DIGEST", "E_OUTSIDE_MEDIA_ROOT"]);

/**
 * Offers a file by its path to a server on this machine: the server names ranges, and we answer with their digests.
 * Null when the server can't see that file (the address leads to another host): upload it then.
 */
export async function offerLocalSource(client: ApiClient, path: string): Promise<SourceView | null> {
  const absolute = resolve(path);
  const { size, mtimeMs } = await stat(absolute);
  try {
    const challenge = await client.challengeLocalSource({ path: absolute, bytes: size, mtime_ms: mtimeMs });
    const digests: string[] = [];
    for (const { start, length } of challenge.ranges) digests.push(await sha256OfFile(absolute, start, length));
    return await client.proveLocalSource(challenge.challenge_id, digests);
  } catch (thrown) {
    if (thrown instanceof AppError && NOT_SHARED.has(thrown.code)) return null;
    throw thrown;
  }
}
