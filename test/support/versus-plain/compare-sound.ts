// Two tracks of sound, each placed against its first picture: when they begin and end, how much there is, and whether
// the same is heard at the same time. Pure.
import { HEARD_RATE, type Sound } from "./reading.ts";

/** Samples of the largest frame that an encoder here makes: AAC with SBR. Priming and the last frame may differ by one. */
const LARGEST_FRAME = 2048;
/** What containers round times by (Matroska), and a little. */
const ROUNDING_SECONDS = 0.002;
/** The sound of both must be found within this of its place. */
const SAME_PLACE_SECONDS = 0.001;
/** Largest shift that is looked for. */
const REACH_SECONDS = 0.05;
/** Of the energy: below it nothing can be correlated. */
const SILENCE = 30;
/** Two encodes of one sound correlate at 0.87 and more (six channels in 128 kbit/s), another sound at 0.3 and less. */
const SAME_SOUND = 0.75;
/** The shift is looked for at this rate: 1/16 ms a step is enough. */
const COARSE = 3;

export interface Heard {
  readonly begins: number;
  readonly ends: number;
  /** Seconds of sound, pauses left out. */
  readonly length: number;
}

export function heardOf(sound: Sound, origin: number): Heard {
  const first = sound.runs[0];
  const last = sound.runs.at(-1);
  const length = sound.runs.reduce((sum, run) => sum + run.samples.length, 0) / HEARD_RATE;
  if (first === undefined || last === undefined) return { begins: 0, ends: 0, length: 0 };
  return { begins: first.at - origin, ends: last.at - origin + last.samples.length / HEARD_RATE, length };
}

/**
 * Samples at HEARD_RATE / COARSE from `from` to `to`, seconds after `origin`; silence where there is no sound. What begins
 * where the run before it ends, but for a container's rounding, goes on from there: whole milliseconds would tear a wave.
 */
function placed(sound: Sound, origin: number, from: number, to: number): Float64Array {
  const out = new Float64Array(Math.max(0, Math.floor(((to - from) * HEARD_RATE) / COARSE)));
  let end = Number.NEGATIVE_INFINITY;
  for (const { at: told, samples } of sound.runs) {
    const at = Math.abs(told - end) <= ROUNDING_SECONDS ? end : told;
    end = at + samples.length / HEARD_RATE;
    const start = Math.round(((at - origin - from) * HEARD_RATE) / COARSE);
    for (let i = 0; i * COARSE < samples.length; i += 1) {
      const place = start + i;
      if (place >= 0 && place < out.length) out[place] = samples[i * COARSE] ?? 0;
    }
  }
  return out;
}

function correlation(a: Float64Array, b: Float64Array, shift: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = Math.max(0, -shift); i < Math.min(a.length, b.length - shift); i += 1) {
    const [x, y] = [a[i] ?? 0, b[i + shift] ?? 0];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

function isSilent(samples: Float64Array): boolean {
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / Math.max(1, samples.length)) < SILENCE;
}

/** Null: the same is heard within a millisecond of its place. */
function placeDiffers(a: Float64Array, b: Float64Array, where: string): string | null {
  if (isSilent(a) && isSilent(b)) return null;
  if (isSilent(a) !== isSilent(b)) return `${where}: silent in ${isSilent(a) ? "ours" : "plain ffmpeg's"} alone`;
  if (correlation(a, b, 0) > SAME_SOUND) return null;
  const rate = HEARD_RATE / COARSE;
  // A rising tone is like itself some cycles on: what is heard near its place is not looked for elsewhere.
  const near = Math.floor(SAME_PLACE_SECONDS * rate);
  for (let shift = -near; shift <= near; shift += 1) if (correlation(a, b, shift) > SAME_SOUND) return null;
  let best = { shift: 0, score: Number.NEGATIVE_INFINITY };
  for (let shift = -Math.round(REACH_SECONDS * rate); shift <= REACH_SECONDS * rate; shift += 1) {
    const score = correlation(a, b, shift);
    if (score > best.score) best = { shift, score };
  }
  if (best.score < SAME_SOUND) return `${where}: another sound (best correlation ${best.score.toFixed(2)})`;
  const seconds = best.shift / rate;
  return Math.abs(seconds) <= SAME_PLACE_SECONDS ? null : `${where}: ours is ${(-seconds * 1000).toFixed(1)} ms late`;
}

const WINDOW_SECONDS = 0.5;
/** Shorter ones are a container's rounding, or what a decoder leaves out. */
const LEAST_PAUSE_SECONDS = 0.04;

/** From one pause to the next. */
function stretchesOf({ runs }: Sound, origin: number): { begins: number; ends: number }[] {
  const stretches: { begins: number; ends: number }[] = [];
  for (const { at, samples } of runs) {
    const [begins, ends] = [at - origin, at - origin + samples.length / HEARD_RATE];
    const last = stretches.at(-1);
    if (last !== undefined && begins - last.ends < LEAST_PAUSE_SECONDS) last.ends = ends;
    else stretches.push({ begins, ends });
  }
  return stretches;
}

/** How the two differ, in words; empty: they don't. `origins`: the first pictures of the two files, seconds. */
export function soundDifferences(
  name: string,
  [ours, plain]: readonly [Sound, Sound],
  origins: readonly [number, number],
): string[] {
  const [a, b] = [heardOf(ours, origins[0]), heardOf(plain, origins[1])];
  const allowed = LARGEST_FRAME / Math.min(ours.rate, plain.rate) + ROUNDING_SECONDS;
  const found: string[] = [];
  for (const what of ["begins", "ends", "length"] as const) {
    if (Math.abs(a[what] - b[what]) <= allowed) continue;
    found.push(`${name}: ${what} ${a[what].toFixed(3)} s where plain ffmpeg has ${b[what].toFixed(3)} s`);
  }
  for (const stretch of stretchesOf(plain, origins[1])) {
    // A decoder's first frame and its last lack a neighbour, so that they sound a little different by where a copy begins;
    // an encoder's frame may hold sound from both sides of a pause.
    const from = Math.max(a.begins, stretch.begins) + allowed;
    const to = Math.min(a.ends, stretch.ends) - allowed;
    for (let at = from; at + WINDOW_SECONDS <= to && found.length === 0; at += WINDOW_SECONDS) {
      const window = (sound: Sound, origin: number) => placed(sound, origin, at, at + WINDOW_SECONDS);
      const where = `${name} at ${at.toFixed(1)} s`;
      const differs = placeDiffers(window(ours, origins[0]), window(plain, origins[1]), where);
      if (differs !== null) found.push(differs);
    }
  }
  return found;
}
