// How much video the next segment holds: pure arithmetic over frames, speeds and groups of pictures. Guided
// self-scheduling (Polychronopoulos & Kuck 1987): half a fair share each time, so that segments shrink towards the end,
// with a floor below which start-up and look-ahead would cost more than the better balance saves.
import { toNumber } from "../../../base/rational.ts";
import type { Client } from "../model/client.ts";
import { framesBetween } from "../model/gop-list.ts";
import type { IndexedGop, Job } from "../model/job.ts";
import { tallyOf } from "../model/segment-tally.ts";
import { type CutCosts, isFirstOfGroup, leastAfterWaste, paysToEndInside, wasteOf } from "./cut-rule.ts";

/** docs/MEASURED.md §4: segments of 8 s cost 0.87× of plain ffmpeg, of 4 s 0.93×, of 2 s 0.98×. */
export const MIN_VIDEO_SECONDS = 8;
/** Start-up, seek and upload take less than a tenth of this. */
const MIN_WALL_SECONDS = 3;
/** At most this much work is lost when a client dies. */
export const MAX_WALL_SECONDS = 60;
const MAX_VIDEO_SECONDS = 300;
/** While the index streams in, a segment of this length is formed without waiting for more. */
export const EARLY_VIDEO_SECONDS = 2;
const FRAME_RATE_WHEN_UNKNOWN = 25;

export interface Demand {
  /** Frames per second of one slot of the asking client. */
  readonly slotFps: number;
  /** Sum over all slots that the job can use. */
  readonly clusterFps: number;
  /** Frames not encoded yet: unassigned, returned and in flight. */
  readonly remainingFrames: number;
  /** How many of these the slot encodes first; 0: it is free. */
  readonly aheadFrames: number;
  /** Frames per second of the video itself. */
  readonly frameRate: number;
  readonly maxSegmentSeconds: number | null;
}

export interface Wanted {
  readonly frames: number;
  /** What this slot would encode if all slots ended together. */
  readonly shareFrames: number;
  readonly minFrames: number;
}

export function wantedFrames(demand: Demand): Wanted {
  const { slotFps, clusterFps, remainingFrames, aheadFrames, frameRate, maxSegmentSeconds } = demand;
  const cap = Math.min(
    MAX_WALL_SECONDS * slotFps,
    MAX_VIDEO_SECONDS * frameRate,
    maxSegmentSeconds === null ? Number.POSITIVE_INFINITY : maxSegmentSeconds * frameRate,
  );
  const minFrames = Math.min(Math.max(MIN_VIDEO_SECONDS * frameRate, MIN_WALL_SECONDS * slotFps), cap);
  const shareFrames = Math.max(0, (slotFps * remainingFrames) / clusterFps - aheadFrames);
  const wanted = shareFrames <= 1.5 * minFrames ? shareFrames : Math.max(minFrames, shareFrames / 2);
  return { frames: Math.max(1, Math.min(wanted, cap)), shareFrames, minFrames };
}

/**
 * Frames of a client's first segment: at most `benchmarkSeconds` of video, and at most its share of a short source, so
 * that one client does not take a whole clip while others are idle.
 */
export function benchmarkFrames(
  benchmarkSeconds: number,
  frameRate: number,
  remainingFrames: number,
  slots: number,
): number {
  const equalShare = Math.max(remainingFrames / Math.max(1, slots), EARLY_VIDEO_SECONDS * frameRate);
  return Math.max(1, Math.min(benchmarkSeconds * frameRate, equalShare));
}

export function benchmarkSecondsOf(job: Job, client: Client): number {
  return Math.min(job.settings.benchmarkSeconds, client.benchmarkSeconds ?? Number.POSITIVE_INFINITY);
}

export interface TakeLimits {
  /** Longest video in seconds, unless a single group is longer; null: no bound. */
  readonly maxSeconds: number | null;
  readonly secondsPerTick: number;
  readonly indexComplete: boolean;
  readonly costs: CutCosts;
}

/**
 * How many groups from index `from` on come nearest to what is wanted: at least one; 0 at the end of the list. They end
 * at a key frame, unless the next one is so far that ending inside a group of pictures pays (cut-rule.ts).
 */
