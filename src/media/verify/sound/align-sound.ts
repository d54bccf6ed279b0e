// Puts decoded sound on the clock of the picture, run by run. Pure.
import { type Pts, type Rational, rescale } from "../../../base/rational.ts";
import { type DecodedSound, LAG_SAMPLE_RATE, SOUND_SECONDS } from "./decode-sound.ts";

/** Two roundings to a millisecond, as Matroska, ASF and FLV have it. */
const JITTER = LAG_SAMPLE_RATE / 500;
/** What is less may be a rounding of the resampler. */
const LEAST_STEP = LAG_SAMPLE_RATE / 4000;
/** Two times rounded to a millisecond lie no further from each other than this. */
const MOST_ROUNDING = LAG_SAMPLE_RATE / 1000;
/** Roundings to a millisecond come back within so many runs; times that stay away have moved. */
const LOOK_RUNS = 12;
const FEW_RUNS = 3;

type Run = DecodedSound["runs"][number];

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How far the times of the runs from `at` on lie from where their samples put them, if the first goes on at `end`. */
function apartFrom(runs: readonly Run[], at: number, end: number): number[] {
  const apart: number[] = [];
  let expected = end;
  for (const { pts, samples } of runs.slice(at, at + LOOK_RUNS)) {
    // A pause further on says nothing about this run.
    if (Math.abs(pts - expected) > JITTER) break;
    apart.push(pts - expected);
    expected += samples;
  }
  return apart;
}

/**
 * By how much a run, and those behind it, begin later than they would go on: 0 where that is the clock's rounding. ffmpeg
 * sets up its filters anew where the sound changes its layout, and the resampler then loses less than a millisecond.
 * `apart`: of this run and those behind it; `before`: of the last ones before it. Roundings to a millisecond may all lie on
 * one side of the first one's: then those before it do too.
 */
function stepAt(apart: readonly number[], before: readonly number[]): number {
  const [least, most] = [Math.min(...apart), Math.max(...apart)];
  const isBeyond = (step: number) => least >= step || most <= -step;
  if (apart.length < FEW_RUNS || !isBeyond(LEAST_STEP)) return 0;
  if (isBeyond(MOST_ROUNDING)) return middle(apart);
  // Behind a pause the first time may be rounded down and all others up.
  if (before.length < FEW_RUNS) return 0;
  return Math.abs(mean(apart) - mean(before)) >= LEAST_STEP ? middle(apart) - middle(before) : 0;
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
  let before: number[] = [];
  for (const [number, run] of runs.entries()) {
    const goesOn: boolean = end !== null && Math.abs(run.pts - end) <= JITTER;
    const step = end !== null && goesOn ? stepAt(apartFrom(runs, number, end), before) : 0;
    const pts: number = end !== null && goesOn ? end + step : run.pts;
    end = pts + run.samples;
    before = goesOn && step === 0 ? [...before, run.pts - pts].slice(-LOOK_RUNS) : [run.pts - pts];
    const skipped = Math.max(0, firstSample - pts);
    const at = pts + skipped - firstSample;
    if (skipped < run.samples && at < aligned.length) {
      aligned.set(samples.subarray(read + skipped, read + Math.min(run.samples, skipped + aligned.length - at)), at);
    }
    read += run.samples;
  }
  return aligned;
}

/** Samples `from` … `to`, the last one left out. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Where the clock goes back and so says twice what is heard: from the run that goes back to the end of the one before it,
 * counted as `alignSound` counts.
 */
export function overlapsOf(
  { runs }: Pick<DecodedSound, "runs">,
  firstFramePts: Pts,
  videoTimeBase: Rational,
  skip = 0,
): Stretch[] {
  const firstSample = firstSampleOf(firstFramePts, videoTimeBase) + skip;
  return runs.flatMap(({ pts }, number) => {
    const before = runs[number - 1];
    const end = before === undefined ? pts : before.pts + before.samples;
    return end - pts > JITTER ? [{ from: pts - firstSample, to: end - firstSample }] : [];
  });
}

function firstSampleOf(firstFramePts: Pts, videoTimeBase: Rational): number {
  return rescale(firstFramePts, videoTimeBase, { num: 1, den: LAG_SAMPLE_RATE });
}

/** Samples whose first lies exactly where the first video frame is shown on the same file's clock, or `skip` samples later. */
export function alignSound(sound: DecodedSound, firstFramePts: Pts, videoTimeBase: Rational, skip = 0): Int16Array {
  return alignRuns(sound.samples, sound.runs, firstSampleOf(firstFramePts, videoTimeBase) + skip);
}
