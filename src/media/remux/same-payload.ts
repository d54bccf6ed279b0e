// Whether a packet of an elementary stream and one of an MP4 hold the same coded picture: MP4 replaces start codes by
// lengths and leaves out AV1's temporal delimiters. Nothing else may differ.
import { openRandomAccess } from "../../base/network/served-file.ts";
import type { Slice } from "./elementary.ts";

function withoutTrailingZeros(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}

const START_CODE = Buffer.from([0, 0, 1]);

/** The units between start codes; zeros at a unit's end belong to the next start code. */
export function unitsByStartCode(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let start = bytes.indexOf(START_CODE);
  // What stands before the first start code must be the zeros that lead it in.
  if (start === -1 || withoutTrailingZeros(bytes.subarray(0, start)).length > 0) return [bytes];
  while (start !== -1) {
    const next = bytes.indexOf(START_CODE, start + START_CODE.length);
    units.push(withoutTrailingZeros(bytes.subarray(start + START_CODE.length, next === -1 ? bytes.length : next)));
    start = next;
  }
  return units;
}

/** The units behind 32-bit lengths; null: the lengths do not fill the packet. */
export function unitsByLength(bytes: Buffer): Buffer[] | null {
  const units: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return null;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return null;
    units.push(withoutTrailingZeros(bytes.subarray(at + 4, end)));
    at = end;
  }
  return units;
}

/** A temporal delimiter: type 2, with its size of zero. */
const TEMPORAL_DELIMITER = Buffer.from([0x12, 0x00]);

function withoutDelimiter(bytes: Buffer): Buffer {
  return bytes.subarray(0, 2).equals(TEMPORAL_DELIMITER) ? bytes.subarray(2) : bytes;
}

export function isSamePayload(codec: string, elementary: Buffer, contained: Buffer): boolean {
  if (codec === "av1") return withoutDelimiter(elementary).equals(contained);
  if (codec !== "h264" && codec !== "hevc") return elementary.equals(contained);
  const own = unitsByStartCode(elementary);
  const theirs = unitsByLength(contained);
  return (
    theirs !== null && own.length === theirs.length && own.every((unit, at) => unit.equals(theirs[at] ?? START_CODE))
  );
}

interface PayloadFile {
  readonly path: string;
  readonly slices: readonly Slice[];
}

/** The number of the first packet that differs; null: all are the same. */
export async function firstDifference(
  codec: string,
  elementary: PayloadFile,
  contained: PayloadFile,
  signal: AbortSignal,
): Promise<number | null> {
  if (elementary.slices.length !== contained.slices.length)
    return Math.min(elementary.slices.length, contained.slices.length);
  const own = await openRandomAccess(elementary.path);
  try {
    const theirs = await openRandomAccess(contained.path);
    try {
      for (const [number, slice] of elementary.slices.entries()) {
        signal.throwIfAborted();
        const other = contained.slices[number];
        if (other === undefined) return number;
        const [before, after] = [Buffer.alloc(slice.bytes), Buffer.alloc(other.bytes)];
        await own.read(before, 0, slice.bytes, slice.start);
        await theirs.read(after, 0, other.bytes, other.start);
        if (!isSamePayload(codec, before, after)) return number;
      }
      return null;
    } finally {
      await theirs.close();
    }
  } finally {
    await own.close();
  }
}
