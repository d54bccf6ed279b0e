// Cuts the next segment of a job for the client that asks, at the moment it asks.
import { toNumber } from "../../../base/rational.ts";
import { firstUnassignedGop, hasUnassignedGops } from "../ability/capability.ts";
import { encoderFor } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import { framesBetween } from "../model/gop-list.ts";
import type { Job } from "../model/job.ts";
import { newSegment } from "../model/new-segment.ts";
import type { Segment } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";
import { cutCosts } from "../sizing/cut-rule.ts";
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

/**
 * The next segment, not leased yet; null when there is nothing to cut, or too little so far. `aheadFrames`: what the
 * slot must encode before it can begin; null when it is free now.
 */
export function formSegment(
  turn: Turn,
  job: Job,
  client: Client,
  speeds: Speeds,
  aheadFrames: number | null,
): Segment | null {
  if (!hasUnassignedGops(job)) return null;
  const from = firstUnassignedGop(job);
  const count =
    job.split.mode === "whole" ? wholeCount(job, from) : splitCount(turn, job, client, speeds, from, aheadFrames);
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
  return newSegment(cut, job.split, turn.now);
}

function wholeCount(job: Job, from: number): number {
  return job.indexComplete ? job.gops.length - from : 0;
}

/** Groups for the next segment; 0 while the index has too little to choose from, or it is better left to others. */
function splitCount(
  turn: Turn,
  job: Job,
  client: Client,
  speeds: Speeds,
  from: number,
  aheadFrames: number | null,
): number {
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
    // What was measured was the speed of measuring.
    const slowdown = job.rate === undefined ? 1 : ENCODE_SLOWDOWN;
    wanted = wantedFrames({
      slotFps: speeds.of(client) / slowdown,
      clusterFps: speeds.cluster / slowdown,
      remainingFrames,
      aheadFrames: aheadFrames ?? 0,
      frameRate,
      maxSegmentSeconds,
    });
    if (aheadFrames !== null && wanted.shareFrames < wanted.minFrames) return 0;
  }
  // Of a length that nobody knows, nobody's share is known either.
  if (!job.indexComplete && job.durationSeconds === null) wanted = { ...wanted, shareFrames: Number.POSITIVE_INFINITY };
  if (!job.indexComplete && known < Math.min(wanted.frames, EARLY_VIDEO_SECONDS * frameRate)) return 0;
  const secondsPerTick = toNumber(job.timeBase);
  const costs = cutCosts(encoderFor(client, job) ?? job.encoder, isFirst ? null : speeds.of(client), frameRate);
  return takeGops(job.gops, from, wanted, { maxSeconds, secondsPerTick, indexComplete: job.indexComplete, costs });
}

/** As how many slots of this client's speed all slots together work. */
function slotsLike(client: Client, speeds: Speeds): number {
  const fps = speeds.of(client);
  return fps > 0 && speeds.cluster > 0 ? speeds.cluster / fps : speeds.slots;
}

/** Frames that returned segments hold and that running attempts have not encoded yet. */
function unfinishedFrames(turn: Turn, job: Job): number {
  let frames = 0;
  for (const { phase, frames: all } of job.segments) {
    if (phase.kind === "pending") frames += all;
    else if (phase.kind === "leased") {
      let done = 0;
      for (const id of phase.attemptIds) done = Math.max(done, turn.attempts.get(id)?.framesDone ?? 0);
      frames += Math.max(0, all - done);
    }
  }
  return frames;
}
