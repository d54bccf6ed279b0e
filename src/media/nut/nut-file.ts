// Reads a NUT file with one video stream part by part. Strict: anything that deviates from the format is a NutError.
// Packets are read only on request and not interpreted.
import type { FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { FileWindow } from "./file-window.ts";
import {
  FRAME_FLAGS,
  type NutMain,
  type NutStream,
  parseMainHeader,
  parseStreamHeader,
  STARTCODES_BEGIN,
} from "./nut-headers.ts";
import { NutBytes, NutError } from "./nut-numbers.ts";

/** Offsets in the file. */
interface Extent {
  readonly start: number;
  readonly end: number;
}

export interface NutFrame extends Extent {
  readonly kind: "frame";
  /** FRAME_FLAGS */
  readonly flags: number;
  /** In the stream's ticks. */
  readonly pts: number;
  /** Where the packet begins, without what is elided. */
  readonly dataStart: number;
  /** The elided beginning of the packet, which is not stored with it. */
  readonly elided: Uint8Array;
}

export type NutPart =
  | NutFrame
  | ({
      /** `index` (positions in the file) is the last part, and becomes invalid once anything before it moves. */
      readonly kind: "opening" | "main header" | "stream header" | "syncpoint" | "info" | "index";
    } & Extent);

const OPENING = new TextEncoder().encode("nut/multimedia container\0");
/** nut.txt, "startcode" */
export const STARTCODES = {
  main: 0x4e4d_7a56_1f5f_04adn,
  stream: 0x4e53_1140_5bf2_f9dbn,
  syncpoint: 0x4e4b_e4ad_eeca_4569n,
  index: 0x4e58_dd67_2f23_e64en,
  info: 0x4e49_ab68_b596_ba78n,
} as const;
const KINDS: ReadonlyMap<bigint, Exclude<NutPart["kind"], "frame" | "opening">> = new Map([
  [STARTCODES.main, "main header"],
  [STARTCODES.stream, "stream header"],
  [STARTCODES.syncpoint, "syncpoint"],
  [STARTCODES.index, "index"],
  [STARTCODES.info, "info"],
] as const satisfies [bigint, string][]);
const STARTCODE_BYTES = 8;
const CHECKSUM_BYTES = 4;
/** What stands between startcodes has a checksum of its beginning where it is longer than this. */
const SHORT_PACKET = 4096;
/** Longest header of a frame: a handful of numbers. */
const FRAME_HEADER_BYTES = 128;
/** Elision headers are for small frames (nut.txt, "header_idx"). */
const MOST_ELIDED = 4096;
/** Between two frames stand a syncpoint and, now and then, the headers again. */
const MOST_WITHOUT_FRAME = 64;
/** Parts are at hand without waiting, so that others get their turn by ours. */
const PARTS_A_TURN = 4096;
const CUT_OFF = "a NUT file ends in the middle of a part";

export class NutFile {
  readonly #window: FileWindow;
  #position = 0;
  #main: NutMain | null = null;
  #stream: NutStream | null = null;
  #lastPts: number | null = null;
  #parts = 0;
  #sinceFrame = 0;

  private constructor(window: FileWindow) {
    this.#window = window;
  }

  static async of(handle: FileHandle): Promise<NutFile> {
    return new NutFile(new FileWindow(handle, (await handle.stat()).size));
  }

  /** Errors: no part with it has gone by. */
  get main(): NutMain {
    if (this.#main === null) throw new NutError("a NUT file has no main header where one must be");
    return this.#main;
  }

  /** Errors: no part with it has gone by. */
  get stream(): NutStream {
    if (this.#stream === null) throw new NutError("a NUT file has no stream header where one must be");
    return this.#stream;
  }

  /** The next part; null at the end. */
  async next(): Promise<NutPart | null> {
    const start = this.#position;
    if (start === 0) return await this.#opening();
    if (start === this.#window.bytes) return null;
    const head = this.#window.held(start, FRAME_HEADER_BYTES) ?? (await this.#read(start, FRAME_HEADER_BYTES));
    const part = head[0] === STARTCODES_BEGIN ? await this.#packet(start, head) : this.#frame(start, head);
    if (part.end > this.#window.bytes) throw new NutError(CUT_OFF);
    this.#sinceFrame = part.kind === "frame" ? 0 : this.#sinceFrame + 1;
    if (this.#sinceFrame > MOST_WITHOUT_FRAME) throw new NutError("a NUT file goes on without frames");
    this.#position = part.end;
    this.#parts += 1;
    if (this.#parts % PARTS_A_TURN === 0) await setImmediate();
    return part;
  }

  /** A part as it stands in the file. */
  async bytesOf({ start, end }: NutPart): Promise<Uint8Array> {
    return await this.#read(start, end - start);
  }

  /** The whole packet of a frame. */
  async dataOf({ dataStart, end, elided }: NutFrame): Promise<Uint8Array> {
    const stored = await this.#read(dataStart, end - dataStart);
    return elided.length === 0 ? stored : Buffer.concat([elided, stored]);
  }

  async #read(position: number, wanted: number): Promise<Uint8Array> {
    const bytes = await this.#window.read(position, wanted);
    if (bytes === null) throw new NutError(CUT_OFF);
    return bytes;
  }

  async #opening(): Promise<NutPart> {
    const opening = await this.#read(0, OPENING.length);
    if (!OPENING.every((byte, position) => byte === opening[position]))
      throw new NutError("a segment is not a NUT file");
    this.#position = OPENING.length;
    return { kind: "opening", start: 0, end: OPENING.length };
  }

  /** What begins with a startcode. */
  async #packet(start: number, head: Uint8Array): Promise<NutPart> {
    if (head.length < STARTCODE_BYTES + 1 + CHECKSUM_BYTES) throw new NutError(CUT_OFF);
    const kind = KINDS.get(new DataView(head.buffer, head.byteOffset, STARTCODE_BYTES).getBigUint64(0));
    const bytes = new NutBytes(head, STARTCODE_BYTES);
    const length = bytes.number();
    const begins = start + bytes.position + (length > SHORT_PACKET ? CHECKSUM_BYTES : 0);
    const end = begins + length;
    if (end > this.#window.bytes || length < CHECKSUM_BYTES) throw new NutError(CUT_OFF);
    const content = async () => new NutBytes(await this.#read(begins, length - CHECKSUM_BYTES));
    switch (kind) {
      case "main header":
        this.#main ??= parseMainHeader(await content());
        break;
      case "stream header":
        this.#takeStream(parseStreamHeader(await content(), this.main));
        break;
      case "syncpoint":
        this.#sync(await content());
        break;
      case undefined:
        throw new NutError("a NUT file has a part of an unknown kind");
    }
    return { kind, start, end };
  }

  /** Headers are repeated through the file. */
  #takeStream(stream: NutStream): void {
    if (stream.id !== 0 || !stream.isVideo) throw new NutError("a segment holds more than one stream, or no video");
    this.#stream ??= stream;
  }

  /** Each stream's clock goes on from the syncpoint's, rounded down. */
  #sync(bytes: NutBytes): void {
    const { timeBases } = this.main;
    const { timeBase } = this.stream;
    const coded = bytes.number();
    const own = timeBases[coded % timeBases.length];
    if (own === undefined) throw new NutError("a NUT file lacks a time base that it speaks of");
    const ticks = BigInt(Math.floor(coded / timeBases.length));
    this.#lastPts = Number((ticks * BigInt(own.num) * BigInt(timeBase.den)) / (BigInt(own.den) * BigInt(timeBase.num)));
  }

  #frame(start: number, head: Uint8Array): NutFrame {
    const { frameCodes, elisions } = this.main;
    const bytes = new NutBytes(head);
    const code = frameCodes[bytes.byte()];
    if (code === undefined || this.#lastPts === null) throw new NutError("a NUT file has a frame where none may be");
    let { flags, stream, headerIndex, reserved, sizeLsb: size } = code;
    if (flags & FRAME_FLAGS.invalid) throw new NutError("a NUT file has no frame where one is");
    if (flags & FRAME_FLAGS.coded) flags ^= bytes.number();
    if (flags & FRAME_FLAGS.streamId) stream = bytes.number();
    if (stream !== 0) throw new NutError("a segment holds more than one stream");
    const pts =
      flags & FRAME_FLAGS.codedPts ? this.#codedPts(bytes.number(), this.#lastPts) : this.#lastPts + code.ptsDelta;
    if (flags & FRAME_FLAGS.sizeMsb) size += code.sizeMul * bytes.number();
    if (flags & FRAME_FLAGS.matchTime) bytes.signed();
    if (flags & FRAME_FLAGS.headerIndex) headerIndex = bytes.number();
    if (flags & FRAME_FLAGS.reserved) reserved = bytes.number();
    for (let field = 0; field < reserved; field += 1) bytes.number();
    const elided = elisions[size > MOST_ELIDED ? 0 : headerIndex];
    if (elided === undefined || elided.length > size) throw new NutError("a NUT file lacks the beginning of a packet");
    if (flags & FRAME_FLAGS.checksum) bytes.position += CHECKSUM_BYTES;
    this.#lastPts = pts;
    const dataStart = start + bytes.position;
    return { kind: "frame", start, end: dataStart + size - elided.length, flags, pts, dataStart, elided };
  }

  /** The low bits of a time near the last, or the whole of it (nut.txt, "coded_pts"). */
  #codedPts(coded: number, last: number): number {
    const range = 2 ** this.stream.msbPtsShift;
    if (coded >= range) return coded - range;
    const from = last - Math.floor((range - 1) / 2);
    return from + ((((coded - from) % range) + range) % range);
  }
}
