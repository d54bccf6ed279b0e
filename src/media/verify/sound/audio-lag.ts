// How far an output's sound is shifted from the source's, relative to the picture: found by correlating decoded
// samples.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "../../../base/ids.ts";
import { succeeded } from "../../../base/process/run-process.ts";
import { formatMicroseconds, type Pts, type Rational, rescale } from "../../../base/rational.ts";
import { complexGraph, writeFilter, writeGraph } from "../../ffmpeg/filter-graph.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import { slidingCorrelation } from "./cross-correlation.ts";

export const LAG_SAMPLE_RATE = 16_000;
/** How much sound is decoded from each file. */
const SECONDS = 60;
const WINDOW = 2 * LAG_SAMPLE_RATE;
const MOST_LAG = LAG_SAMPLE_RATE / 4;
/** Two roundings to a millisecond, as Matroska, ASF and FLV have it. */
const JITTER = LAG_SAMPLE_RATE / 500;
/** What is less may be a rounding of the resampler. */
const LEAST_STEP = LAG_SAMPLE_RATE / 4000;
/** Roundings to a millisecond come back within so many runs; times that stay away have moved. */
const LOOK_RUNS = 12;
const FEW_RUNS = 3;
/** Root mean square below which a window counts as silent (16-bit samples). */
const SILENCE = 8;
/** Fewer samples are too few to compare. */
const LEAST_SAMPLES = LAG_SAMPLE_RATE / 8;
/** A hundredth of a second of zeros is a pause: a lost frame of most codecs is longer. */
const PAUSE = LAG_SAMPLE_RATE / 100;
/** Loudness is computed from every fourth sample. */
const COARSE_STEP = 4;
/** Correlations this close say the same; a millisecond of error costs a 50 Hz hum 0.05. */
const EQUALLY_GOOD = 0.02;
/** Below this the two sounds are too different to locate one in the other. */
const LEAST_CORRELATION = 0.6;

export interface AudioTrackFile {
  readonly path: string;
  readonly formats: string;
  readonly streamIndex: number;
}

/** The beginning of an audio stream, mono, each run of samples with its time on the file's own clock. */
export interface DecodedSound {
  readonly samples: Int16Array;
  readonly runs: readonly { readonly pts: number; readonly samples: number }[];
}

/** `framehash` lines of PCM: PTS in samples and size in bytes of each run of samples. */
export function parseSampleRuns(text: string): { readonly pts: number; readonly samples: number }[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(","))
    .map((fields) => ({ pts: Number(fields[2]), samples: Number(fields[4]) / 2 }));
}

type Run = DecodedSound["runs"][number];

/**
 * By how much a run, and those behind it, begin later than at `end`, 0 where that is the clock's rounding. ffmpeg sets up
 * its filters anew where the sound changes its layout, and the resampler then loses less than a millisecond.
 */
function stepAt(runs: readonly Run[], at: number, end: number): number {
  const apart: number[] = [];
  let expected = end;
  for (const { pts, samples } of runs.slice(at, at + LOOK_RUNS)) {
    // A pause further on says nothing about this run.
    if (Math.abs(pts - expected) > JITTER) break;
    apart.push(pts - expected);
    expected += samples;
  }
  apart.sort((a, b) => a - b);
  const [least = 0, most = 0] = [apart[0], apart.at(-1)];
  const hasMoved = apart.length >= FEW_RUNS && (least >= LEAST_STEP || most <= -LEAST_STEP);
  return hasMoved ? (apart[Math.floor(apart.length / 2)] ?? 0) : 0;
}

/**
 * Puts each run where its timestamp says, silence where nothing is; index 0 is `firstSample`. A run that begins within
 * `JITTER` of the end of the one before it goes on from there, since a clock of milliseconds would tear the wave apart;
 * unless the times behind it have moved too.
 */
export function alignRuns(
  samples: Int16Array,
  runs: readonly { readonly pts: number; readonly samples: number }[],
  firstSample: number,
): Int16Array {
  const last = runs.at(-1);
  const length = last === undefined ? 0 : Math.min(SECONDS * LAG_SAMPLE_RATE, last.pts + last.samples - firstSample);
  const aligned = new Int16Array(Math.max(0, length));
  let read = 0;
  let end: number | null = null;
  for (const [number, run] of runs.entries()) {
    const goesOn: boolean = end !== null && Math.abs(run.pts - end) <= JITTER;
    const pts: number = end !== null && goesOn ? end + stepAt(runs, number, end) : run.pts;
    end = pts + run.samples;
    const skipped = Math.max(0, firstSample - pts);
    const at = pts + skipped - firstSample;
    if (skipped < run.samples && at < aligned.length) {
      aligned.set(samples.subarray(read + skipped, read + Math.min(run.samples, skipped + aligned.length - at)), at);
    }
    read += run.samples;
  }
  return aligned;
}

