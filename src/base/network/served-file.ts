// A file that a gateway on this machine serves over HTTP is read like one on the disk: its address stands where a path does.
import { type FileHandle, open } from "node:fs/promises";

/** Whether it is the address of a gateway on this machine, and no path. */
export function isServed(path: string): boolean {
  return path.startsWith("http://127.0.0.1:");
}

/** Reads at any place, as a file handle does. */
export interface RandomAccess extends AsyncDisposable {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

/** Errors: those of the file system, or a gateway that can't give the bytes. */
export async function openRandomAccess(path: string): Promise<RandomAccess> {
  if (!isServed(path)) return await (open(path, "r") satisfies Promise<FileHandle>);
  return {
    read: async (buffer, offset, length, position) => ({
      bytesRead: await readServed(path, buffer.subarray(offset, offset + length), position),
    }),
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

export async function servedBytes(url: string): Promise<number> {
  const answer = await fetch(url, { method: "HEAD" });
  if (!answer.ok) throw unreadable(answer.status);
  return Number(answer.headers.get("content-length"));
}

async function readServed(url: string, buffer: Uint8Array, position: number): Promise<number> {
  if (buffer.length === 0) return 0;
  const range = `bytes=${position}-${position + buffer.length - 1}`;
  const answer = await fetch(url, { headers: { range } });
  if (answer.status === 416) return 0; // past the end
  if (answer.status !== 206) throw unreadable(answer.status);
  const bytes = await answer.bytes();
  buffer.set(bytes);
  return bytes.length;
}

function unreadable(status: number): Error {
  return new Error(`the gateway on this machine answered ${status}`);
}
