// The headers of a NUT file with one stream, as far as its frames can't be read without them (nut.txt, "Main header",
// "Stream header"). Pure.
import { type Cursor, readS, readV, readVb } from "./nut-bytes.ts";

export const FLAGS = {
  key: 1,
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
  sideData: 256,
  headerIdx: 1024,
  matchTime: 2048,
  coded: 4096,
  invalid: 8192,
} as const;

export interface FrameCode {
  readonly flags: number;
  readonly ptsDelta: number;
  readonly sizeMul: number;
  readonly sizeLsb: number;
  readonly reservedCount: number;
  readonly headerIdx: number;
}

export interface MainHeader {
  readonly codes: readonly FrameCode[];
  /** Beginnings of frames that are not stored; the first is empty. */
  readonly elisions: readonly Uint8Array[];
}

const INVALID: FrameCode = {
  ...{ flags: FLAGS.invalid, ptsDelta: 0, sizeMul: 1 },
  ...{ sizeLsb: 0, reservedCount: 0, headerIdx: 0 },
};
/** The code that would read as the first byte of a start code. */
const STARTCODE_BYTE = 0x4e;

function readCodes(cursor: Cursor): FrameCode[] {
  const codes: FrameCode[] = [];
  let [ptsDelta, sizeMul, headerIdx] = [0, 1, 0];
  while (codes.length < 256) {
    const flags = readV(cursor);
    const fields = readV(cursor);
    if (fields > 0) ptsDelta = readS(cursor);
    if (fields > 1) sizeMul = readV(cursor);
    if (fields > 2) readV(cursor); // the stream
    const sizeFrom = fields > 3 ? readV(cursor) : 0;
    const reservedCount = fields > 4 ? readV(cursor) : 0;
    const count = fields > 5 ? readV(cursor) : sizeMul - sizeFrom;
    if (fields > 6) readS(cursor); // match time
    if (fields > 7) headerIdx = readV(cursor);
    for (let field = 8; field < fields; field += 1) readV(cursor);
    if (count <= 0) throw new Error("a NUT file has a table of frame codes that makes no sense");
    for (let number = 0; number < count && codes.length < 256; number += 1) {
      if (codes.length === STARTCODE_BYTE) codes.push(INVALID);
      codes.push({ flags, ptsDelta, sizeMul, sizeLsb: sizeFrom + number, reservedCount, headerIdx });
    }
  }
  return codes;
}

/** `payload`: without start code, length and checksums. Errors: another version, several streams or time bases. */
export function readMainHeader(payload: Uint8Array): MainHeader {
  const cursor = { data: payload, at: 0 };
  const version = readV(cursor);
  if (version !== 3) throw new Error(`a segment is in version ${version} of NUT`);
  const streams = readV(cursor);
  readV(cursor); // max_distance
  const timeBases = readV(cursor);
  if (streams !== 1 || timeBases !== 1) throw new Error("a segment holds more than one stream");
  readV(cursor);
  readV(cursor);
  const codes = readCodes(cursor);
  const elisions: Uint8Array[] = [new Uint8Array(0)];
  if (cursor.at < payload.length) {
    const count = readV(cursor);
    for (let number = 0; number < count; number += 1) elisions.push(readVb(cursor));
  }
  return { codes, elisions };
}

/** How many low bits a frame states of its time. */
export function readPtsShift(payload: Uint8Array): number {
  const cursor = { data: payload, at: 0 };
  readV(cursor); // stream_id
  readV(cursor); // stream_class
  readVb(cursor); // fourcc
  readV(cursor); // time_base_id
  return readV(cursor);
}
