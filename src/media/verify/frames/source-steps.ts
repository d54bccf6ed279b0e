// What the source's packets say of the steps between its pictures. Pure.
import { toNumber } from "../../../base/rational.ts";
import type { FrameIndex } from "../../index/frame-index.ts";
import type { EncodeRequest } from "../../model/encode-request.ts";
import { frameTimingOf } from "../../plan/frame-timing.ts";
import { closeSteps, type StepsInput, togetherSeconds } from "./check-steps.ts";

/** `tick`: the coarser one of the source's and the output's, seconds. Packets count however often the clock restarts. */
export function sourceSteps(
  index: FrameIndex,
  request: EncodeRequest,
  tick: number,
): NonNullable<StepsInput["picture"]> {
  const { progress, timeBase, uncounted } = index;
  const sourceTick = toNumber(timeBase);
  const packets = index.framePts(null, null).map((pts) => pts * sourceTick);
  // Where packets lack times, and behind filters that make others, the packets' steps are not the pictures'.
  const isTold = uncounted.withoutPts === 0 && frameTimingOf(request, timeBase)?.keepsTimes === true;
  const close = isTold ? { apart: closeSteps(packets, tick), doubles: uncounted.samePts } : null;
  const isBroken = progress.isBroken || uncounted.withoutPts > 0;
  const seconds = togetherSeconds({ seconds: progress.total * sourceTick, isBroken }, packets);
  return { seconds, steps: progress.steps, ticksInARow: progress.ticksInARow, close };
}
