// The packets of a segment in NUT, read without starting a program: their times, and the parameter sets. Strict: a file
// that it does not understand to its last byte has no answer here, and is for ffprobe to judge.
import { type FileHandle, open } from "node:fs/promises";
import { sha256Of } from "../../base/digest.ts";
import { errnoOf } from "../../base/errors.ts";
import type { Rational } from "../../base/rational.ts";
import {
  FRAME_FLAGS,
  NutBytes,
  NutError,
  type NutMain,
  type NutStream,
  parseMainHeader,
  parseStreamHeader,
} from "./nut-header.ts";

export interface NutPackets {
  readonly timeBase: Rational;
  /** In the order of the file. */
  readonly pts: number[];
  readonly extradataSha256: string;
}

const FILE_ID = new TextEncoder().encode("nut/multimedia container\0");
/** nut.txt, "startcode"; the first byte of each is N. */
const MAIN = 0x4e4d7a561f5f04adn;
const STREAM = 0x4e5311405bf2f9dbn;
const SYNCPOINT = 0x4e4be4adeeca4569n;
const INDEX = 0x4e58dd672f23e64en;
const INFO = 0x4e49ab68b596ba78n;
const N = 0x4e;
const STARTCODE_BYTES = 8;
const CHECKSUM_BYTES = 4;
/** Packets longer than this have a checksum of their header. */
const SHORT_PACKET = 4096;
/** Longest header of a frame: a handful of numbers. */
const FRAME_HEADER_BYTES = 128;
const WINDOW_BYTES = 256 * 1024;
/** Elision headers are for small frames (nut.txt, "header_idx"). */
const MOST_ELIDED = 4096;

/** A piece of the file at a time. */
class Window {
  readonly #file: FileHandle;
  readonly bytes: number;
  #start = 0;
  #held: Uint8Array = new Uint8Array(0);

  constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
  }

  /** `wanted` bytes from `position` on, fewer at the end of the file. */
  async at(position: number, wanted: number): Promise<Uint8Array> {
    const needed = Math.min(wanted, this.bytes - position);
    if (position < this.#start || position + needed > this.#start + this.#held.length) {
      const buffer = new Uint8Array(Math.max(WINDOW_BYTES, needed));
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, position);
      this.#start = position;
      this.#held = buffer.subarray(0, bytesRead);
    }
    if (needed < 0 || this.#held.length < position - this.#start + needed) throw new NutError("cut off");
    return this.#held.subarray(position - this.#start, position - this.#start + needed);
  }
}

class NutReader {
  readonly #window: Window;
  #position = FILE_ID.length;
  #main: NutMain | null = null;
  #stream: NutStream | null = null;
  #lastPts: number | null = null;
  readonly pts: number[] = [];

  constructor(window: Window) {
    this.#window = window;
  }

