// Ways to damage the bytes of a media file, each chosen and placed by a seeded generator. Knows where the containers
// keep their headers and indexes, nothing of the product.
import type { Random } from "../sim/random.ts";

export type ContainerKind = "mp4" | "fragmented" | "matroska" | "ts" | "avi";

export interface Damaged {
  readonly bytes: Uint8Array;
  readonly what: string;
}

const TS_PACKET = 188;

function text(name: string): number[] {
  return [...name].map((letter) => letter.charCodeAt(0));
}

/** Byte patterns that begin an index (or what takes its place) in each container. */
const INDEX_MARKS: Readonly<Record<ContainerKind, readonly (readonly number[])[]>> = {
  mp4: ["stts", "stsz", "stco", "stss", "ctts", "stsc", "stsd", "elst", "mdhd"].map(text),
  fragmented: ["trun", "tfhd", "tfdt", "moof", "sidx", "trex"].map(text),
  // Cues, SeekHead, Tracks, SimpleBlock lengths follow a Cluster
  matroska: [
    [0x1c, 0x53, 0xbb, 0x6b],
    [0x11, 0x4d, 0x9b, 0x74],
    [0x16, 0x54, 0xae, 0x6b],
    [0x1f, 0x43, 0xb6, 0x75],
  ],
  ts: [[0x47, 0x40]],
  avi: ["idx1", "strh", "strf", "avih", "movi"].map(text),
};

function positionsOf(bytes: Uint8Array, mark: readonly number[]): number[] {
  const found: number[] = [];
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = view.indexOf(Buffer.from(mark)); at >= 0; at = view.indexOf(Buffer.from(mark), at + 1)) found.push(at);
  return found;
}

function pick<T>(random: Random, from: readonly T[]): T | undefined {
  return from[random.whole(0, from.length - 1)];
}

function flipBits(bytes: Uint8Array, random: Random, from: number, to: number, count: number): void {
  for (let flipped = 0; flipped < count; flipped += 1) {
    const at = random.whole(from, Math.max(from, Math.min(bytes.length, to) - 1));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.whole(0, 7));
  }
}

type Damage = (bytes: Uint8Array, random: Random, kind: ContainerKind) => Damaged;

function inHeader(bytes: Uint8Array, random: Random): Damaged {
  const count = random.whole(1, 12);
  flipBits(bytes, random, 0, Math.min(4096, bytes.length / 4), count);
  return { bytes, what: `${count} bits flipped in the header` };
}

function inPackets(bytes: Uint8Array, random: Random): Damaged {
  const count = random.whole(1, 64);
  flipBits(bytes, random, Math.floor(bytes.length * 0.1), Math.floor(bytes.length * 0.95), count);
  return { bytes, what: `${count} bits flipped in the packets` };
}

function markIn(bytes: Uint8Array, random: Random, kind: ContainerKind): number | undefined {
  const present = INDEX_MARKS[kind].map((mark) => positionsOf(bytes, mark)).filter((positions) => positions.length > 0);
  const positions = pick(random, present);
  return positions === undefined ? undefined : pick(random, positions);
}

function inIndex(bytes: Uint8Array, random: Random, kind: ContainerKind): Damaged {
  const at = markIn(bytes, random, kind);
  if (at === undefined) return inHeader(bytes, random);
  const count = random.whole(1, 6);
  flipBits(bytes, random, at + 4, at + 4 + random.whole(8, 120), count);
  return { bytes, what: `${count} bits flipped after the index mark at ${at}` };
}

function truncated(bytes: Uint8Array, random: Random): Damaged {
  const length = random.whole(1, bytes.length - 1);
  return { bytes: bytes.slice(0, length), what: `cut off after ${length} of ${bytes.length} bytes` };
}

/** Where a block may begin: transport streams keep their packets most of the time. */
function block(bytes: Uint8Array, random: Random, kind: ContainerKind): { from: number; length: number } {
  const grain = kind === "ts" && random.chance(0.7) ? TS_PACKET : 1;
  const most = Math.max(grain, Math.floor(bytes.length / 8));
  const length = Math.max(grain, Math.floor(random.whole(grain, most) / grain) * grain);
  const from = Math.floor(random.whole(0, Math.max(0, bytes.length - length)) / grain) * grain;
  return { from, length };
}