export interface DecodeSoundOptions {
  readonly signal?: AbortSignal | undefined;
  /** From here on the file's own clock instead of its beginning, microseconds. */
  readonly fromUs?: number;
  /** Gets there by seeking, which some containers do not do exactly; else by decoding all before. */
  readonly seeks?: boolean;
  /** At low priority. */
  readonly nice?: boolean | undefined;
}

/** A seek may land late by a packet or two: it aims this much earlier. */
const SEEK_MARGIN_US = 1_000_000;

/** A minute of sound of each stream. Null: that stream cannot be decoded. */
export async function decodeSounds(
  tools: Tools,
  file: Omit<AudioTrackFile, "streamIndex"> & { readonly streamIndexes: readonly number[] },
  workDir: string,
  options: DecodeSoundOptions = {},
): Promise<(DecodedSound | null)[]> {
  const { streamIndexes } = file;
  if (streamIndexes.length === 0) return [];
  const together = await decodeTogether(tools, file, workDir, options);
  if (together !== null) return together;
  if (streamIndexes.length === 1) return [null];
  const alone: (DecodedSound | null)[] = [];
  for (const index of streamIndexes)
    alone.push(...(await decodeSounds(tools, { ...file, streamIndexes: [index] }, workDir, options)));
  return alone;
}

/** The same of one stream. */
export async function decodeSound(
  tools: Tools,
  { streamIndex, ...file }: AudioTrackFile,
  workDir: string,
  options: DecodeSoundOptions = {},
): Promise<DecodedSound | null> {
  const [sound] = await decodeSounds(tools, { ...file, streamIndexes: [streamIndex] }, workDir, options);
  return sound ?? null;
}

/** Null: ffmpeg fails, for one of the streams or for all. */
async function decodeTogether(
  tools: Tools,
  { path, formats, streamIndexes }: Parameters<typeof decodeSounds>[1],
  workDir: string,
  { signal, fromUs, seeks, nice }: DecodeSoundOptions,
): Promise<DecodedSound[] | null> {
  const name = join(workDir, `.sound-${newId().slice(0, 8)}`);
  const parts = streamIndexes.map((index, at) => ({ index, raw: `${name}.${at}.raw`, times: `${name}.${at}.txt` }));
  const seek =
    fromUs === undefined || seeks !== true
      ? []
      : ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", formatMicroseconds(fromUs - SEEK_MARGIN_US)];
  try {
    const result = await runTool({
      tools,
      program: "ffmpeg",
      reads: [path],
      writes: parts.flatMap(({ raw, times }) => [raw, times]),
      args: [
        ...QUIET,
        // The microsecond, less than a tick, keeps 5.1 from counting from this stream's start (see sourceOffsetUs).
        ...["-copyts", "-itsoffset", "0.000001", ...seek],
        ...inputGuards({ formats, kind: "file" }),
        ...["-i", fileUrl(path)],
        ...parts.flatMap(({ index, raw, times }) => soundOutput(index, fromUs, fileUrl(raw), fileUrl(times))),
      ],
      signal,
      nice,
    });
    if (!succeeded(result)) return null;
    return await Promise.all(parts.map(readSound));
  } finally {
    await Promise.all(parts.flatMap(({ raw, times }) => [rm(raw, { force: true }), rm(times, { force: true })]));
  }
}

/** Each stream has a graph of its own: in one graph, all that begin early would be held until the last one begins. */
function soundOutput(index: number, fromUs: number | undefined, raw: string, times: string): string[] {
  const filters = [
    ...(fromUs === undefined ? [] : [writeFilter("atrim", [["start", formatMicroseconds(fromUs)]])]),
    writeFilter("aresample", [["sample_rate", LAG_SAMPLE_RATE]]),
    writeFilter("aformat", [["channel_layouts", "mono"]]),
    writeFilter("atrim", [["end_sample", SECONDS * LAG_SAMPLE_RATE]]),
    writeFilter("asplit"),
  ];
  const [samples, hashes] = [`a${index}`, `b${index}`];
  return [
    ...complexGraph(writeGraph([{ from: [`0:${index}`], filters, to: [samples, hashes] }])),
    ...["-map", `[${samples}]`, "-c:a", "pcm_s16le", "-f", "s16le", "-y", raw],
    ...["-map", `[${hashes}]`, "-c:a", "pcm_s16le", "-f", "framehash", "-hash", "adler32", "-y", times],
  ];
}

async function readSound({ raw, times }: { readonly raw: string; readonly times: string }): Promise<DecodedSound> {
  const bytes = await readFile(raw);
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 2));
  return { samples, runs: parseSampleRuns(await readFile(times, "utf8")) };
}

