// The output frames that a range of the source must give: the frame timing applied to the index around the range.
// Segments, outputs and proofs are checked against them. Pure.
import { type Pts, rescale } from "../../base/rational.ts";
import type { FrameIndex, FrameTimes } from "../index/frame-index.ts";
import type { SegmentTask } from "../model/segment.ts";
import type { SourceInfo } from "../model/source.ts";
import { clockOffsetUs, clockShift, onClock } from "../source/source-clock.ts";
import { boundaryTime, type FrameTiming, outputTimes, type Reach } from "./frame-timing.ts";

/** A half-open range of source ticks; null bounds mean the beginning or the end of the stream. */
export type SourceRange = Pick<SegmentTask, "startPts" | "endPts">;

function secondsToTicks(index: Pick<FrameTimes, "timeBase">, seconds: number): number {
  return Math.ceil((seconds * index.timeBase.den) / index.timeBase.num);
}

/** The frame so far before `pts`; null: it would lie before the stream's beginning. */
export function reachBack(index: FrameTimes, pts: Pts, reach: Reach): Pts | null {
  return index.frameBefore(pts - secondsToTicks(index, reach.seconds), reach.frames);
}

/** A bound just past the frames needed after `pts`, or null where the stream ends before. */
function reachOn(index: FrameTimes, pts: Pts, reach: Reach): Pts | null {
  // One frame more: the one that ends the last one needed.
  return index.frameAfter(pts + secondsToTicks(index, reach.seconds), reach.frames + 1);
}

/**
 * Whether the index, complete up to `knownPts`, already determines every frame of a range that ends at `endPts`: a
 * filter may see frames after the end.
 */
export function isCertain(timing: FrameTiming | null, index: FrameTimes, endPts: Pts, knownPts: Pts): boolean {
  if (timing === null || timing.keepsTimes) return knownPts >= endPts;
  const end = endPts + secondsToTicks(index, timing.after.seconds);
  return end < knownPts && index.countFrames(end, knownPts) > timing.after.frames;
}

/** Sorted, on the job's clock, in `timing.timeBase`. */
export function plannedFrames(
  timing: FrameTiming,
  index: FrameTimes,
  info: Pick<SourceInfo, "startMicroseconds" | "video">,
  range: SourceRange,
): Pts[] {
  const shift = clockShift(clockOffsetUs(info), index.timeBase);
  const { startPts, endPts } = range;
  if (timing.keepsTimes) return index.framePts(startPts, endPts).map((pts) => pts + shift);
  const from = startPts === null ? null : reachBack(index, startPts, timing.before);
  const to = endPts === null ? null : reachOn(index, endPts, timing.after);
  const pts = index.framePts(from, to).map((each) => each + shift);
  const last = pts.at(-1);
  const end = to !== null || last === undefined ? null : last + index.lastDuration;
  const bounds = boundsOf(timing, range, shift);
  return outputTimes(timing, { pts, endPts: end }).pts.filter(
    (each) => (bounds.startPts === null || each >= bounds.startPts) && (bounds.endPts === null || each < bounds.endPts),
  );
}

/** Frames of the output before the range that begins at `startPts`. */
export function plannedBefore(
  timing: FrameTiming,
  index: FrameIndex,
  info: Pick<SourceInfo, "startMicroseconds" | "video">,
  startPts: Pts,
): number {
  if (timing.keepsTimes) return index.countFrames(null, startPts);
  return plannedFrames(timing, index, info, { startPts: null, endPts: startPts }).length;
}

/** A range of the source on the clock of the output. */
export function boundsOf(timing: FrameTiming, range: SourceRange, shift: Pts): SourceRange {
  const startPts = onClock(range.startPts, shift);
  const endPts = onClock(range.endPts, shift);
  return {
    startPts: startPts === null ? null : boundaryTime(timing, startPts),
    endPts: endPts === null ? null : boundaryTime(timing, endPts),
  };
}

/** Ticks of `timing.timeBase` that the last frame is shown. */
export function lastFrameTicks(timing: FrameTiming, index: FrameIndex): number {
  if (timing.stages.some(({ times }) => times.kind === "grid" || times.kind === "cadence")) return 1;
  const ticks = rescale(index.lastDuration, index.timeBase, timing.timeBase);
  return Math.max(1, timing.stages.some(({ times }) => times.kind === "fields") ? Math.round(ticks / 2) : ticks);
}
