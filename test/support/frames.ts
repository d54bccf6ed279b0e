// What a file decodes to, by ffmpeg alone: the yardstick of the end-to-end tests. Uses no code of the product.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { mainVideo } from "./main-video.ts";
import { type Tools, toolsIn } from "./versus-plain/tools.ts";

export interface Frames {
  /** MD5 of each decoded picture, in order. */
  readonly md5: readonly string[];
  /** Presentation times in seconds as exact fractions of ticks. */
  readonly pts: readonly number[];
  /** Seconds per tick of the decoded stream. */
  readonly tick: number;
}

/** Static builds of ffmpeg die of transport streams where they find the system's cache of character conversions. */
const PLAIN_ENVIRONMENT = { GCONV_PATH: "/nonexistent/gconv", ...process.env };

async function output(command: readonly string[]): Promise<Uint8Array> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe", env: PLAIN_ENVIRONMENT });
  const [bytes, stderr, exitCode] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: exit ${exitCode}: ${stderr}`);
  return bytes;
}

/** Asked for its version once. */
let found: Promise<Tools> | null = null;

/**
 * Decodes the main video in one go. Pictures are compared as decoded, or after `filter`. `inputArgs` go before the input:
 * another decoder, another number of threads; `outputArgs` before the output: another rate. `clock`: the source's own, or as
 * plain ffmpeg corrects one that jumps.
 */
export async function framesOf(
  path: string,
  filter: string | null = null,
  inputArgs: readonly string[] = [],
  outputArgs: readonly string[] = [],
  clock: "own" | "corrected" = "own",
): Promise<Frames> {
  found ??= toolsIn(null);
  const { ownTimes } = await found;
  const framesOfStream = async (stream: string): Promise<Frames> => {
    const asked = ["-map", stream, ...(filter === null ? [] : ["-vf", filter])];
    const times = clock === "own" ? ["-copyts"] : [];
    const read = ["ffmpeg", "-nostdin", "-v", "error", ...times, ...inputArgs, "-i", `file:${resolve(path)}`];
    const made = [...(outputArgs.length > 0 ? outputArgs : ownTimes), "-f", "framemd5", "-"];
    return framesIn(path, new TextDecoder().decode(await output([...read, ...asked, ...made])));
  };
  const first = await framesOfStream("0:V:0").catch(() => null);
  if (first !== null && first.md5.length > 0) return first;
  // The first one has no pictures; which has is asked for here alone, since each program costs its start.
  return await framesOfStream(`0:${(await mainVideo(`file:${resolve(path)}`)).index}`);
}

function framesIn(path: string, text: string): Frames {
  const base = /^#tb 0: (\d+)\/(\d+)$/m.exec(text);
  if (!base) throw new Error(`no time base in framemd5 of ${path}`);
  const tick = Number(base[1]) / Number(base[2]);
  const rows = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").map((cell) => cell.trim()));
  return { md5: rows.map((row) => row[5] ?? ""), pts: rows.map((row) => Number(row[2]) * tick), tick };
}

/** As `framesOf`, each file only once: for sources of several jobs, which nothing changes. */
export function framesOfSources(): (path: string) => Promise<Frames> {
  const known = new Map<string, Promise<Frames>>();
  return (path) => {
    const frames = known.get(path) ?? framesOf(path);
    known.set(path, frames);
    return frames;
  };
}

/** Largest difference of two PTS lists in seconds, once both are moved so that their first frames coincide. */
export function largestTimingError(a: Frames, b: Frames): number {
  const [firstA = 0] = a.pts;
  const [firstB = 0] = b.pts;
  return a.pts.reduce(
    (worst, pts, index) =>
      Math.max(worst, Math.abs(pts - firstA - ((b.pts[index] ?? Number.POSITIVE_INFINITY) - firstB))),
    0,
  );
}

const RATE = 16_000;

interface Heard {
  /** When the first decoded sample is heard, seconds on the file's own clock. */
  readonly at: number;
  /** Mono. */
  readonly samples: Int16Array;
}

/** Audio tracks by their numbers, all decoded in one go. Errors: a track without sound. */
async function heardIn(path: string, tracks: readonly number[], rate: number): Promise<Heard[]> {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-heard-"));
  try {
    const at = (track: number, ending: string) => join(folder, `${track}.${ending}`);
    const outputs = tracks.flatMap((track) => {
      const heard = ["-map", `0:a:${track}`, "-ac", "1", "-ar", String(rate), "-c:a", "pcm_s16le"];
      return [...heard, "-f", "framecrc", at(track, "crc"), ...heard, "-f", "s16le", at(track, "raw")];
    });
    await output(["ffmpeg", "-nostdin", "-v", "error", "-copyts", "-i", `file:${resolve(path)}`, ...outputs]);
    return await Promise.all(
      tracks.map(async (track) => {
        // Rows of framecrc: stream, dts, pts, duration, size, checksum; in samples.
        const first = /^0, *-?\d+, *(-?\d+),/m.exec(await Bun.file(at(track, "crc")).text())?.[1];
        if (first === undefined) throw new Error(`no sound in track ${track} of ${path}`);
        const bytes = await Bun.file(at(track, "raw")).bytes();
        return { at: Number(first) / rate, samples: new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1) };
      }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Samples of an audio track, mono 16 kHz, from `originSeconds` of the file's own clock on: decoded in one go and placed
 * by the time of the first one, silence before it.
 */
async function samplesOf(path: string, track: number, originSeconds: number, seconds: number): Promise<Int16Array> {
  const [heard] = await heardIn(path, [track], RATE);
  const start = Math.round(((heard?.at ?? 0) - originSeconds) * RATE);
  const samples = new Int16Array(Math.round(seconds * RATE));
  const decoded = heard?.samples.subarray(Math.max(0, -start), Math.max(0, samples.length - start));
  samples.set(decoded ?? [], Math.max(0, start));
  return samples;
}

/**
 * How much later, in milliseconds, the sound of `output` is against its picture than in `source`: decoded samples of
 * both correlated, first pictures as the origin. `window` seconds are looked at, shifts up to 60 ms.
 */
export async function audioOffsetErrorMs(
  source: string,
  made: string,
  [sourceFrames, madeFrames]: readonly [Frames, Frames],
  window = 4,
  track = 0,
): Promise<number> {
  const [a, b] = await Promise.all([
    samplesOf(source, track, sourceFrames.pts[0] ?? 0, window),
    samplesOf(made, track, madeFrames.pts[0] ?? 0, window),
  ]);
  const reach = Math.round(0.06 * RATE);
  const length = Math.min(a.length, b.length) - 2 * reach;
  if (length < RATE / 4) throw new Error("too little sound to compare");
  let best = { score: 0, shift: 0 };
  for (let shift = -reach; shift <= reach; shift += 1) {
    let score = 0;
    for (let i = reach; i < reach + length; i += 1) score += (a[i] ?? 0) * (b[i + shift] ?? 0);
    if (score > best.score) best = { score, shift };
  }
  if (best.score <= 0) throw new Error("no sound to compare");
  return (best.shift / RATE) * 1000;
}

export interface Sound {
  /** When the first sample is heard, seconds from the first picture. */
  readonly begins: number;
  readonly rate: number;
  /** Mono, as decoded in one go. */
  readonly samples: Int16Array;
}

const WHOLE_RATE = 48_000;

/** The whole of the first so many audio tracks. */
export async function soundsOf(path: string, tracks: number): Promise<Sound[]> {
  const [{ pts }, heard] = await Promise.all([
    framesOf(path),
    heardIn(path, [...Array.from({ length: tracks }).keys()], WHOLE_RATE),
  ]);
  return heard.map(({ at, samples }) => ({ begins: at - (pts[0] ?? 0), rate: WHOLE_RATE, samples }));
}
