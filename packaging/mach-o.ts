// Reads and writes the few parts of a thin 64-bit Mach-O file that a code signature concerns. Offsets as in Apple's
// <mach-o/loader.h> and xnu's <kern/cs_blobs.h>; load commands are little-endian, signatures big-endian.
import { createHash } from "node:crypto";

const MAGIC_64 = 0xfeedfacf;
const HEADER_BYTES = 32;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const SUPERBLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const SHA256 = 2;
const AD_HOC = 0x2;
const MAIN_BINARY = 1n;
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;
/** Segments begin at multiples of this in memory, on Apple silicon too. */
const SEGMENT_ALIGN = 0x4000n;
const SUPERBLOB_BYTES = 20;
/** A CodeDirectory of version 0x20400, which names the executable segment. */
const DIRECTORY_BYTES = 88;
const DIRECTORY_VERSION = 0x20400;

interface Segment {
  /** Where its load command lies. */
  readonly at: number;
  readonly fileOffset: bigint;
  readonly fileSize: bigint;
}

interface Layout {
  readonly text: Segment;
  readonly linkEdit: Segment;
  /** Where the command that names the signature lies. */
  readonly signatureAt: number;
  readonly signatureOffset: number;
}

function segmentAt(view: DataView, at: number): Segment {
  return { at, fileOffset: view.getBigUint64(at + 40, true), fileSize: view.getBigUint64(at + 48, true) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function nameAt(bytes: Uint8Array, at: number): string {
  return new TextDecoder().decode(bytes.subarray(at, at + 16)).replace(/\0+$/, "");
}

/** Errors: a plain one when this is no thin 64-bit Mach-O file with a place for a signature. */
function layoutOf(bytes: Uint8Array): Layout {
  const view = viewOf(bytes);
  if (bytes.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC_64) {
    throw new Error("not a thin 64-bit Mach-O file");
  }
  let text: Segment | null = null;
  let linkEdit: Segment | null = null;
  let signatureAt: number | null = null;
  let at = HEADER_BYTES;
  for (let left = view.getUint32(16, true); left > 0; left -= 1) {
    const kind = view.getUint32(at, true);
    if (kind === LC_SEGMENT_64 && nameAt(bytes, at + 8) === "__TEXT") text = segmentAt(view, at);
    if (kind === LC_SEGMENT_64 && nameAt(bytes, at + 8) === "__LINKEDIT") linkEdit = segmentAt(view, at);
    if (kind === LC_CODE_SIGNATURE) signatureAt = at;
    at += view.getUint32(at + 4, true);
  }
  if (text === null || linkEdit === null || signatureAt === null) {
    throw new Error("this Mach-O file has no place for a signature");
  }
  return { text, linkEdit, signatureAt, signatureOffset: view.getUint32(signatureAt + 8, true) };
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function pagesOf(bytes: Uint8Array, end: number, pageBytes: number): Uint8Array[] {
  const count = Math.ceil(end / pageBytes);
  return Array.from({ length: count }, (_, page) =>
    bytes.subarray(page * pageBytes, Math.min((page + 1) * pageBytes, end)),
  );
}

export interface SignatureReport {
  readonly pages: number;
  /** Pages whose hash is another than the signature's: macOS ends the program when it touches one. */
  readonly wrongPages: number;
  /** Whether every byte before the signature is covered by it, and the file ends with it. */
  readonly isWhole: boolean;
}

/** Hashes every page and compares. Errors: a plain one when there is no signature with SHA-256 hashes. */
export function checkSignature(bytes: Uint8Array): SignatureReport {
  const { signatureAt, signatureOffset } = layoutOf(bytes);
  const size = viewOf(bytes).getUint32(signatureAt + 12, true);
  const blob = bytes.subarray(signatureOffset, signatureOffset + size);
  const view = viewOf(blob);
  if (blob.byteLength < SUPERBLOB_BYTES || view.getUint32(0) !== SUPERBLOB) throw new Error("there is no signature");
  const at = Array.from({ length: view.getUint32(8) }, (_, index) => view.getUint32(16 + 8 * index)).find(
    (offset) => view.getUint32(offset) === CODE_DIRECTORY && view.getUint8(offset + 37) === SHA256,
  );
  if (at === undefined) throw new Error("the signature has no SHA-256 hashes");
  const [hashesAt, count, limit] = [view.getUint32(at + 16), view.getUint32(at + 28), view.getUint32(at + 32)];
  const hashBytes = view.getUint8(at + 36);
  const pages = pagesOf(bytes, limit, 1 << view.getUint8(at + 39));
  const wrong = pages.filter((page, index) => {
    const kept = blob.subarray(at + hashesAt + index * hashBytes, at + hashesAt + (index + 1) * hashBytes);
    return Buffer.compare(digestOf(page).subarray(0, hashBytes), kept) !== 0;
  });
  const isWhole = limit === signatureOffset && signatureOffset + size === bytes.byteLength && count === pages.length;
  return { pages: count, wrongPages: wrong.length, isWhole };
}

function codeDirectory(code: Uint8Array, identifier: string, text: Segment): Uint8Array {
  const name = new TextEncoder().encode(`${identifier}\0`);
  const pages = pagesOf(code, code.byteLength, PAGE);
  const hashesAt = DIRECTORY_BYTES + name.byteLength;
  const bytes = new Uint8Array(hashesAt + 32 * pages.length);
  const view = viewOf(bytes);
  const words = [CODE_DIRECTORY, bytes.byteLength, DIRECTORY_VERSION, AD_HOC, hashesAt, DIRECTORY_BYTES, 0];
  for (const [index, word] of [...words, pages.length, code.byteLength].entries()) view.setUint32(index * 4, word);
  view.setUint8(36, 32); // bytes of a hash
  view.setUint8(37, SHA256);
  view.setUint8(39, PAGE_BITS);
  view.setBigUint64(64, text.fileOffset);
  view.setBigUint64(72, text.fileSize);
  view.setBigUint64(80, MAIN_BINARY);
  bytes.set(name, DIRECTORY_BYTES);
  for (const [index, page] of pages.entries()) bytes.set(digestOf(page), hashesAt + 32 * index);
  return bytes;
}

/**
 * The same program with an ad-hoc signature in place of the one it has, which has to be the last thing in the file.
 * Errors: a plain one when this is no thin 64-bit Mach-O file with a place for a signature.
 */
export function signAdHoc(bytes: Uint8Array, identifier: string): Uint8Array {
  const { text, linkEdit, signatureAt, signatureOffset } = layoutOf(bytes);
  const nameBytes = new TextEncoder().encode(identifier).byteLength + 1;
  const pageCount = Math.ceil(signatureOffset / PAGE);
  const blobBytes = SUPERBLOB_BYTES + DIRECTORY_BYTES + nameBytes + 32 * pageCount;
  const padded = Math.ceil(blobBytes / 16) * 16;
  const signed = new Uint8Array(signatureOffset + padded);
  signed.set(bytes.subarray(0, signatureOffset));
  const view = viewOf(signed);
  const fileSize = BigInt(signed.byteLength) - linkEdit.fileOffset;
  const inMemory = ((fileSize + SEGMENT_ALIGN - 1n) / SEGMENT_ALIGN) * SEGMENT_ALIGN;
  const before = view.getBigUint64(linkEdit.at + 32, true);
  view.setBigUint64(linkEdit.at + 32, inMemory > before ? inMemory : before, true);
  view.setBigUint64(linkEdit.at + 48, fileSize, true);
  view.setUint32(signatureAt + 12, padded, true);
  // The load commands lie in the first page: only now are the bytes final that are hashed.
  const directory = codeDirectory(signed.subarray(0, signatureOffset), identifier, text);
  const words = [SUPERBLOB, blobBytes, 1, 0, SUPERBLOB_BYTES];
  for (const [index, word] of words.entries()) view.setUint32(signatureOffset + index * 4, word);
  signed.set(directory, signatureOffset + SUPERBLOB_BYTES);
  return signed;
}
