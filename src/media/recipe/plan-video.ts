// What is decided of the video before its packets are read: how it may be split, and which clocks its frames may have.
// Pure.
import type { Rational } from "../../base/rational.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container, SourceInfo } from "../model/source.ts";
import { candidateGrid } from "../plan/candidate-grid.ts";
import { encoderTimeBase, outputFrameRate } from "../plan/time-base.ts";
import { type SplitMode, splitMode, unlessWhole } from "../request/args/split-mode.ts";

export interface VideoInput {
  readonly info: SourceInfo;
  /** With its cadence, where one was found for `-r`. */
  readonly request: EncodeRequest;
  /** As the encoder is given it; the request itself where that names its encoder. */
  readonly resolved: EncodeRequest;
  readonly container: Container;
  /** False: filters of unbounded memory are split too. */
  readonly exactly: boolean;
  /** Why `-r` has no cadence; null: it has one, or there is no `-r`. */
  readonly whyNoCadence: string | null;
  /** From `sampledRangeChange`: how the range of the pictures changes; null: it does not. */
  readonly rangeChange: string | null;
}

export interface VideoPlan {
  readonly split: SplitMode;
  /** One frame of the constant rate that the source's times may be roundings of; null: they stand for themselves. */
  readonly grid: Rational | null;
  /** Seconds per tick of the encoder, where the frames do not stand on the grid. */
  readonly encoderTimeBase: Rational;
  /** Frames a second of the output, for estimates; null: the source does not say. */
  readonly frameRate: Rational | null;
}

export function planVideo(input: VideoInput): VideoPlan {
  const { info, request, resolved, container } = input;
  return {
    split: unlessWhole(splitMode(request, input.exactly, input.whyNoCadence), input.rangeChange),
    grid: candidateGrid(info, resolved, container),
    encoderTimeBase: encoderTimeBase(info.video, request),
    frameRate: outputFrameRate(info.video, request),
  };
}
