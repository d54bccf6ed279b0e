// Cuts the next segment of a job at the moment a client has a free slot, sized for that client.
import { toNumber } from "../../../base/rational.ts";
import { firstUnassignedGop, hasUnassignedGops } from "../ability/capability.ts";
import { encoderFor } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import { framesBetween } from "../model/gop-list.ts";
import type { Job } from "../model/job.ts";
import { newSegment } from "../model/new-segment.ts";
import type { Segment } from "../model/segment.ts";
import { tallyOf } from "../model/segment-tally.ts";
import type { Turn } from "../model/turn.ts";
import { cutCosts } from "../sizing/cut-rule.ts";
import { isLeftWhole } from "../sizing/left-whole.ts";
import { ENCODE_SLOWDOWN } from "../sizing/segment-shares.ts";
import {
  benchmarkFrames,
  benchmarkSecondsOf,
  EARLY_VIDEO_SECONDS,
  knownUnassignedFrames,
  takeGops,
  unassignedFrames,
  videoFrameRate,
  type Wanted,
  wantedFrames,
} from "../sizing/sizing.ts";
import type { Speeds } from "../sizing/speeds.ts";

export interface Formed {
  readonly segment: Segment;
  /** The slot's share of the job holds more than this segment. */
  readonly isFollowed: boolean;
}

/** A segment of at most this part of its slot's share is not the last one there. */
const MOST_OF_SHARE = 0.75;

/**
 * The next segment, not leased yet; null: there is nothing to cut, or too little so far. `aheadFrames`: what the slot must
 * encode first; null: the slot is free now.
 */
export function formSegment(
  turn: Turn,
  job: Job,
  client: Client,
  speeds: Speeds,
  aheadFrames: number | null,
): Formed | null {
  if (!hasUnassignedGops(job)) return null;
  const from = firstUnassignedGop(job);
  const isInOnePiece = job.split.mode === "whole" || isLeftWhole(turn, job, speeds);
  const { count, shareFrames } = isInOnePiece
    ? wholeJob(job, from)
    : splitCount(turn, job, client, { speeds, from, aheadFrames });
  const first = job.gops[from];
  const last = job.gops[from + count - 1];
  if (count === 0 || first === undefined || last === undefined) return null;
  const frames = framesBetween(job.gops, from, from + count);
  const cut = {
    index: job.segments.length,
    startPts: first.startPts,
    endPts: last.endPts,
    frames: job.split.mode === "whole" ? (job.totalFrames ?? frames) : frames,
  };
  return { segment: newSegment(cut, job.split, turn.now), isFollowed: frames <= MOST_OF_SHARE * shareFrames };
}

/** How many groups the next segment takes, and how many frames are left for its slot. */
interface Taken {
  readonly count: number;
  readonly shareFrames: number;
}

const NOTHING: Taken = { count: 0, shareFrames: 0 };

function wholeJob(job: Job, from: number): Taken {
  return { count: job.indexComplete ? job.gops.length - from : 0, shareFrames: 0 };
}

/** Groups in the next segment; 0: the index has too little to choose from, or other clients should take it. */
function splitCount(
  turn: Turn,
  job: Job,
  client: Client,
  {
    speeds,
    from,
    aheadFrames,
  }: { readonly speeds: Speeds; readonly from: number; readonly aheadFrames: number | null },
): Taken {
  const known = knownUnassignedFrames(job, from);
  const unassigned = unassignedFrames(job, known);
  const frameRate = videoFrameRate(job);
  const { maxSegmentSeconds } = job.settings;
  const isFirst = client.slotFps[job.id] === undefined || speeds.cluster <= 0;
  let wanted: Wanted;
  let maxSeconds = maxSegmentSeconds;
  const remainingFrames = unassigned + unfinishedFrames(turn, job);
  if (isFirst) {
    const seconds = benchmarkSecondsOf(job, client);
    const slots = slotsLike(client, speeds);
    const frames = benchmarkFrames(seconds, frameRate, remainingFrames, slots);
    const shareFrames = Math.max(frames, remainingFrames / Math.max(1, slots));
    wanted = { frames, shareFrames, minFrames: 0 };
    maxSeconds = Math.min(seconds, maxSegmentSeconds ?? seconds);
  } else {
    // The speeds were measured in the measuring pass, which is faster.
    const slowdown = job.rate === undefined ? 1 : ENCODE_SLOWDOWN;
    wanted = wantedFrames({
      slotFps: speeds.of(client) / slowdown,
      clusterFps: speeds.cluster / slowdown,
      remainingFrames,
      aheadFrames: aheadFrames ?? 0,
      frameRate,
      maxSegmentSeconds,
    });
    if (aheadFrames !== null && wanted.shareFrames < wanted.minFrames) return NOTHING;
  }
  const shareFrames = Math.min(wanted.shareFrames, unassigned);
  // Without a known total length there are no shares.
  if (!job.indexComplete && job.durationSeconds === null) wanted = { ...wanted, shareFrames: Number.POSITIVE_INFINITY };
  if (!job.indexComplete && known < Math.min(wanted.frames, EARLY_VIDEO_SECONDS * frameRate)) return NOTHING;
  const secondsPerTick = toNumber(job.timeBase);
  const costs = cutCosts(encoderFor(client, job) ?? job.encoder, isFirst ? null : speeds.of(client), frameRate);
  const limits = { maxSeconds, secondsPerTick, indexComplete: job.indexComplete, costs };
  return { count: takeGops(job.gops, from, wanted, limits), shareFrames };
}

/** The speed of all slots together, in slots of this client's speed. */
function slotsLike(client: Client, speeds: Speeds): number {
  const fps = speeds.of(client);
  return fps > 0 && speeds.cluster > 0 ? speeds.cluster / fps : speeds.slots;
}

/** Frames of returned segments, and those that running attempts have not encoded yet. */
export function unfinishedFrames(turn: Turn, job: Job): number {
  let frames = 0;
  const tally = tallyOf(job);
  for (const at of tally.placesOf("pending")) frames += job.segments[at]?.frames ?? 0;
  for (const at of tally.placesOf("leased")) {
    const segment = job.segments[at];
    if (segment?.phase.kind !== "leased") continue;
    let done = 0;
    for (const id of segment.phase.attemptIds) done = Math.max(done, turn.attempts.get(id)?.framesDone ?? 0);
    frames += Math.max(0, segment.frames - done);
  }
  return frames;
}
