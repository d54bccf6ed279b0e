// When an output's first frame is shown, on the source's own clock. Pure.
import { MICROSECONDS, type Pts, type Rational, rescale } from "../../base/rational.ts";
import type { FrameGrid } from "../index/frame-grid.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import type { SourceInfo } from "../model/source.ts";
import { sourceMicroseconds } from "../source/source-clock.ts";

export interface FirstFrameTime {
  /** As the source has it: what the sound is compared with. */
  readonly sourceUs: number;
  /** Where the stitch puts it: the exact time that the source has rounded, where the frames stand on a grid. */
  readonly outputUs: number;
}

export interface FirstFrameInput {
  readonly info: Pick<SourceInfo, "startMicroseconds" | "video">;
  readonly index: Pick<FrameIndex, "firstPts">;
  readonly grid: FrameGrid | null;
  readonly encoderTimeBase: Rational;
  /** Of the first segment, on the job's clock, encoder ticks. */
  readonly firstPts: Pts;
}

export function firstFrameTime({ info, index, grid, encoderTimeBase, firstPts }: FirstFrameInput): FirstFrameTime {
  if (grid === null || index.firstPts === null) {
    const us = sourceMicroseconds(firstPts, encoderTimeBase, info);
    return { sourceUs: us, outputUs: us };
  }
  return {
    sourceUs: rescale(index.firstPts, info.video.timeBase, MICROSECONDS),
    outputUs: grid.beginsUs(index.firstPts),
  };
}
