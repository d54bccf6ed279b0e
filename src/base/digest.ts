// SHA-256 of bytes, files and ranges of files, as lowercase hex. The project uses no other digest.
import { type FileHandle, open } from "node:fs/promises";

const READ_BYTES = 1 << 20;

export function sha256Of(bytes: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** Digest of `[start, start + length)` of a file (to its end when `length` is not given). Reads in 1 MiB steps. */
export async function sha256OfFile(path: string, start = 0, length?: number, signal?: AbortSignal): Promise<string> {
  const file = await open(path, "r");
  try {
    return await sha256OfOpen(file, start, length ?? (await file.stat()).size - start, signal);
  } finally {
    await file.close();
  }
}

/** The same of a file that is open. */
export async function sha256OfOpen(
  file: FileHandle,
  start: number,
  length: number,
  signal?: AbortSignal,
): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  const end = start + length;
  const buffer = new Uint8Array(READ_BYTES);
  for (let position = start; position < end; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, Math.min(READ_BYTES, end - position), position);
    if (bytesRead === 0) break;
    hasher.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hasher.digest("hex");
}
