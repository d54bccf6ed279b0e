// Puts decoded sound on the clock of the picture, run by run. Pure.
import { type Pts, type Rational, rescale } from "../../../base/rational.ts";
import { type DecodedSound, LAG_SAMPLE_RATE, SOUND_SECONDS } from "./decode-sound.ts";

/** Two roundings to a millisecond, as Matroska, ASF and FLV have it. */
const JITTER = LAG_SAMPLE_RATE / 500;
/** What is less may be a rounding of the resampler. */
const LEAST_STEP = LAG_SAMPLE_RATE / 4000;
/** Roundings to a millisecond come back within so many runs; times that stay away have moved. */
const LOOK_RUNS = 12;
const FEW_RUNS = 3;

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
  const length =
    last === undefined ? 0 : Math.min(SOUND_SECONDS * LAG_SAMPLE_RATE, last.pts + last.samples - firstSample);
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

/** Samples whose first lies exactly where the first video frame is shown on the same file's clock, or `skip` samples later. */
export function alignSound(sound: DecodedSound, firstFramePts: Pts, videoTimeBase: Rational, skip = 0): Int16Array {
  const firstSample = rescale(firstFramePts, videoTimeBase, { num: 1, den: LAG_SAMPLE_RATE }) + skip;
  return alignRuns(sound.samples, sound.runs, firstSample);
}
