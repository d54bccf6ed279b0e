// Numbers and checksums of NUT (nut.txt of the NUT project, "Definitions"). Pure.

export interface Cursor {
  readonly data: Uint8Array;
  at: number;
}

/** `v`: seven bits a byte, the highest first. Times far from zero need up to 2^53. */
export function readV(cursor: Cursor): number {
  for (let value = 0; ; ) {
    const byte = cursor.data[cursor.at];
    if (byte === undefined) throw new Error("a NUT file ends in the middle of a number");
    cursor.at += 1;
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) throw new Error("a NUT file holds a number beyond what is counted with");
    if (byte < 0x80) return value;
  }
}

/** `s`: as `v`, the lowest bit is the sign. */
export function readS(cursor: Cursor): number {
  const value = readV(cursor) + 1;
  return value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
}

/** `vb`: a length and so many bytes. */
export function readVb(cursor: Cursor): Uint8Array {
  const length = readV(cursor);
  const bytes = cursor.data.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return bytes;
}

export function writeV(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) + 128);
  return bytes;
}

const POLYNOMIAL = 0x04c1_1db7;

/** Generator 0x104C11DB7, starting with 0, the highest bit first. */
export function crc32(bytes: Iterable<number>): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  }
  return crc >>> 0;
}

export function u32Bytes(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