export function takeGops(gops: readonly IndexedGop[], from: number, asked: Wanted, limits: TakeLimits): number {
  const first = gops[from];
  if (first === undefined) return 0;
  const least = Math.min(leastAfterWaste(wasteOf(first, limits.costs)), asked.shareFrames);
  const wanted = least > asked.frames ? { ...asked, frames: least } : asked;
  const fits = (gop: IndexedGop) =>
    limits.maxSeconds === null || (gop.endPts - first.startPts) * limits.secondsPerTick <= limits.maxSeconds + 1e-9;
  let { count, frames } = toKeyFrame(gops, from);
  for (;;) {
    const next = toKeyFrame(gops, from + count);
    const last = gops[from + count + next.count - 1];
    if (next.count === 0 || last === undefined || !fits(last)) break;
    const isNearer = Math.abs(frames + next.frames - wanted.frames) <= Math.abs(frames - wanted.frames);
    if (!isNearer) break;
    frames += next.frames;
    count += next.count;
  }
  const inside = endInside(gops, from, wanted, limits.costs, { count, frames });
  if (inside > 0) return inside;
  return limits.indexComplete ? count + crumbs(gops, from + count, frames, wanted, fits) : count;
}

/** The groups from an index up to the next key frame. */
function toKeyFrame(gops: readonly IndexedGop[], from: number): { count: number; frames: number } {
  let count = 0;
  let frames = 0;
  for (let gop = gops[from]; gop !== undefined; gop = gops[from + count]) {
    if (count > 0 && isFirstOfGroup(gop)) break;
    frames += gop.frames;
    count++;
  }
  return { count, frames };
}

/** How many of `count` groups to take, if the segment should end inside the last group of pictures; else 0. */
function endInside(
  gops: readonly IndexedGop[],
  from: number,
  wanted: Wanted,
  costs: CutCosts,
  { count, frames: atKeyFrame }: { readonly count: number; readonly frames: number },
): number {
  if (atKeyFrame <= wanted.shareFrames + costs.startFrames) return 0;
  let best = 0;
  let bestOff = Number.POSITIVE_INFINITY;
  let inside = 0;
  for (let taken = 1; taken < count; taken++) {
    inside += gops[from + taken - 1]?.frames ?? 0;
    const next = gops[from + taken];
    if (next === undefined || isFirstOfGroup(next)) continue;
    const waste = wasteOf(next, costs);
    const off = Math.abs(inside - wanted.frames) + waste;
    if (off >= bestOff || !paysToEndInside({ atKeyFrame, inside, shareFrames: wanted.shareFrames, waste }, costs))
      continue;
    best = taken;
    bestOff = off;
  }
  return best;
}

/**
 * The number of remaining groups, if they are too few for a segment of their own and this one can take them all; else
 * 0.
 */
function crumbs(
  gops: readonly IndexedGop[],
  from: number,
  taken: number,
  wanted: Wanted,
  fits: (gop: IndexedGop) => boolean,
): number {
  const last = gops.at(-1);
  if (last === undefined || from >= gops.length || !fits(last)) return 0;
  let rest = 0;
  for (let position = from; position < gops.length; position++) {
    rest += gops[position]?.frames ?? 0;
    if (rest >= wanted.minFrames / 2) return 0;
  }
  return taken + rest <= 1.25 * wanted.shareFrames ? gops.length - from : 0;
}

/** Frames per second of the video, by the container, else by what the index has counted. */
export function videoFrameRate(job: Job): number {
  if (job.frameRate !== null && job.frameRate > 0) return job.frameRate;
  const first = job.gops[0];
  const last = job.gops.at(-1);
  if (first === undefined || last === undefined) return FRAME_RATE_WHEN_UNKNOWN;
  const seconds = (last.endPts - first.startPts) * toNumber(job.timeBase);
  const frames = framesBetween(job.gops, 0);
  return seconds > 0 && frames > 0 ? frames / seconds : FRAME_RATE_WHEN_UNKNOWN;
}

/** Frames in groups that are in no segment; `from` is the first such group. */
export function knownUnassignedFrames(job: Job, from: number): number {
  return framesBetween(job.gops, from);
}

/** Frames in no segment yet, with an estimate of those that the index has not reached. */
export function unassignedFrames(job: Job, knownFrames: number): number {
  if (job.indexComplete) return knownFrames;
  const assigned = tallyOf(job).frames;
  const total = job.totalFrames ?? (job.durationSeconds ?? 0) * videoFrameRate(job);
  return Math.max(knownFrames, total - assigned);
}
