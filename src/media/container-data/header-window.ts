// Finds the track header of a finished file, reads it, and writes it back in place.
import { open } from "node:fs/promises";
import { writeAll } from "../../base/write-all.ts";
import { elementAt } from "./ebml.ts";

/** A larger header was not written by ffcluster. */
const MOST_BYTES = 256 * 1024 * 1024;
const SEGMENT = 0x18_53_80_67;
const TRACKS = 0x16_54_ae_6b;
const CLUSTER = 0x1f_43_b6_75;

interface Span {
  readonly start: number;
  readonly end: number;
}

type Reader = (at: number, bytes: number) => Promise<Uint8Array>;

/** The whole `moov` box, anywhere in the file. */
async function findMoov(read: Reader, size: number): Promise<Span | null> {
  for (let at = 0; at + 8 <= size; ) {
    const head = await read(at, 16);
    if (head.length < 8) return null;
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const stated = view.getUint32(0);
    const length =
      stated === 1 && head.length === 16 ? Number(view.getBigUint64(8)) : stated === 0 ? size - at : stated;
    if (length < 8) return null;
    if (String.fromCharCode(...head.subarray(4, 8)) === "moov") return { start: at, end: at + length };
    at += length;
  }
  return null;
}

/** The content of Matroska's Tracks, which stands before the first cluster. */
async function findTracks(read: Reader, size: number): Promise<Span | null> {
  for (let at = 0; at < size; ) {
    const found = elementAt(await read(at, 16), 0);
    if (found === null || found.id === CLUSTER) return null;
    if (found.id === TRACKS) return { start: at + found.body, end: at + found.end };
    at += found.id === SEGMENT ? found.body : found.end;
  }
  return null;
}

/**
 * Passes the header to `change` and writes its result, which must have the same length; false when there is no such
 * header, or `change` returns null. Errors: those of the file system.
 */
export async function changeHeader(
  path: string,
  kind: "mp4" | "mkv",
  change: (header: Uint8Array) => Uint8Array | null,
): Promise<boolean> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    const read: Reader = async (at, bytes) => {
      const buffer = new Uint8Array(Math.max(0, Math.min(bytes, size - at)));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      return buffer.subarray(0, bytesRead);
    };
    const span = await (kind === "mp4" ? findMoov(read, size) : findTracks(read, size));
    if (span === null || span.end > size || span.end - span.start > MOST_BYTES) return false;
    const header = await read(span.start, span.end - span.start);
    const changed = change(header);
    if (changed === null || changed.length !== header.length) return false;
    await writeAll(file, changed, span.start);
    await file.sync();
    return true;
  } finally {
    await file.close();
  }
}

/** Reads the same header without changing it. */
export async function readHeaderOf(path: string, kind: "mp4" | "mkv"): Promise<Uint8Array | null> {
  let found: Uint8Array | null = null;
  await changeHeader(path, kind, (header) => {
    found = header;
    return null;
  });
  return found;
}
