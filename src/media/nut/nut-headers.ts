// Parses the headers of a NUT file (nut.txt, versions 2 to 4): time bases, the table of frame codes, streams. Pure.
// Anything that deviates from the format is a NutError.
import type { Rational } from "../../base/rational.ts";
import { type NutBytes, NutError } from "./nut-numbers.ts";

export const FRAME_FLAGS = {
  key: 1,
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
  sideData: 256,
  headerIndex: 1024,
  matchTime: 2048,
  coded: 4096,
  invalid: 8192,
} as const;

export interface FrameCode {
  readonly flags: number;
  readonly stream: number;
  readonly ptsDelta: number;
  readonly sizeMul: number;
  readonly sizeLsb: number;
  readonly reserved: number;
  readonly headerIndex: number;
}

export interface NutMain {
  readonly version: number;
  readonly streams: number;
  readonly timeBases: readonly Rational[];
  readonly frameCodes: readonly FrameCode[];
  /** Beginnings of packets that are not stored with them ("elision headers"); the first is empty. */
  readonly elisions: readonly Uint8Array[];
}

export interface NutStream {
  readonly id: number;
  readonly isVideo: boolean;
  /** The codec's four letters, "H264". */
  readonly codecTag: string;
  readonly timeBase: Rational;
  readonly msbPtsShift: number;
  readonly extradata: Uint8Array;
  /** Of the pictures; null of other streams. */
  readonly size: { readonly width: number; readonly height: number } | null;
}

const CODES = 256;
const WRONG_TABLE = "a NUT file has a table of frame codes that makes no sense";
/** Never a frame's: startcodes begin with it. */
export const STARTCODES_BEGIN = 0x4e;
const INVALID: FrameCode = {
  flags: FRAME_FLAGS.invalid,
  stream: 0,
  ptsDelta: 0,
  sizeMul: 1,
  sizeLsb: 0,
  reserved: 0,
  headerIndex: 0,
};

export function parseMainHeader(bytes: NutBytes): NutMain {
  const version = bytes.number();
  if (version < 2 || version > 4) throw new NutError(`a segment is in version ${version} of NUT`);
  if (version > 3) bytes.number(); // minor version
  const streams = bytes.number();
  bytes.number(); // max_distance
  const timeBases = Array.from({ length: bounded(bytes.number()) }, () => timeBase(bytes));
  const frameCodes = parseFrameCodes(bytes);
  const elisions = [new Uint8Array(0), ...Array.from({ length: bounded(bytes.number()) }, () => bytes.block())];
  return { version, streams, timeBases, frameCodes, elisions };
}

function timeBase(bytes: NutBytes): Rational {
  const [num, den] = [bytes.number(), bytes.number()];
  if (num === 0 || den === 0) throw new NutError("a NUT file has a time base of zero");
  return { num, den };
}

function bounded(count: number): number {
  if (count > CODES) throw new NutError("a table of a NUT file is too long");
  return count;
}

function parseFrameCodes(bytes: NutBytes): FrameCode[] {
  const codes: FrameCode[] = [];
  let [ptsDelta, sizeMul, stream, headerIndex] = [0, 1, 0, 0];
  while (codes.length < CODES) {
    const flags = bytes.number();
    const fields = bytes.number();
    if (fields > 0) ptsDelta = bytes.signed();
    if (fields > 1) sizeMul = bytes.number();
    if (fields > 2) stream = bytes.number();
    const size = fields > 3 ? bytes.number() : 0;
    const reserved = fields > 4 ? bytes.number() : 0;
    const count = fields > 5 ? bytes.number() : sizeMul - size;
    if (fields > 6) bytes.signed(); // match_time_delta
    if (fields > 7) headerIndex = bytes.number();
    for (let field = 8; field < fields; field += 1) bytes.number();
    if (count <= 0 || codes.length + count > CODES) throw new NutError(WRONG_TABLE);
    for (let step = 0; step < count; step += 1) {
      if (codes.length === STARTCODES_BEGIN) codes.push(INVALID);
      if (codes.length === CODES) throw new NutError(WRONG_TABLE);
      codes.push({ flags, stream, ptsDelta, sizeMul, sizeLsb: size + step, reserved, headerIndex });
    }
  }
  return codes;
}

const VIDEO_CLASS = 0;

export function parseStreamHeader(bytes: NutBytes, main: NutMain): NutStream {
  const id = bytes.number();
  const isVideo = bytes.number() === VIDEO_CLASS;
  const codecTag = String.fromCharCode(...bytes.block());
  const timeBase = main.timeBases[bytes.number()];
  if (timeBase === undefined) throw new NutError("a NUT file lacks a time base that it speaks of");
  const msbPtsShift = bytes.number();
  if (msbPtsShift > 32) throw new NutError("a NUT file has an msb_pts_shift that makes no sense");
  bytes.number(); // max_pts_distance
  bytes.number(); // decode_delay
  bytes.number(); // flags
  const extradata = bytes.block();
  const size = isVideo ? { width: bytes.number(), height: bytes.number() } : null;
  return { id, isVideo, codecTag, timeBase, msbPtsShift, extradata, size };
}
