// What the source's packets say of the steps between its pictures. Pure.
import { toNumber } from "../../../base/rational.ts";
import type { FrameIndex } from "../../index/frame-index.ts";
import type { EncodeRequest } from "../../model/encode-request.ts";
import { type FrameTiming, frameTimingOf } from "../../plan/frame-timing.ts";
import { closeSteps, isClose, type StepsInput, togetherSeconds } from "./check-steps.ts";

/**
 * How close pictures come that collapse, seconds: a tick of the source, as small as the filters make it (fields lie half a
 * tick apart, pictures of a rate no less than it says), or of the output where that is coarser.
 */
export function crowdTick({ timeBase }: FrameIndex, request: EncodeRequest, outputTick = 0): number {
  const sourceTick = toNumber(timeBase);
  const timing = frameTimingOf(request, timeBase);
  return Math.max(outputTick, timing === null ? sourceTick : Math.min(sourceTick, toNumber(timing.timeBase)));
}

/** Whether the filters make a rate whose pictures are a tick apart. */
function isOnGrid(stages: FrameTiming["stages"], tick: number): boolean {
  return stages.some(
    ({ times, timeBase }) =>
      (times.kind === "grid" || times.kind === "cadence") && isClose(0, toNumber(timeBase), tick),
  );
}

/** Of so many steps of a tick of the source in a row, how many filters make: fields stand between all and behind the last. */
function rowThrough(ticksInARow: number, stages: FrameTiming["stages"]): number {
  const doublings = stages.filter(({ times }) => times.kind === "fields").length;
  return ticksInARow === 0 ? 0 : (ticksInARow + 1) * 2 ** doublings - 1;
}

/** `tick`: of `crowdTick`. Packets count however often the clock restarts. */
export function sourceSteps(
  index: FrameIndex,
  request: EncodeRequest,
  tick: number,
): NonNullable<StepsInput["picture"]> {
  const { progress, timeBase, uncounted } = index;
  const sourceTick = toNumber(timeBase);
  const packets = index.framePts(null, null).map((pts) => pts * sourceTick);
  const timing = frameTimingOf(request, timeBase);
  // Where packets lack times, and behind filters that make others, the packets' steps are not the pictures'.
  const isTold = uncounted.withoutPts === 0 && timing?.keepsTimes === true;
  const close = isTold ? { apart: closeSteps(packets, tick), doubles: uncounted.samePts } : null;
  const isBroken = progress.isBroken || uncounted.withoutPts > 0;
  const seconds = togetherSeconds({ seconds: progress.total * sourceTick, isBroken }, packets);
  const stages = timing?.stages ?? [];
  const lasts = progress.steps > 0 && !isOnGrid(stages, tick) ? seconds / progress.steps : 0;
  const ticksInARow = rowThrough(progress.ticksInARow, stages);
  return { seconds, ticks: lasts / Math.max(tick, sourceTick), ticksInARow, close };
}
