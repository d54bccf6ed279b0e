// HDR10 metadata in an encoder's packets: finds the messages before a picture, and adds those that are missing. It
// never touches bytes of the picture. Pure.
import {
  type Hdr10Codec,
  type Hdr10Kind,
  kindsOf,
  messagesFor,
  OBU_METADATA_TYPES,
  SEI_TYPES,
  type StaticHdr,
} from "./hdr10-messages.ts";

interface InsertionPoint {
  /** Kinds found before the picture. */
  readonly found: ReadonlySet<Hdr10Kind>;
  /** Where to insert others. */
  readonly offset: number;
}

const H264_SEI = 6;
const HEVC_PREFIX_SEI = 39;
const OBU_SEQUENCE_HEADER = 1;
const OBU_TEMPORAL_DELIMITER = 2;
const OBU_METADATA = 5;
/** Frame headers, tile groups and frames (AV1 6.2.2). */
const OBU_PICTURES = new Set([3, 4, 6, 7]);

/** Offset of the next 00 00 01 at or after `from`; the length when there is none. */
export function nextStartCode(data: Uint8Array, from: number): number {
  for (let at = from; at + 2 < data.length; at += 1) {
    if (data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1) return at;
  }
  return data.length;
}

/** Coded slices: H.264 types 1 to 5, HEVC types below 32. */
function isPicture(codec: Hdr10Codec, type: number): boolean {
  return codec === "h264" ? type >= 1 && type <= 5 : type < 32;
}

export interface SeiMessage {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** The messages of an SEI unit, without its header and start code. */
export function seiMessages(unit: Uint8Array): SeiMessage[] {
  const bytes: number[] = [];
  let zeros = 0;
  for (const byte of unit) {
    const isEscape = zeros >= 2 && byte === 3;
    if (!isEscape) bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  const messages: SeiMessage[] = [];
  let at = 0;
  const number = () => {
    let sum = 0;
    for (; bytes[at] === 0xff; at += 1) sum += 0xff;
    sum += bytes[at] ?? 0;
    at += 1;
    return sum;
  };
  // What is left at the end is rbsp_trailing_bits: a message needs more than two bytes.
  while (at + 2 < bytes.length) {
    const type = number();
    const size = number();
    messages.push({ type, payload: Uint8Array.from(bytes.slice(at, at + size)) });
    at += size;
  }
  return messages;
}

function insertionPointInUnits(codec: Hdr10Codec, data: Uint8Array): InsertionPoint {
  const found = new Set<Hdr10Kind>();
  let start = nextStartCode(data, 0);
  // A length in place of a start code (avcC, hvcC): nothing that ffmpeg puts into a segment.
  if (start > 1) throw new Error(`a packet of ${codec} does not begin with a start code`);
  while (start < data.length) {
    const header = data[start + 3] ?? 0;
    const type = codec === "h264" ? header & 0x1f : (header >> 1) & 0x3f;
    if (isPicture(codec, type)) return { found, offset: start > 0 && data[start - 1] === 0 ? start - 1 : start };
    const end = nextStartCode(data, start + 3);
    if (type === (codec === "h264" ? H264_SEI : HEVC_PREFIX_SEI)) {
      for (const { type: message } of seiMessages(data.subarray(start + (codec === "h264" ? 4 : 5), end))) {
        const kind = SEI_TYPES.get(message);
        if (kind !== undefined) found.add(kind);
      }
    }
    start = end;
  }
  throw new Error(`a key frame of ${codec} holds no picture`);
}

/** AV1 4.10.5. */
function readLeb128(data: Uint8Array, from: number): { readonly value: number; readonly bytes: number } {
  let value = 0;
  for (let bytes = 0; bytes < 8; bytes += 1) {
    const byte = data[from + bytes] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * bytes);
    if (byte < 0x80) return { value, bytes: bytes + 1 };
  }
  throw new Error("a length in an AV1 packet has no end");
}

function insertionPointInObus(data: Uint8Array): InsertionPoint {
  const found = new Set<Hdr10Kind>();
  let offset = 0;
  let at = 0;
  while (at < data.length) {
    const header = data[at] ?? 0;
    const type = (header >> 3) & 0x0f;
    const headerBytes = (header & 4) === 0 ? 1 : 2;
    if (OBU_PICTURES.has(type)) return { found, offset };
    if ((header & 2) === 0) throw new Error("an AV1 packet has a unit without a size before its picture");
    const size = readLeb128(data, at + headerBytes);
    const content = at + headerBytes + size.bytes;
    if (type === OBU_METADATA) {
      const kind = OBU_METADATA_TYPES.get(readLeb128(data, content).value);
      if (kind !== undefined) found.add(kind);
    }
    at = content + size.value;
    if (type === OBU_SEQUENCE_HEADER || type === OBU_TEMPORAL_DELIMITER) offset = at;
  }
  throw new Error("a key frame of AV1 holds no picture");
}

/**
 * A key frame with every message of `hdr` before its picture; null when it already has all. H.264 and HEVC as byte
 * streams with start codes. Errors: any other packet.
 */
export function withHdr10(codec: Hdr10Codec, data: Uint8Array, hdr: StaticHdr): Uint8Array | null {
  const { found, offset } = codec === "av1" ? insertionPointInObus(data) : insertionPointInUnits(codec, data);
  const missing = kindsOf(hdr).filter((kind) => !found.has(kind));
  if (missing.length === 0) return null;
  return Buffer.concat([data.subarray(0, offset), messagesFor(codec, hdr, missing), data.subarray(offset)]);
}
