// Opens a file once, and asks the open file what it is: a path may lead elsewhere a moment later.
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readlink } from "node:fs/promises";

export interface OpenRegular extends AsyncDisposable {
  readonly handle: FileHandle;
  readonly facts: Stats;
}

/** Null: a pipe, a device, a folder. Errors: those of the system. */
export async function openRegular(path: string): Promise<OpenRegular | null> {
  // Without this flag the opening of a pipe waits for its writer. Windows has none.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const facts = await handle.stat();
    if (facts.isFile()) return { handle, facts, [Symbol.asyncDispose]: () => handle.close() };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
  await handle.close();
  return null;
}

/** Whether an open file lies at this real path; true where the system does not say where it lies. */
export async function liesAt(handle: FileHandle, realPath: string): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const place = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => null);
  return place === null || place === realPath;
}

/** The bytes of a file of at most `most` bytes; null: it is larger, or no file. Errors: those of the system. */
export async function readSmall(path: string, most: number): Promise<Uint8Array | null> {
  await using file = await openRegular(path);
  if (file === null || file.facts.size > most) return null;
  const bytes = new Uint8Array(most + 1);
  let filled = 0;
  for (let read = 1; read > 0 && filled < bytes.length; filled += read) {
    read = (await file.handle.read(bytes, filled, bytes.length - filled, filled)).bytesRead;
  }
  return filled > most ? null : bytes.subarray(0, filled);
}
