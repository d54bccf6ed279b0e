// Walks through a NUT file of one stream part by part, and writes a frame anew with other bytes. Nothing is kept of what
// has gone by but the time that the next frame counts from.
import type { FileHandle } from "node:fs/promises";
import { type Cursor, crc32, readS, readV, u32Bytes, writeV } from "./nut-bytes.ts";
import { FLAGS, type FrameCode, type MainHeader, readMainHeader, readPtsShift } from "./nut-headers.ts";

export interface NutFrame {
  readonly kind: "frame";
  /** As it stands in the file. */
  readonly bytes: Uint8Array;
  readonly isKey: boolean;
  /** In the stream's ticks. */
  readonly pts: number;
  /** The packet. */
  readonly data: Uint8Array;
}

export type NutPart =
  /** Everything that is no frame: the opening line, headers, syncpoints. */
  | { readonly kind: "other"; readonly bytes: Uint8Array }
  /** Where to find what; the last part of a file, and untrue once anything before it has moved. */
  | { readonly kind: "index"; readonly bytes: Uint8Array }
  | NutFrame;

const OPENING = "nut/multimedia container\0";
const STARTCODES = {
  main: 0x4e4d_7a56_1f5f_04adn,
  stream: 0x4e53_1140_5bf2_f9dbn,
  syncpoint: 0x4e4b_e4ad_eeca_4569n,
  index: 0x4e58_dd67_2f23_e64en,
} as const;
const STARTCODE_BYTE = 0x4e;
const CHUNK_BYTES = 1024 * 1024;
/** More than a frame's header or the beginning of a packet takes. */
const HEADER_BYTES = 256;

/** Reads ahead in big pieces; `have` says how many bytes are there at least (fewer at the end of the file). */
class Bytes {
  private readonly handle: FileHandle;
  private buffer: Buffer = Buffer.alloc(0);
  private position = 0;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  async have(count: number): Promise<Uint8Array> {
    while (this.buffer.length < count) {
      const piece = Buffer.alloc(Math.max(CHUNK_BYTES, count - this.buffer.length));
      const { bytesRead } = await this.handle.read(piece, 0, piece.length, this.position);
      if (bytesRead === 0) break;
      this.position += bytesRead;
      this.buffer = Buffer.concat([this.buffer, piece.subarray(0, bytesRead)]);
    }
    return this.buffer;
  }

  async take(count: number): Promise<Uint8Array> {
    if ((await this.have(count)).length < count) throw new Error("a NUT file ends in the middle of a part");
    const taken = this.buffer.subarray(0, count);
    this.buffer = this.buffer.subarray(count);
    return taken;
  }
}

interface State {
  main: MainHeader | null;
  ptsShift: number;
  lastPts: number;
}

async function readPacket(bytes: Bytes, state: State): Promise<NutPart> {
  const ahead = await bytes.have(HEADER_BYTES);
  const cursor: Cursor = { data: ahead, at: 8 };
  const length = readV(cursor);
  if (length > 4096) cursor.at += 4; // a checksum of this beginning
  const from = cursor.at;
  const whole = await bytes.take(from + length);
  const payload = whole.subarray(from, whole.length - 4);
  switch (Buffer.from(whole.subarray(0, 8)).readBigUInt64BE()) {
    case STARTCODES.main:
      state.main = readMainHeader(payload);
      break;
    case STARTCODES.stream:
      state.ptsShift = readPtsShift(payload);
      break;
    case STARTCODES.syncpoint:
      state.lastPts = readV({ data: payload, at: 0 }); // of the only time base
      break;
    case STARTCODES.index:
      return { kind: "index", bytes: whole };
  }
  return { kind: "other", bytes: whole };
}

/** The time whose low bits are `coded`, nearest to the last one; or all of it (nut.txt, "coded_pts"). */
function ptsOf(coded: number, { ptsShift, lastPts }: State): number {
  const period = 2 ** ptsShift;
  if (coded >= period) return coded - period;
  const from = lastPts - Math.floor((period - 1) / 2);
  return from + ((((coded - from) % period) + period) % period);
}

