// A source to the server: the file as a raw body with its exact length, or, on the server's own machine, only the
// proof that it can be read here. Memory stays flat: over TLS Bun holds a
// file given as such in memory whole, but streams a stream (measured).
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { sha256OfFile } from "../base/digest.ts";
import { AppError } from "../base/errors.ts";
import { WIRE } from "../cluster/server/ports.ts";
import type { ApiClient } from "./client.ts";
import { API_PREFIX, type SourceView, sourceSchema } from "./contract.ts";
import { callJson } from "./http-call.ts";

/** Counts what passes; back-pressure stays the body's own. */
function counted(stream: ReadableStream<Uint8Array>, onBytes: (sent: number) => void): ReadableStream<Uint8Array> {
  let sent = 0;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        sent += chunk.length;
        onBytes(sent);
        controller.enqueue(chunk);
      },
    }),
  );
}

/** Errors: what the server answers (E_NO_SPACE, E_TOO_LARGE, …), E_UNREACHABLE. */
export async function uploadSource(
  client: ApiClient,
  path: string,
  onBytes: (sent: number, total: number) => void,
  signal?: AbortSignal,
): Promise<SourceView> {
  const { size } = await stat(path);
  const body = counted(Bun.file(path).stream(), (sent) => onBytes(sent, size));
  return await callJson(client.connection, `${API_PREFIX}/sources`, sourceSchema, {
    method: "POST",
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(size),
      [WIRE.headers.name]: encodeURIComponent(basename(path)),
    },
    body,
    signal,
    timeoutMs: null,
  });
}

/** Codes that say "not this way": the server sees another file system, so the bytes must travel. */
const NOT_SHARED = new Set(["E_SOURCE_MISSING", "E_FORBIDDEN", "E_SOURCE_CHANGED", "E_DIGEST", "E_OUTSIDE_MEDIA_ROOT"]);

/**
 * Offers a file by its path to a server on this machine: the server names ranges, we answer with their digests.
 * Null when the server can't see that file (another host behind the address): upload it then.
 */
export async function offerLocalSource(client: ApiClient, path: string): Promise<SourceView | null> {
  const absolute = resolve(path);
  const { size, mtimeMs } = await stat(absolute);
  try {
    const challenge = await client.challengeLocalSource({ path: absolute, bytes: size, mtime_ms: mtimeMs });
    const digests: string[] = [];
    for (const { start, length } of challenge.ranges) digests.push(await sha256OfFile(absolute, start, length));
    return await client.proveLocalSource(challenge.challengeId, digests);
  } catch (thrown) {
    if (thrown instanceof AppError && NOT_SHARED.has(thrown.code)) return null;
    throw thrown;
  }
}