  get stream(): NutStream {
    if (this.#stream === null) throw new NutError("there is no stream");
    return this.#stream;
  }

  async readAll(): Promise<void> {
    const id = await this.#window.at(0, FILE_ID.length);
    if (!FILE_ID.every((byte, position) => byte === id[position])) throw new NutError("no NUT file");
    while (this.#position < this.#window.bytes) {
      const head = await this.#window.at(this.#position, FRAME_HEADER_BYTES);
      if (head[0] === N) await this.#packet(head);
      else this.#frame(head);
    }
    if (this.#position !== this.#window.bytes) throw new NutError("the last frame is cut off");
  }

  async #packet(head: Uint8Array): Promise<void> {
    if (head.length < STARTCODE_BYTES + 1 + CHECKSUM_BYTES) throw new NutError("cut off");
    const startcode = new DataView(head.buffer, head.byteOffset, STARTCODE_BYTES).getBigUint64(0);
    const bytes = new NutBytes(head, STARTCODE_BYTES);
    const length = bytes.number();
    const begins = this.#position + bytes.position + (length > SHORT_PACKET ? CHECKSUM_BYTES : 0);
    const ends = begins + length;
    if (ends > this.#window.bytes || length < CHECKSUM_BYTES) throw new NutError("a packet is cut off");
    const content = async () => new NutBytes(await this.#window.at(begins, length - CHECKSUM_BYTES));
    if (startcode === MAIN) this.#main ??= parseMainHeader(await content());
    else if (startcode === STREAM) this.#takeStream(parseStreamHeader(await content(), this.#mainHeader()));
    else if (startcode === SYNCPOINT) this.#sync(await content());
    else if (startcode !== INFO && startcode !== INDEX) throw new NutError("a startcode is unknown");
    this.#position = ends;
  }

  #mainHeader(): NutMain {
    if (this.#main === null) throw new NutError("there is no main header");
    return this.#main;
  }

  /** Headers are repeated through the file. */
  #takeStream(stream: NutStream): void {
    if (stream.id !== 0 || !stream.isVideo) throw new NutError("a segment has one stream, and that is video");
    this.#stream ??= stream;
  }

  /** Each stream's clock goes on from the syncpoint's, rounded down. */
  #sync(bytes: NutBytes): void {
    const { timeBases } = this.#mainHeader();
    const { timeBase } = this.stream;
    const coded = bytes.number();
    const own = timeBases[coded % timeBases.length];
    if (own === undefined) throw new NutError("a time base is missing");
    const ticks = BigInt(Math.floor(coded / timeBases.length));
    this.#lastPts = Number((ticks * BigInt(own.num) * BigInt(timeBase.den)) / (BigInt(own.den) * BigInt(timeBase.num)));
  }

  #frame(head: Uint8Array): void {
    const main = this.#mainHeader();
    const bytes = new NutBytes(head);
    const code = main.frameCodes[bytes.byte()];
    if (code === undefined || this.#lastPts === null) throw new NutError("a frame stands where none may");
    let { flags, stream, headerIndex, reserved, sizeLsb: size } = code;
    if (flags & FRAME_FLAGS.invalid) throw new NutError("a frame code is invalid");
    if (flags & FRAME_FLAGS.coded) flags ^= bytes.number();
    if (flags & FRAME_FLAGS.streamId) stream = bytes.number();
    if (stream !== 0) throw new NutError("a segment has one stream");
    const pts =
      flags & FRAME_FLAGS.codedPts ? this.#codedPts(bytes.number(), this.#lastPts) : this.#lastPts + code.ptsDelta;
    if (flags & FRAME_FLAGS.sizeMsb) size += code.sizeMul * bytes.number();
    if (flags & FRAME_FLAGS.matchTime) bytes.signed();
    if (flags & FRAME_FLAGS.headerIndex) headerIndex = bytes.number();
    if (flags & FRAME_FLAGS.reserved) reserved = bytes.number();
    for (let field = 0; field < reserved; field += 1) bytes.number();
    const elided = size > MOST_ELIDED ? 0 : main.headerLengths[headerIndex];
    if (elided === undefined || elided > size) throw new NutError("an elision header is missing");
    if (flags & FRAME_FLAGS.checksum) bytes.position += CHECKSUM_BYTES;
    this.#lastPts = pts;
    this.pts.push(pts);
    this.#position += bytes.position + size - elided;
    if (this.#position > this.#window.bytes) throw new NutError("the last frame is cut off");
  }

  /** The low bits of a time near the last, or the whole of it. */
  #codedPts(coded: number, last: number): number {
    const range = 2 ** this.stream.msbPtsShift;
    if (coded >= range) return coded - range;
    const from = last - Math.floor((range - 1) / 2);
    return from + ((((coded - from) % range) + range) % range);
  }
}

/** Null: not a file that this can read (ffprobe will say why), or one whose parameter sets are not in its header. */
export async function readNut(path: string): Promise<NutPackets | null> {
  try {
    await using file = await open(path, "r");
    const reader = new NutReader(new Window(file, (await file.stat()).size));
    await reader.readAll();
    const { timeBase, extradata } = reader.stream;
    return extradata.length === 0 ? null : { timeBase, pts: reader.pts, extradataSha256: sha256Of(extradata) };
  } catch (thrown) {
    if (thrown instanceof NutError || errnoOf(thrown) !== null) return null;
    throw thrown;
  }
}
