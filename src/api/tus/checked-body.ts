// The body of a request with `Upload-Checksum`: held in memory until its digest is known to be right, so that nothing else
// ever reaches the disk, whatever ends the server.
import { createHash } from "node:crypto";
import { AppError } from "../../base/errors.ts";
import type { Call } from "../router.ts";
import type { Checksum } from "./tus-headers.ts";

/** 200 uploads may be open, each with one of these. */
export const MOST_CHECKED_BYTES = 8 * 1024 * 1024;
const WITHIN_MS = 300_000;

type Body = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Errors: E_TOO_LARGE, E_DIGEST, E_UNREACHABLE for a body that does not come, E_TOKEN when the sender's token ends. */
export async function checkedBody({ request, who }: Pick<Call, "request" | "who">, wanted: Checksum): Promise<Body> {
  const hash = createHash(wanted.algorithm);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of arriving(request, AbortSignal.any([who.ended, AbortSignal.timeout(WITHIN_MS)]))) {
    bytes += chunk.length;
    if (bytes > MOST_CHECKED_BYTES) throw tooLarge();
    hash.update(chunk);
    chunks.push(chunk);
  }
  who.ended.throwIfAborted();
  if (!hash.digest().equals(wanted.digest)) {
    const message = "the piece did not arrive as it was sent";
    throw new AppError("E_DIGEST", message, "It was damaged on the way; send it again.", { retry: true });
  }
  return new Blob(chunks).stream();
}

async function* arriving({ body }: Request, ended: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  const cancel = () => void reader.cancel().catch(() => undefined); // a body that is broken already rejects that too
  ended.addEventListener("abort", cancel, { once: true });
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    if (ended.aborted) throw new AppError("E_UNREACHABLE", "the piece did not come in time", "Send smaller pieces.");
  } finally {
    ended.removeEventListener("abort", cancel);
    cancel();
  }
}

function tooLarge(): AppError {
  const mib = MOST_CHECKED_BYTES / 1024 / 1024;
  const hint = `Send pieces of ${mib} MiB, or name the sha256 of the whole in Upload-Metadata.`;
  return new AppError("E_TOO_LARGE", `a piece with Upload-Checksum has more than ${mib} MiB`, hint);
}
