// How far the sound of an output lies from where the source has it, against the picture: by decoded samples, correlated.
import { randomUUID } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { runTool } from "../base/process.ts";
import { type Pts, type Rational, rescale } from "../base/rational.ts";
import { fileUrl, inputGuards } from "./formats.ts";
import type { Tools } from "./tools.ts";

export const LAG_SAMPLE_RATE = 16_000;
/** How much sound is decoded from each file. */
const SECONDS = 60;
const WINDOW = 2 * LAG_SAMPLE_RATE;
const MOST_LAG = LAG_SAMPLE_RATE / 4;
/** Root mean square below which a window counts as silent (16-bit samples). */
const SILENCE = 8;
const COARSE_STEP = 4;
/** Below this the two sounds are not alike enough to say where one lies in the other. */
const LEAST_CORRELATION = 0.6;

export interface AudioPlace {
  readonly path: string;
  readonly formats: string;
  readonly streamIndex: number;
  /** When the first video frame is shown, on the file's own clock: sample 0 is there. */
  readonly firstFramePts: Pts;
  readonly videoTimeBase: Rational;
}

/** Mono samples whose first lies exactly at the first video frame; silence is put in where the stream starts later. */
export async function decodeAligned(
  tools: Tools,
  place: AudioPlace,
  workDir: string,
  signal?: AbortSignal,
): Promise<Int16Array | null> {
  const firstSample = rescale(place.firstFramePts, place.videoTimeBase, { num: 1, den: LAG_SAMPLE_RATE });
  const output = join(workDir, `sound-${randomUUID()}.raw`);
  try {
    const result = await runTool({
      program: tools.ffmpeg,
      args: [
        "-hide_banner",
        "-nostdin",
        "-v",
        "error",
        "-copyts",
        ...inputGuards({ formats: place.formats, kind: "file" }),
        "-i",
        fileUrl(place.path),
        "-map",
        `0:${place.streamIndex}`,
        "-af",
        `aresample=${LAG_SAMPLE_RATE}:async=1:first_pts=${firstSample},atrim=end_pts=${firstSample + SECONDS * LAG_SAMPLE_RATE}`,
        "-ac",
        "1",
        "-c:a",
        "pcm_s16le",
        "-f",
        "s16le",
        "-y",
        fileUrl(output),
      ],
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.ended !== "exit" || result.exitCode !== 0) return null;
    const bytes = await readFile(output);
    return new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 2));
  } finally {
    await rm(output, { force: true });
  }
}

function energy(samples: Int16Array, start: number, length: number): number {
  let sum = 0;
  for (let offset = 0; offset < length; offset += COARSE_STEP) sum += (samples[start + offset] ?? 0) ** 2;
  return sum / (length / COARSE_STEP);
}

/** Start of the window whose sound changes most in loudness, not the loudest: a steady tone fits at every period. */
function bestWindow(samples: Int16Array, length: number): number | null {
  let best: number | null = null;
  let bestScore = SILENCE ** 2;
  for (let start = MOST_LAG; start + length + MOST_LAG <= samples.length; start += length / 4) {
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

function correlation(a: Int16Array, b: Int16Array, start: number, lag: number, length: number, step: number): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let offset = 0; offset < length; offset += step) {
    const x = a[start + offset] ?? 0;
    const y = b[start + lag + offset] ?? 0;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

/**
 * Milliseconds by which `output` is late against `source` (both aligned to the first frame). Null with a reason when the
 * sound says nothing: silent, too short, or not alike.
 */
export function measureLag(
  source: Int16Array,
  output: Int16Array,
): { readonly lagMs: number } | { readonly lagMs: null; readonly reason: string } {
  const room = Math.min(source.length, output.length) - 2 * MOST_LAG;
  const length = Math.min(WINDOW, Math.floor(room / 8) * 8);
  if (length < LAG_SAMPLE_RATE / 8) return { lagMs: null, reason: "too little sound to compare" };
  const start = bestWindow(source, length);
  if (start === null) return { lagMs: null, reason: `silent in its first ${SECONDS} s` };
  let best = -1;
  let bestLag = 0;
  for (let distance = 0; distance <= MOST_LAG; distance += 1) {
    for (const lag of distance === 0 ? [0] : [-distance, distance]) {
      const value = correlation(source, output, start, lag, length, COARSE_STEP);
      // Near lags come first; a farther one must be clearly better (a tone repeats itself).
      if (value > best + 1e-3) {
        best = value;
        bestLag = lag;
      }
    }
  }
  for (const lag of [bestLag - 2, bestLag - 1, bestLag, bestLag + 1, bestLag + 2]) {
    const value = correlation(source, output, start, lag, length, 1);
    if (value > best + 1e-6) {
      best = value;
      bestLag = lag;
    }
  }
  if (best < LEAST_CORRELATION)
    return { lagMs: null, reason: `source and output do not sound alike (correlation ${best.toFixed(2)})` };
  return { lagMs: (bestLag * 1000) / LAG_SAMPLE_RATE };
}
