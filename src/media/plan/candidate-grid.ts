// Whether an output may have the exact times of a constant rate that its source's container has rounded. The index then
// checks that every frame is on that grid (index/frame-grid.ts). Pure.
import { invert, multiply, type Rational } from "../../base/rational.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container, SourceInfo } from "../model/source.ts";
import { wantsFrameClock } from "../request/args/bitrate-requests.ts";
import { frameTimingOf } from "./frame-timing.ts";
import { mostTicks } from "./time-base.ts";

/** Declared and mean rate may differ by lost frames and the container's rounding. */
const RATE_TOLERANCE = 0.02;

/**
 * The grid that a source may be on, as the encoder's tick. There is one where the container rounds, every frame keeps
 * its time, and the output's clock is fine enough to show it or the encoder's passes need one tick per frame. Null: the
 * encoder uses the source's ticks.
 */
export function candidateGrid(info: SourceInfo, request: EncodeRequest, container: Container): Rational | null {
  const { realFrameRate: rate, averageFrameRate: mean, timeBase } = info.video;
  if (rate === null || mean === null || frameTimingOf(request, timeBase)?.keepsTimes !== true) return null;
  const isFine = container === "mp4" || container === "mov";
  if (!isFine && !wantsFrameClock(request)) return null;
  if (Math.abs((mean.num * rate.den) / (mean.den * rate.num) - 1) > RATE_TOLERANCE) return null;
  if (rate.num > mostTicks(request)) return null;
  const ticksPerFrame = multiply(invert(rate), invert(timeBase));
  return ticksPerFrame.den === 1 || ticksPerFrame.num < 4 * ticksPerFrame.den ? null : invert(rate);
}
