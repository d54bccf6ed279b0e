// The bits of one segment in a job with `-b:v`: whether it must still be measured, what it may claim, and the target
// that it is leased with. Pure questions about the state.
import { toNumber } from "../../../base/rational.ts";
import type { Job } from "../model/job.ts";
import type { Segment } from "../model/segment.ts";
import { type ShareClaim, shareBits } from "./share-bits.ts";

/** A segment gets at least this part of its share by duration: even black pictures cost bits for headers and motion. */
const LEAST_OF_MEAN = 0.02;
/**
 * A still picture takes its bits mostly for headers and its first frame, and a lower rate saves little of them
 * (docs/MEASURED.md §7). Up to this part of its share by duration, its measured bits are not scaled down.
 */
const LEAST_OF_STILL = 0.1;
/**
 * An encoder that runs at -maxrate for a whole segment ends 4 % to 11 % below it, more in shorter ones
 * (docs/MEASURED.md §7). So no share is planned higher, unless -b:v itself is: then up to a little below -maxrate.
 */
const MOST_OF_MAXRATE = { usual: 0.92, tight: 0.995 };
/** How far a target may differ from the first share, to make up for what other segments used. */
const CORRECTION = { least: 0.6, most: 1.6 };
/** A segment may always miss its target by this part of it, */
const SLACK = 0.01;
/** by more when this part of the bits of segments still to be leased makes up for it, */
const SLACK_OF_REST = 0.03;
/** or when it is this part of the whole file, shared with the segments that run meanwhile, */
const SLACK_OF_FILE = 0.002;
/** but never by more than this part of its target. */
const MOST_SLACK = 0.15;

/**
 * How much longer the encode of a segment takes than its measuring (docs/MEASURED.md §7). Segments are cut for
 * measuring, and their encode must not run much longer than that of other jobs.
 */
export const ENCODE_SLOWDOWN = 4;

/** The next attempt on the segment measures it. Never in a job of one pass. */
export function isMeasuring(job: Job, segment: Segment): boolean {
  return job.rate !== undefined && segment.rate?.targetBits === undefined;
}

function secondsOf(job: Job, segment: Segment): number {
  return (segment.endPts - segment.startPts) * toNumber(job.timeBase);
}

/** Bits that the request asks for the whole video, once all of it is in segments. */
export function budgetOf(job: Job): number {
  let seconds = 0;
  for (const segment of job.segments) seconds += secondsOf(job, segment);
  return Math.round((job.rate?.bitrate ?? 0) * seconds);
}

/** A segment that is the whole video needs no measuring: it gets all the bits. */
function withSoleShare(job: Job, segment: Segment): Segment {
  const isSole =
    isMeasuring(job, segment) &&
    segment.index === 0 &&
    job.segments.length <= 1 &&
    job.indexComplete &&
    (job.gops.at(-1)?.endPts ?? segment.endPts) <= segment.endPts;
  if (!isSole) return segment;
  const alone = { ...job, segments: [segment] };
  const [targetBits] = shareBits([claimOf(alone, segment, 1)], budgetOf(alone));
  return targetBits === undefined ? segment : { ...segment, rate: { targetBits } };
}

export function claimOf(job: Job, segment: Segment, weight: number): ShareClaim {
  const seconds = secondsOf(job, segment);
  const { bitrate, maxrate } = job.rate ?? { bitrate: 0, maxrate: null };
  const mean = bitrate * seconds;
  const { usual, tight } = MOST_OF_MAXRATE;
  const most = maxrate === null ? null : Math.max(usual * maxrate, Math.min(tight * maxrate, bitrate));
  return {
    weight: Math.max(1, weight),
    leastBits: Math.floor(Math.max(LEAST_OF_MEAN * mean, Math.min(weight, LEAST_OF_STILL * mean))),
    mostBits: most === null ? Number.POSITIVE_INFINITY : Math.ceil(most * seconds),
  };
}

/**
 * The segment as it is leased: with the target of its encode, unless it must be measured first. `slots`: encodes of the
 * job at a time; as many other segments are encoded before it is known what this one took.
 */
export function withTarget(job: Job, segment: Segment, slots: number): Segment {
  // A speculative attempt encodes to the same target as the first one.
  return segment.phase.kind === "leased" ? segment : withCorrectedTarget(job, withSoleShare(job, segment), slots);
}

/** The share, corrected by what earlier segments took more or less than theirs, and how far it may be missed. */
function withCorrectedTarget(job: Job, segment: Segment, slots: number): Segment {
  const share = segment.rate?.targetBits;
  if (job.rate === undefined || share === undefined) return segment;
  const segments = job.segments.length === 0 ? [segment] : job.segments;
  const budget = budgetOf({ ...job, segments });
  const claims = [correctable(job, segment, share)];
  let left = budget;
  const margins: number[] = [];
  for (const each of segments) {
    if (each.index === segment.index) continue;
    if (each.phase.kind === "pending" && each.rate?.targetBits !== undefined) {
      const claim = correctable(job, each, each.rate.targetBits);
      claims.push(claim);
      margins.push(Math.min(SLACK_OF_REST * claim.weight, Math.max(0, claim.mostBits - claim.weight)));
    } else left -= usedBits(each);
  }
  const [targetBits = share] = shareBits(claims, left);
  // Some of them are under way before this one's size is known: the largest are assumed, to be safe.
  const later = margins.sort((a, b) => b - a).slice(Math.max(0, slots - 1));
  const margin = later.reduce((sum, each) => sum + each, 0);
  const enough = Math.max(SLACK * targetBits, margin, (SLACK_OF_FILE * budget) / Math.max(1, slots));
  const slackBits = Math.round(Math.min(MOST_SLACK * targetBits, enough));
  return { ...segment, rate: { ...segment.rate, targetBits, slackBits } };
}

/** The range in which a segment's share may still be corrected. */
function correctable(job: Job, segment: Segment, share: number): ShareClaim {
  const { leastBits, mostBits } = claimOf(job, segment, 1);
  return {
    weight: Math.max(1, share),
    leastBits: Math.min(share, Math.max(leastBits, CORRECTION.least * share)),
    mostBits: Math.max(share, Math.min(mostBits, CORRECTION.most * share)),
  };
}

/** The bits that a segment takes: those of its packets, or its target while they are not known. */
function usedBits({ phase, rate }: Segment): number {
  const target = rate?.targetBits ?? 0;
  if (phase.kind === "pending" || phase.kind === "leased" || phase.kind === "measured") return target;
  const bytes = phase.landed.report.videoBytes;
  return bytes === undefined ? target : bytes * 8;
}