function swapped(bytes: Uint8Array, random: Random, kind: ContainerKind): Damaged {
  const a = block(bytes, random, kind);
  const from = block(bytes, random, kind).from;
  const length = Math.min(a.length, Math.abs(from - a.from), bytes.length - Math.max(from, a.from));
  const kept = bytes.slice(a.from, a.from + length);
  bytes.copyWithin(a.from, from, from + length);
  bytes.set(kept, from);
  return { bytes, what: `blocks of ${length} bytes at ${a.from} and ${from} swapped` };
}

function duplicated(bytes: Uint8Array, random: Random, kind: ContainerKind): Damaged {
  const { from, length } = block(bytes, random, kind);
  const end = from + length;
  const longer = Buffer.concat([bytes.subarray(0, end), bytes.subarray(from, end), bytes.subarray(end)]);
  return { bytes: longer, what: `${length} bytes at ${from} doubled` };
}

function zeroed(bytes: Uint8Array, random: Random, kind: ContainerKind): Damaged {
  const { from, length } = block(bytes, random, kind);
  bytes.fill(0, from, from + length);
  return { bytes, what: `${length} bytes at ${from} zeroed` };
}

function removed(bytes: Uint8Array, random: Random, kind: ContainerKind): Damaged {
  const { from, length } = block(bytes, random, kind);
  const shorter = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]);
  return { bytes: shorter, what: `${length} bytes at ${from} removed` };
}

const HUGE = [0x7fffffff, 0xffffffff, 0x80000000, 0x00ffffff, 0, 1];

/** A size or count field made absurd: box sizes and table counts, EBML lengths, RIFF chunk sizes, PES lengths. */
function blownUp(bytes: Uint8Array, random: Random, kind: ContainerKind): Damaged {
  const at = markIn(bytes, random, kind);
  if (at === undefined) return inHeader(bytes, random);
  const value = pick(random, HUGE) ?? 0;
  const isIso = kind === "mp4" || kind === "fragmented";
  const offset = isIso && random.chance(0.5) ? at - 4 : at + 4 + (isIso ? 4 * random.whole(1, 4) : 0);
  if (offset < 0 || offset + 4 > bytes.length) return inHeader(bytes, random);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(offset, value, kind === "avi");
  return { bytes, what: `the field at ${offset} set to 0x${value.toString(16)}` };
}

function garbled(bytes: Uint8Array, random: Random, kind: ContainerKind): Damaged {
  const { from, length } = block(bytes, random, kind);
  for (let at = from; at < from + length; at += 1) bytes[at] = random.whole(0, 255);
  return { bytes, what: `${length} bytes at ${from} overwritten by noise` };
}

function untouched(bytes: Uint8Array): Damaged {
  return { bytes, what: "nothing" };
}

const DAMAGES: readonly { readonly name: string; readonly weight: number; readonly apply: Damage }[] = [
  { name: "header-bits", weight: 4, apply: inHeader },
  { name: "packet-bits", weight: 4, apply: inPackets },
  { name: "index-bits", weight: 4, apply: inIndex },
  { name: "truncated", weight: 4, apply: truncated },
  { name: "swapped", weight: 2, apply: swapped },
  { name: "duplicated", weight: 2, apply: duplicated },
  { name: "zeroed", weight: 2, apply: zeroed },
  { name: "removed", weight: 2, apply: removed },
  { name: "sizes", weight: 4, apply: blownUp },
  { name: "noise", weight: 2, apply: garbled },
  { name: "renamed", weight: 1, apply: untouched },
];

const TOTAL_WEIGHT = DAMAGES.reduce((sum, { weight }) => sum + weight, 0);

/** Damages a copy of `original`; the same generator state gives the same bytes. */
export function damage(original: Uint8Array, kind: ContainerKind, random: Random): Damaged & { readonly name: string } {
  let left = random.whole(0, TOTAL_WEIGHT - 1);
  const chosen = DAMAGES.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  if (chosen === undefined) throw new Error("the weights do not add up");
  return { name: chosen.name, ...chosen.apply(Uint8Array.from(original), random, kind) };
}