/** Samples whose first lies exactly where the first video frame is shown on the same file's clock, or `skip` samples later. */
export function alignSound(sound: DecodedSound, firstFramePts: Pts, videoTimeBase: Rational, skip = 0): Int16Array {
  const firstSample = rescale(firstFramePts, videoTimeBase, { num: 1, den: LAG_SAMPLE_RATE }) + skip;
  return alignRuns(sound.samples, sound.runs, firstSample);
}

function energy(samples: Int16Array, start: number, length: number): number {
  let sum = 0;
  for (let offset = 0; offset < length; offset += COARSE_STEP) sum += (samples[start + offset] ?? 0) ** 2;
  return sum / (length / COARSE_STEP);
}

/** Start of the window whose sound changes most in loudness, not the loudest: a steady tone fits at every period. */
function bestWindow(samples: Int16Array, length: number, { from, to }: Stretch): number | null {
  let best: number | null = null;
  let bestScore = SILENCE ** 2;
  for (let start = from; start + length <= to; start += length / 4) {
    const halves = [energy(samples, start, length / 2), energy(samples, start + length / 2, length / 2)] as const;
    const loud = (halves[0] + halves[1]) / 2;
    const score = loud + 4 * Math.abs(halves[0] - halves[1]);
    if (loud > SILENCE ** 2 && score > bestScore) {
      bestScore = score;
      best = start;
    }
  }
  return best;
}

/** Samples `from` … `to`, the last one left out. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What lies between pauses that are silent to the last bit: those of a track whose packets pause, above all. */
function betweenPauses(samples: Int16Array): Stretch[] {
  const stretches: Stretch[] = [];
  let from: number | null = null;
  let last = 0;
  for (let at = 0; at < samples.length; at += 1) {
    if (samples[at] === 0) continue;
    if (from !== null && at - last > PAUSE) {
      stretches.push({ from, to: last + 1 });
      from = null;
    }
    from ??= at;
    last = at;
  }
  return from === null ? stretches : [...stretches, { from, to: last + 1 }];
}

/**
 * Behind a pause of its packets sound goes on at a time of its own, which each container rounds: two pieces held against
 * the other file's at once fit nowhere. The longest piece of a track that pauses; null: it doesn't, or none is long enough.
 */
function longestPiece(source: Int16Array): Stretch | null {
  const stretches = betweenPauses(source);
  if (stretches.length < 2) return null;
  const longest = stretches.reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a));
  return longest.to - longest.from < LEAST_SAMPLES ? null : longest;
}

/** `from` … `to` of the samples, with silence where these have none. */
function withSilence(samples: Int16Array, { from, to }: Stretch): Int16Array {
  const out = new Int16Array(to - from);
  const begins = Math.max(0, from);
  out.set(samples.subarray(begins, Math.max(begins, to)), begins - from);
  return out;
}

/** A tone fits again after every period, and a fraction of a sample costs a little: the nearest of the equally good. */
function nearestPeak(values: Float64Array, best: number): number {
  const at = (lag: number) => values[lag + MOST_LAG] ?? -1;
  const isPeak = (lag: number) => at(lag) >= best - EQUALLY_GOOD && at(lag) >= at(lag - 1) && at(lag) >= at(lag + 1);
  for (let distance = 0; distance <= MOST_LAG; distance += 1) {
    if (isPeak(distance)) return distance;
    if (isPeak(-distance)) return -distance;
  }
  return 0;
}

/**
 * Milliseconds by which `output` is late against `source` (both aligned to the first frame). Null with a reason when the
 * sound says nothing: silent, too short, or not alike.
 */
export function measureLag(
  source: Int16Array,
  output: Int16Array,
): { readonly lagMs: number } | { readonly lagMs: null; readonly reason: string } {
  const usable = Math.min(source.length, output.length) - 2 * MOST_LAG;
  if (usable < LEAST_SAMPLES) return { lagMs: null, reason: "too little sound to compare" };
  const stretch = longestPiece(source.subarray(0, usable + 2 * MOST_LAG)) ?? { from: MOST_LAG, to: MOST_LAG + usable };
  const length = Math.min(WINDOW, Math.floor((stretch.to - stretch.from) / 8) * 8);
  const start = bestWindow(source, length, stretch);
  if (start === null) return { lagMs: null, reason: "silent" };
  const window = source.subarray(start, start + length);
  // The correlation is 1 here, and nowhere is it more.
  if (window.every((sample, position) => sample === output[start + position])) return { lagMs: 0 };
  const values = slidingCorrelation(
    window,
    withSilence(output, { from: start - MOST_LAG, to: start + length + MOST_LAG }),
  );
  const best = values.reduce((most, value) => Math.max(most, value), -1);
  if (best < LEAST_CORRELATION)
    return { lagMs: null, reason: `source and output do not sound alike (correlation ${best.toFixed(2)})` };
  return { lagMs: (nearestPeak(values, best) * 1000) / LAG_SAMPLE_RATE };
}
