// The headers of a NUT file (nut.txt, version 3 and 4): time bases, the table that frame headers are coded by, streams.
// Pure: bytes in, values out. Whatever is not as the format says is a NutError.

export class NutError extends Error {}

/** Reads NUT's own numbers out of bytes that are all there. */
export class NutBytes {
  readonly #bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = bytes;
    this.position = position;
  }

  get left(): number {
    return this.#bytes.length - this.position;
  }

  byte(): number {
    const value = this.#bytes[this.position];
    if (value === undefined) throw new NutError("cut off");
    this.position += 1;
    return value;
  }

  /** `v`: seven bits a byte, the highest first. */
  number(): number {
    let value = 0;
    for (;;) {
      const byte = this.byte();
      value = value * 128 + (byte & 127);
      if (!Number.isSafeInteger(value)) throw new NutError("a number is too large");
      if (byte < 128) return value;
    }
  }

  /** `s` */
  signed(): number {
    const coded = this.number() + 1;
    return coded % 2 === 1 ? -((coded - 1) / 2) : coded / 2;
  }

  /** `vb` */
  block(): Uint8Array {
    const length = this.number();
    if (length > this.left) throw new NutError("cut off");
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }
}

export const FRAME_FLAGS = {
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
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
  readonly timeBases: readonly { readonly num: number; readonly den: number }[];
  readonly frameCodes: readonly FrameCode[];
  /** Lengths of the elision headers; the first is 0. */
  readonly headerLengths: readonly number[];
}

export interface NutStream {
  readonly id: number;
  readonly isVideo: boolean;
  readonly timeBase: { readonly num: number; readonly den: number };
  readonly msbPtsShift: number;
  readonly extradata: Uint8Array;
}

const CODES = 256;
/** Never a frame's: startcodes begin with it. */
const N = 0x4e;
const INVALID: FrameCode = {
  ...{ flags: FRAME_FLAGS.invalid, stream: 0, ptsDelta: 0, sizeMul: 1, sizeLsb: 0, reserved: 0, headerIndex: 0 },
};

export function parseMainHeader(bytes: NutBytes): NutMain {
  const version = bytes.number();
  if (version < 2 || version > 4) throw new NutError(`version ${version}`);
  if (version > 3) bytes.number(); // minor version
  bytes.number(); // streams
  bytes.number(); // max_distance
  const timeBases = Array.from({ length: bounded(bytes.number()) }, () => ({
    num: bytes.number(),
    den: bytes.number(),
  }));
  const frameCodes = parseFrameCodes(bytes);
  const headerLengths = [0];
  const headers = bounded(bytes.number());
  for (let header = 0; header < headers; header += 1) headerLengths.push(bytes.block().length);
  return { timeBases, frameCodes, headerLengths };
}

function bounded(count: number): number {
  if (count > CODES) throw new NutError("a table is too long");
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
    if (count <= 0 || codes.length + count > CODES) throw new NutError("the table of frame codes is wrong");
    for (let step = 0; step < count; step += 1) {
      if (codes.length === N) codes.push(INVALID);
      if (codes.length === CODES) throw new NutError("the table of frame codes is wrong");
      codes.push({ flags, stream, ptsDelta, sizeMul, sizeLsb: size + step, reserved, headerIndex });
    }
  }
  return codes;
}

const VIDEO_CLASS = 0;

export function parseStreamHeader(bytes: NutBytes, main: NutMain): NutStream {
  const id = bytes.number();
  const isVideo = bytes.number() === VIDEO_CLASS;
  bytes.block(); // fourcc
  const timeBase = main.timeBases[bytes.number()];
  if (timeBase === undefined) throw new NutError("a time base is missing");
  const msbPtsShift = bytes.number();
  if (msbPtsShift > 32) throw new NutError("msb_pts_shift is too large");
  bytes.number(); // max_pts_distance
  bytes.number(); // decode_delay
  bytes.number(); // flags
  return { id, isVideo, timeBase, msbPtsShift, extradata: bytes.block() };
}
