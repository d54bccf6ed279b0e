// A source whose pictures come out of the decoder at one time, or at times that go back. ffmpeg guesses other times for
// some of them; where it shows more than two in a row at once, its output has collapsed times too, and no proof of ours
// would hold. Pure.
import { AppError } from "../../base/errors.ts";
import { type Pts, toNumber } from "../../base/rational.ts";
import { HIDES_AV1, HIDES_MJPEG, isSince } from "../ffmpeg/builds/differences.ts";
import type { Release } from "../ffmpeg/releases.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import { mayBeFields, mayHoldDoubles } from "../index/picture-doubles.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SourceInfo } from "../model/source.ts";
import { type FrameTiming, frameTimingOf } from "../plan/frame-timing.ts";
import { crowdOf, movedCrowd, shortOf } from "../verify/frames/check-steps.ts";
import { crowdTick, sourceSteps } from "../verify/frames/source-steps.ts";

/** Filters behind which pictures stand as close as before; a rate spreads them. */
const KEEPS_CROWDS: readonly string[] = ["keeps", "dropsLast", "fields"];

/** A longer source is encoded beside its index: its proof tells. */
const MOST_DECODED = 20_000;

/** Whether a decode of the whole source before work is not too much. */
function isSoonDecoded({ frameCount }: FrameIndex): boolean {
  return frameCount <= MOST_DECODED;
}

/** Since when the decoder of a codec hides what an edit list does. */
const HIDES = new Map([
  ["mjpeg", HIDES_MJPEG],
  ["av1", HIDES_AV1],
]);

/** Whether a decoder gives pictures that the packets say are hidden. */
export function showsHidden(release: Release, index: FrameIndex, { video }: SourceInfo): boolean {
  const hides = HIDES.get(video.codec);
  return hides !== undefined && index.uncounted.discarded > 0 && !isSince(release, hides) && isSoonDecoded(index);
}

/** Where each picture is two fields with a time of their own packet, about half of all packets share one. */
const FEW = 1 / 4;

/**
 * Whether a decode has to tell two pictures that an encoder of coarse ticks can't tell apart: hidden ones that are shown,
 * or doubles among pictures of two fields, when so few share a time that fields do not explain it.
 */
export function mayLackDistance(release: Release, index: FrameIndex, info: SourceInfo): boolean {
  const { samePts } = index.uncounted;
  const areFew = samePts > 0 && samePts < FEW * index.frameCount;
  return showsHidden(release, index, info) || (areFew && mayBeFields(info.video) && isSoonDecoded(index));
}

/** Whether a decode in sequence has to tell, by the packets so far. `timing`: what the filters do to the times. */
export function mayCrowd(release: Release, index: FrameIndex, info: SourceInfo, timing: FrameTiming | null): boolean {
  if (timing === null || !timing.stages.every(({ times }) => KEEPS_CROWDS.includes(times.kind))) return false;
  const areGuessed = index.falseTimes !== null || index.hasShownBehindKey || showsHidden(release, index, info);
  return isSoonDecoded(index) && (areGuessed || (mayHoldDoubles(info.video) && index.uncounted.samePts > 0));
}

/**
 * `decoded`: the times of all pictures as a decode in sequence and the filters give them, sorted, in ticks of the frame
 * timing; `planned`: as the packets and the filters give them. Errors: E_SOURCE_REFUSED.
 */
export function requireSpreadTimes(
  index: FrameIndex,
  request: EncodeRequest,
  decoded: readonly Pts[],
  planned: readonly Pts[],
): void {
  const tick = crowdTick(index, request);
  const outputTick = toNumber(frameTimingOf(request, index.timeBase)?.timeBase ?? index.timeBase);
  const steps = { shown: decoded.map((pts) => pts * outputTick), tick, picture: sourceSteps(index, request, tick) };
  const packets = planned.map((pts) => pts * outputTick);
  const short = shortOf(steps);
  if (short !== null) throw unknownTimes(short);
  const crowd = crowdOf(steps) ?? movedCrowd(steps, packets);
  if (crowd === null) return;
  throw new AppError(
    "E_SOURCE_REFUSED",
    `the source gives several pictures one time: ${crowd}`,
    "Ask for a constant rate (-r RATE), which shows each for as long as it should be seen.",
  );
}

/** Of packets with false times one that is decoded before a pause and shown behind it leaves the pause out. */
function unknownTimes(short: string): AppError {
  return new AppError(
    "E_SOURCE_REFUSED",
    `the display times of the source's pictures are unknown: ${short}`,
    "Ask for a constant rate (-r RATE), which shows each for as long as it should be seen.",
  );
}
