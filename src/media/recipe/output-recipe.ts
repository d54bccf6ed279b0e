// The last steps from verified segments to a checked output: the input of the stitch, and what its output is checked
// against. Pure.
import { formatRational, type Pts, type Rational, rescale } from "../../base/rational.ts";
import { restartsClock } from "../ffmpeg/formats.ts";
import type { FrameGrid } from "../index/frame-grid.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SegmentFacts } from "../model/segment.ts";
import type { SourceInfo } from "../model/source.ts";
import type { FrameTiming } from "../plan/frame-timing.ts";
import { lastFrameTicks } from "../plan/planned-frames.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { keyDistanceAsked } from "../request/args/key-distance.ts";
import type { OutputClock } from "../stitch/output-clock.ts";
import type { StitchInput } from "../stitch/stitch.ts";
import type { ComparedPictures, OutputExpectation } from "../verify/check-output.ts";
import { type FirstFrameTime, firstFrameTime } from "./first-frame-time.ts";

export interface OutputRecipe {
  readonly info: SourceInfo;
  readonly index: FrameIndex;
  /** Null: the frames keep the source's own times. */
  readonly grid: FrameGrid | null;
  readonly plan: StreamPlan;
  /** What the user asked for. */
  readonly asked: EncodeRequest;
  /** As the encoder was given it. */
  readonly request: EncodeRequest;
  /** Null: only ffmpeg knows the times of the frames. */
  readonly timing: FrameTiming | null;
  readonly encoderTimeBase: Rational;
  /** In order of time; at least one. */
  readonly segments: readonly { readonly path: string; readonly facts: SegmentFacts }[];
  readonly sourcePath: string;
  /** From `encodeAudio`. */
  readonly audioPaths: readonly string[];
  readonly outputPath: string;
  readonly signal?: AbortSignal | undefined;
}

/** What the checks need from the source alone; it may be read before there is an output. */
export type SourceEvidence = Pick<OutputExpectation, "sourceSound" | "sourceTracks" | "sourceExtras" | "soundLengths">;

export function firstFrameOf(recipe: OutputRecipe): FirstFrameTime {
  return firstFrameTime({ ...recipe, firstPts: recipe.segments[0]?.facts.firstPts ?? 0 });
}

/** How long the last frame is shown, in ticks of the encoder. */
function lastDuration({ timing, index, encoderTimeBase }: OutputRecipe): number {
  return timing === null ? 1 : Math.max(1, rescale(lastFrameTicks(timing, index), timing.timeBase, encoderTimeBase));
}

/** What the planned times are, in the words of the check. */
function timesAre({ grid, info }: OutputRecipe): string {
  if (grid === null) return "the source's times";
  const source = formatRational(info.video.timeBase);
  return `the exact times of ${formatRational(grid.rate)} frames a second, which the source rounds to ${source} s`;
}

export function stitchInput(recipe: OutputRecipe, clock: OutputClock): StitchInput {
  const { info, request, plan, encoderTimeBase, sourcePath, audioPaths, outputPath, signal } = recipe;
  return {
    info,
    request,
    plan,
    segments: recipe.segments.map(({ path, facts }) => ({ path, ...facts })),
    encoderTimeBase,
    firstFrameUs: firstFrameOf(recipe).outputUs,
    lastDuration: lastDuration(recipe),
    sourcePath,
    audioPaths,
    clock,
    outputPath,
    signal,
  };
}

/** `framePts`: as in OutputExpectation; without them the output must have as many frames as the segments. */
export function outputExpectation(
  recipe: OutputRecipe,
  evidence: SourceEvidence,
  framePts: readonly Pts[] | null,
  pictures: ComparedPictures,
): OutputExpectation {
  const { info, index, plan, encoderTimeBase, sourcePath, outputPath, signal } = recipe;
  return {
    ...evidence,
    info,
    plan,
    sourcePath,
    outputPath,
    framePts,
    frames: framePts?.length ?? recipe.segments.reduce((sum, { facts }) => sum + facts.frames, 0),
    encoderTimeBase,
    firstFrameUs: firstFrameOf(recipe).sourceUs,
    keyDistance: keyDistanceAsked(recipe.asked, recipe.request),
    timesAre: timesAre(recipe),
    pictures,
    withoutTimes: index.hasTimeJump && restartsClock(info.formatName) ? "the source's clock restarts" : null,
    signal,
  };
}
