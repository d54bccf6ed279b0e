// What a file decodes to, by ffmpeg alone: the yardstick of the end-to-end tests. Uses no code of the product.
import { resolve } from "node:path";
import { mainVideo } from "./main-video.ts";

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

async function run(command: readonly string[]): Promise<{ bytes: Uint8Array; stderr: string }> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe", env: PLAIN_ENVIRONMENT });
  const [bytes, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).bytes(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: exit ${exitCode}: ${stderr}`);
  return { bytes, stderr };
}

async function output(command: readonly string[]): Promise<Uint8Array> {
  return (await run(command)).bytes;
}

async function talkOf(command: readonly string[]): Promise<string> {
  return (await run(command)).stderr;
}

/**
 * Decodes the main video in one go. Pictures are compared as decoded, or after `filter`. `inputArgs` go before the input:
 * another decoder, another number of threads; `outputArgs` before the output: another rate.
 */
export async function framesOf(
  path: string,
  filter: string | null = null,
  inputArgs: readonly string[] = [],
  outputArgs: readonly string[] = [],
): Promise<Frames> {
  const main = await mainVideo(`file:${resolve(path)}`);
  const asMade = ["-fps_mode", "passthrough", "-enc_time_base", main.timeBase];
  const text = new TextDecoder().decode(
    await output([
      "ffmpeg",
      "-nostdin",
      "-v",
      "error",
      "-copyts",
      ...inputArgs,
      "-i",
      `file:${resolve(path)}`,
      "-map",
      `0:${main.index}`,
      ...(filter === null ? [] : ["-vf", filter]),
      ...(outputArgs.length > 0 ? outputArgs : asMade),
      "-f",
      "framemd5",
      "-",
    ]),
  );
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

/** When the first decoded sample of an audio track is heard, seconds on the file's own clock. */
async function firstSampleTime(path: string, track: number): Promise<number> {
  const stderr = await talkOf([
    ...["ffmpeg", "-nostdin", "-v", "info", "-copyts", "-i", `file:${resolve(path)}`, "-map", `0:a:${track}`],
    ...["-af", "ashowinfo", "-frames:a", "1", "-f", "null", "-"],
  ]);
  const found = /\bpts_time:(-?[\d.]+)/.exec(stderr)?.[1];
  if (found === undefined) throw new Error(`no sound in ${path}`);
  return Number(found);
}

/**
 * Samples of an audio track, mono 16 kHz, from `originSeconds` of the file's own clock on: decoded in one go and placed
 * by the time of the first one, silence before it.
 */
async function samplesOf(path: string, track: number, originSeconds: number, seconds: number): Promise<Int16Array> {
  const start = Math.round(((await firstSampleTime(path, track)) - originSeconds) * RATE);
  const bytes = await output([
    ...["ffmpeg", "-nostdin", "-v", "error", "-i", `file:${resolve(path)}`, "-map", `0:a:${track}`],
    ...["-ac", "1", "-ar", String(RATE), "-f", "s16le", "-"],
  ]);
  const decoded = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 2));
  const samples = new Int16Array(Math.round(seconds * RATE));
  samples.set(decoded.subarray(Math.max(0, -start), Math.max(0, samples.length - start)), Math.max(0, start));
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
  window = 8,
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
  const firstPicture = (await framesOf(path)).pts[0] ?? 0;
  const sounds: Sound[] = [];
  for (let track = 0; track < tracks; track += 1) {
    const bytes = await output([
      ...["ffmpeg", "-nostdin", "-v", "error", "-i", `file:${resolve(path)}`, "-map", `0:a:${track}`],
      ...["-ac", "1", "-ar", String(WHOLE_RATE), "-f", "s16le", "-"],
    ]);
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 2));
    sounds.push({ begins: (await firstSampleTime(path, track)) - firstPicture, rate: WHOLE_RATE, samples });
  }
  return sounds;
}
