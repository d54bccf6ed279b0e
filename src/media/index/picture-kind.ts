// Reads from the first bytes of a packet whether its picture is intra or predicted. Only for codecs that ffprobe does
// not parse, so that a key mark is the container's alone. Pure.

/** "intra": decoding may begin here. Null: the bytes do not show it. */
export type PictureKind = "intra" | "predicted" | null;

/** The picture kind of a NAL unit type; null: it holds no picture. */
type NalKind = (payload: Uint8Array, at: number) => PictureKind;

/** H.265 table 7-1: types up to 31 are pictures, 16 to 23 of them random access points. */
function hevcKind(payload: Uint8Array, at: number): PictureKind {
  const type = ((payload[at] ?? 0) >> 1) & 0x3f;
  if (type > 31) return null;
  return type >= 16 && type <= 23 ? "intra" : "predicted";
}

/** H.266 table 5: types up to 11 are pictures; 7 to 9 are IDR and CRA. */
function vvcKind(payload: Uint8Array, at: number): PictureKind {
  const type = (payload[at + 1] ?? 0) >> 3;
  if (type > 11) return null;
  return type >= 7 && type <= 9 ? "intra" : "predicted";
}

/** Lengths in front of NAL units, in bytes (ISO/IEC 14496-15 5.3.3.1 allows no other), the usual one first. */
const LENGTH_BYTES = [4, 2, 1] as const;
const NAL_HEADER_BYTES = 2;

/** The first picture among length-prefixed units; "misfit": the bytes are no such units. */
function walkLengths(payload: Uint8Array, size: number, lengthBytes: number, kind: NalKind): PictureKind | "misfit" {
  let at = 0;
  while (at + lengthBytes + NAL_HEADER_BYTES <= payload.length) {
    let length = 0;
    for (let byte = 0; byte < lengthBytes; byte += 1) length = length * 256 + (payload[at + byte] ?? 0);
    const unit = at + lengthBytes;
    // The highest bit of a unit is zero.
    if (length < NAL_HEADER_BYTES || unit + length > size || (payload[unit] ?? 0) > 127) return "misfit";
    const found = kind(payload, unit);
    if (found !== null) return found;
    at = unit + length;
  }
  return at === 0 ? "misfit" : null;
}

/** Positions after each `00 00 01`. */
function* startCodes(payload: Uint8Array): Generator<number> {
  for (let at = 0; at + 3 < payload.length; at += 1) {
    if (payload[at] === 0 && payload[at + 1] === 0 && payload[at + 2] === 1) yield at + 3;
  }
}

function walkStartCodes(payload: Uint8Array, kind: NalKind): PictureKind {
  for (const at of startCodes(payload)) {
    const found = kind(payload, at);
    if (found !== null) return found;
  }
  return null;
}

function nalPicture(payload: Uint8Array, size: number, kind: NalKind): PictureKind {
  for (const lengthBytes of LENGTH_BYTES) {
    const found = walkLengths(payload, size, lengthBytes, kind);
    if (found !== "misfit") return found;
  }
  return walkStartCodes(payload, kind);
}

/** ISO/IEC 14496-2 6.2.5: two bits behind the start code of a VOP; 0 is intra. */
function mpeg4Kind(payload: Uint8Array, at: number): PictureKind {
  const header = payload[at + 1];
  if (payload[at] !== 0xb6 || header === undefined) return null;
  return header >> 6 === 0 ? "intra" : "predicted";
}

/** ISO/IEC 13818-2 6.2.3: ten bits of order, then three of type; 1 is intra. */
function mpeg2Kind(payload: Uint8Array, at: number): PictureKind {
  const header = payload[at + 2];
  if (payload[at] !== 0x00 || header === undefined) return null;
  return ((header >> 3) & 7) === 1 ? "intra" : "predicted";
}

type Reader = (payload: Uint8Array, size: number) => PictureKind;

/** By ffprobe's codec_name. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["hevc", (payload, size) => nalPicture(payload, size, hevcKind)],
  ["vvc", (payload, size) => nalPicture(payload, size, vvcKind)],
  ["mpeg4", (payload) => walkStartCodes(payload, mpeg4Kind)],
  ["mpeg1video", (payload) => walkStartCodes(payload, mpeg2Kind)],
  ["mpeg2video", (payload) => walkStartCodes(payload, mpeg2Kind)],
]);

export function knowsPictures(codec: string): boolean {
  return READERS.has(codec);
}

/** `payload`: the packet's beginning; `size`: bytes of the whole packet. */
export function pictureKind(codec: string, payload: Uint8Array, size: number): PictureKind {
  return READERS.get(codec)?.(payload, size) ?? null;
}
