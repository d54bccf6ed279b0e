// The seeded mutants of real clips: which clip, which damage, under which name. A mutant follows from the seed and its
// number alone, so that any one of them can be made again.
import { readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { Random } from "../sim/random.ts";
import { mediaPath } from "../support/media.ts";
import { type ContainerKind, damage } from "./damage.ts";

interface Base {
  readonly clip: string;
  readonly kind: ContainerKind;
  /** Only so many bytes from the beginning are used: a shorter clip of the same recording. */
  readonly bytes?: number;
}

/** Shipped clips that take a second or less to encode. */
const BASES: readonly Base[] = [
  { clip: "audio-shorter.mp4", kind: "mp4" },
  { clip: "nasa-2video-2audio-2subs.mp4", kind: "mp4" },
  { clip: "chapters-h264-444.mkv", kind: "matroska" },
  { clip: "subs-ass.mkv", kind: "matroska" },
  { clip: "odd-161x121-vp9.webm", kind: "matroska" },
  { clip: "alpha-vp9.webm", kind: "matroska" },
  { clip: "vp9-10bit-23.976.webm", kind: "matroska" },
  { clip: "rollover-tos-360p24-20s.ts", kind: "ts", bytes: 188 * 1600 },
  { clip: "rollover-tos-360p24-20s.ts", kind: "ts", bytes: 188 * 700 },
  { clip: "mpeg4-mp3-23.976.avi", kind: "avi" },
  { clip: "frag-seekable.mp4", kind: "fragmented" },
  { clip: "frag-partial.mp4", kind: "fragmented" },
];

const EXTENSIONS = [".mp4", ".mkv", ".webm", ".ts", ".avi", ".mov", ".h264", ".mp3", ".m3u8"];

export interface Mutant {
  readonly number: number;
  readonly path: string;
  readonly what: string;
}

/** Every clip is met in turn; the same seed and number give the same bytes. */
export async function makeMutant(seed: number, number: number, folder: string): Promise<Mutant> {
  const random = new Random(Math.imul(seed + number * 7919, 0x9e3779b1));
  const base = BASES[number % BASES.length];
  if (base === undefined) throw new Error("no clip to damage");
  const path = mediaPath(base.clip);
  if (path === null) throw new Error(`${base.clip} is shipped with the tests and is not there`);
  const original = (await readFile(path)).subarray(0, base.bytes);
  const { name, bytes, what } = damage(original, base.kind, random);
  const own = extname(base.clip);
  const others = EXTENSIONS.filter((extension) => extension !== own);
  const extension =
    name === "renamed" || random.chance(0.15) ? (others[random.whole(0, others.length - 1)] ?? own) : own;
  const mutant = join(folder, `mutant-${number}${extension}`);
  await writeFile(mutant, bytes);
  const renamed = extension === own ? "" : `, called ${extension}`;
  return { number, path: mutant, what: `${base.clip}: ${name}: ${what}${renamed}` };
}
