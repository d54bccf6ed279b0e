// How far an output's sound is shifted from the source's, relative to the picture: found by correlating decoded samples. Pure.
import type { Stretch } from "./align-sound.ts";
import { slidingCorrelation } from "./cross-correlation.ts";
import { LAG_SAMPLE_RATE } from "./decode-sound.ts";

const WINDOW = 2 * LAG_SAMPLE_RATE;
const MOST_LAG = LAG_SAMPLE_RATE / 4;
/** Root mean square below which a window counts as silent (16-bit samples). */
const SILENCE = 8;
/** Fewer samples are too few to compare. */
const LEAST_SAMPLES = LAG_SAMPLE_RATE / 8;
/** A hundredth of a second of zeros is a pause: a lost frame of most codecs is longer. */
const PAUSE = LAG_SAMPLE_RATE / 100;
/** A frame of the common codecs is shorter. */
const FRAME = LAG_SAMPLE_RATE / 10;
/** Loudness is computed from every fourth sample. */
const COARSE_STEP = 4;
/** Correlations this close say the same; a millisecond of error costs a 50 Hz hum 0.05. */
const EQUALLY_GOOD = 0.02;
/** Below this the two sounds are too different to locate one in the other. */
const LEAST_CORRELATION = 0.6;

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
 * Where the clock goes back, an encoder puts the rest of the frame that it had begun at the old time, and its container,
 * whose clock only goes forward, moves what is said twice. Leaves that out.
 */
function withoutOverlap(stretch: Stretch, overlap: Stretch): Stretch[] {
  const parts = [
    { from: stretch.from, to: Math.min(stretch.to, overlap.from) },
    { from: Math.max(stretch.from, overlap.to + FRAME), to: stretch.to },
  ];
  return parts.filter(({ from, to }) => from < to);
}

/**
 * Behind a pause of its packets sound goes on at a time of its own, which each container rounds: two pieces held against
 * the other file's at once fit nowhere. The longest piece of a track that pauses or goes back; null: it doesn't, or none is long enough.
 */
function longestPiece(source: Int16Array, overlaps: readonly Stretch[]): Stretch | null {
  let stretches = betweenPauses(source);
  if (stretches.length === 0 || (stretches.length < 2 && overlaps.length === 0)) return null;
  for (const overlap of overlaps) stretches = stretches.flatMap((stretch) => withoutOverlap(stretch, overlap));
  if (stretches.length === 0) return null;
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
 * sound says nothing: silent, too short, or not alike. `overlaps`: from `overlapsOf` the source.
 */
export function measureLag(
  source: Int16Array,
  output: Int16Array,
  overlaps: readonly Stretch[] = [],
): { readonly lagMs: number } | { readonly lagMs: null; readonly reason: string } {
  const usable = Math.min(source.length, output.length) - 2 * MOST_LAG;
  if (usable < LEAST_SAMPLES) return { lagMs: null, reason: "too little sound to compare" };
  const stretch = longestPiece(source.subarray(0, usable + 2 * MOST_LAG), overlaps) ?? {
    from: MOST_LAG,
    to: MOST_LAG + usable,
  };
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
