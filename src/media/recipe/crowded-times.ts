// A source whose packets give several pictures one time. ffmpeg guesses other times for some of them; where it shows more
// than two in a row at once, its output has collapsed times too, and no proof of ours would hold. Pure.
import { AppError } from "../../base/errors.ts";
import { type Pts, toNumber } from "../../base/rational.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import { mayHoldDoubles } from "../index/picture-doubles.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SourceInfo } from "../model/source.ts";
import type { FrameTiming } from "../plan/frame-timing.ts";
import { crowdOf } from "../verify/frames/check-steps.ts";
import { sourceSteps } from "../verify/frames/source-steps.ts";

/** A longer source is encoded beside its index: its proof tells. */
const MOST_DECODED = 20_000;

/** Whether a decode in sequence has to tell, by the packets so far. `timing`: what the filters do to the times. */
export function mayCrowd(index: FrameIndex, { video }: SourceInfo, timing: FrameTiming | null): boolean {
  const isShort = index.frameCount <= MOST_DECODED;
  return isShort && index.uncounted.samePts > 0 && mayHoldDoubles(video) && timing?.keepsTimes === true;
}

/** `decoded`: the times of all pictures as a decode in sequence gives them, sorted. Errors: E_SOURCE_REFUSED. */
export function requireSpreadTimes(index: FrameIndex, request: EncodeRequest, decoded: readonly Pts[]): void {
  const tick = toNumber(index.timeBase);
  const shown = decoded.map((pts) => pts * tick);
  const crowd = crowdOf({ shown, tick, picture: sourceSteps(index, request, tick) });
  if (crowd === null) return;
  throw new AppError(
    "E_SOURCE_REFUSED",
    `the source gives several pictures one time: ${crowd}`,
    "Ask for a constant rate (-r RATE), which shows each for as long as it should be seen.",
  );
}