async function readFrame(bytes: Bytes, state: State, main: MainHeader): Promise<NutFrame> {
  const cursor: Cursor = { data: await bytes.have(HEADER_BYTES), at: 0 };
  const code = main.codes[cursor.data[cursor.at++] ?? 0];
  if (code === undefined || (code.flags & FLAGS.invalid) !== 0) throw new Error("a NUT file has no frame where one is");
  let { flags, headerIdx, reservedCount, sizeLsb: size } = code;
  if ((flags & FLAGS.coded) !== 0) flags ^= readV(cursor);
  if ((flags & FLAGS.sideData) !== 0) throw new Error("a NUT frame has data beside its packet");
  if ((flags & FLAGS.streamId) !== 0) readV(cursor);
  const pts = (flags & FLAGS.codedPts) !== 0 ? ptsOf(readV(cursor), state) : state.lastPts + code.ptsDelta;
  if ((flags & FLAGS.sizeMsb) !== 0) size += code.sizeMul * readV(cursor);
  if ((flags & FLAGS.matchTime) !== 0) readS(cursor);
  if ((flags & FLAGS.headerIdx) !== 0) headerIdx = readV(cursor);
  if ((flags & FLAGS.reserved) !== 0) reservedCount = readV(cursor);
  for (let number = 0; number < reservedCount; number += 1) readV(cursor);
  if ((flags & FLAGS.checksum) !== 0) cursor.at += 4;
  // Only small frames leave their beginning out.
  const elided = (size > 4096 ? undefined : main.elisions[headerIdx]) ?? new Uint8Array(0);
  const whole = await bytes.take(cursor.at + size - elided.length);
  state.lastPts = pts;
  const stored = whole.subarray(cursor.at);
  const data = elided.length === 0 ? stored : Buffer.concat([elided, stored]);
  return { kind: "frame", bytes: whole, isKey: (flags & FLAGS.key) !== 0, pts, data };
}

export interface NutReader {
  /** The next part; null at the end. Errors: a file that is no NUT of one stream, or is cut off. */
  next(): Promise<NutPart | null>;
  /** A key frame of the stream, written anew with other bytes, and a syncpoint behind it: what follows has moved. */
  frameBytes(frame: NutFrame, data: Uint8Array): Uint8Array;
}

export function readNut(handle: FileHandle): NutReader {
  const bytes = new Bytes(handle);
  const state: State = { main: null, ptsShift: 0, lastPts: 0 };
  let isOpened = false;
  return {
    async next() {
      if (!isOpened) {
        isOpened = true;
        const opening = await bytes.take(OPENING.length);
        if (Buffer.from(opening).toString("latin1") !== OPENING) throw new Error("a segment is not a NUT file");
        return { kind: "other", bytes: opening };
      }
      const [first] = await bytes.have(1);
      if (first === undefined) return null;
      if (first === STARTCODE_BYTE) return await readPacket(bytes, state);
      if (state.main === null) throw new Error("a NUT file has frames before its header");
      return await readFrame(bytes, state, state.main);
    },
    frameBytes(frame, data) {
      if (state.main === null) throw new Error("a NUT file has frames before its header");
      return frameBytes(state.main, state.ptsShift, frame, data);
    },
  };
}

/** A code by which a frame may say everything itself. */
function freeCode(codes: readonly FrameCode[]): readonly [number, FrameCode] {
  for (const [number, code] of codes.entries()) {
    const isFree = (code.flags & FLAGS.coded) !== 0 && (code.flags & FLAGS.invalid) === 0;
    if (isFree && code.sizeMul === 1 && code.sizeLsb === 0 && code.reservedCount === 0) return [number, code];
  }
  throw new Error("a NUT file has no code for a frame of any size");
}

function frameBytes({ codes }: MainHeader, ptsShift: number, frame: NutFrame, data: Uint8Array): Uint8Array {
  const [number, code] = freeCode(codes);
  const { key, streamId, codedPts, sizeMsb, checksum, headerIdx } = FLAGS;
  const flags = (frame.isKey ? key : 0) | streamId | codedPts | sizeMsb | headerIdx | checksum;
  const head = [
    number,
    ...writeV((code.flags & ~FLAGS.coded) ^ flags),
    ...writeV(0),
    ...writeV(frame.pts + 2 ** ptsShift),
    ...writeV(data.length),
    ...writeV(0),
  ];
  return Buffer.concat([Uint8Array.from([...head, ...u32Bytes(crc32(head))]), data, syncpoint(frame.pts)]);
}

/** Readers give up on a frame too far behind the last syncpoint (max_distance). */
function syncpoint(pts: number): Uint8Array {
  const startcode = Buffer.alloc(8);
  startcode.writeBigUInt64BE(STARTCODES.syncpoint);
  const payload = [...writeV(pts), ...writeV(0)];
  return Buffer.concat([
    startcode,
    Uint8Array.from([...writeV(payload.length + 4), ...payload, ...u32Bytes(crc32(payload))]),
  ]);
}
