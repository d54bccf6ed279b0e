// The second half of the path in one process: joins verified segments with the source's other streams and checks the
// output.
import { join } from "node:path";
import { type Pts, type Rational, rescale } from "../../base/rational.ts";
import { encodeAudio } from "../audio/encode-audio.ts";
import { neverHeard } from "../audio/silent-tracks.ts";
import { streamBeginnings } from "../audio/stream-beginnings.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { TrackPackets } from "../index/track-packets.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container } from "../model/source.ts";
import type { FrameTiming } from "../plan/frame-timing.ts";
import { leftOutOf, planStreams, type StreamPlan } from "../plan/stream-plan.ts";
import { firstFrameOf, type OutputRecipe, outputExpectation, stitchInput } from "../recipe/output-recipe.ts";
import { readOutputClock } from "../stitch/output-clock.ts";
import { stitch } from "../stitch/stitch.ts";
import { withBurnInFiles } from "../subtitles/burn-in-files.ts";
import { checkOutput, type OutputCheck } from "../verify/check-output.ts";
import { readSourceExtras } from "../verify/extras/check-extras.ts";
import type { SampledSegment } from "../verify/picture/choose-samples.ts";
import { decodeSourceSound } from "../verify/sound/check-sound.ts";
import { gridIn, type LocalSegment, type LocalSource } from "./local-segment.ts";

export interface PreparedSource extends Omit<LocalSource, "reference" | "firstPicture"> {
  /** What the user asked for. */
  readonly asked: EncodeRequest;
  /** As it is encoded: without a cadence where the video is not split. */
  readonly request: EncodeRequest;
  readonly timing: FrameTiming | null;
  readonly sourceTracks: ReadonlyMap<number, TrackPackets>;
}

export interface LocalOutputOptions {
  readonly workDir: string;
  readonly container: Container;
  /** Compares every picture with the source's. */
  readonly everyPicture?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Null: the filters make the times. */
function timesOf(segments: readonly LocalSegment[], timeBase: Rational, encoderTimeBase: Rational): Pts[] | null {
  const times: Pts[] = [];
  for (const { pts } of segments) {
    if (pts === null) return null;
    for (const each of pts) times.push(rescale(each, timeBase, encoderTimeBase));
  }
  return times;
}

/** A segment that climbed the ladder shows that the index is not exact there: only a decode from the beginning is sure. */
function toSampled({ task, facts, leadIn, report }: LocalSegment): SampledSegment {
  return {
    startPts: task.startPts,
    endPts: task.endPts,
    frames: facts.frames,
    leadIn: leadIn === 0 ? 0 : "beginning",
    complaint: report.decodeErrors[0] ?? null,
  };
}

/** Stitches the segments and checks the output. */
export async function makeOutput(
  tools: Tools,
  source: PreparedSource,
  segments: readonly LocalSegment[],
  { workDir, container, everyPicture, signal }: LocalOutputOptions,
): Promise<{
  readonly plan: StreamPlan;
  readonly outputPath: string;
  readonly check: OutputCheck;
  readonly notes: readonly string[];
}> {
  const { path, info, index, asked, request, timing, burnInFiles, sourceTracks } = source;
  const announced = planStreams(info, request, container);
  const plan = leftOutOf(announced, neverHeard(announced, info.formatName, sourceTracks));
  const { files: audioPaths, lengths, notes } = await encodeAudio(tools, path, info, plan, { workDir, signal });
  const encoderTimeBase = segments[0]?.task.encoderTimeBase ?? info.video.timeBase;
  const outputPath = join(workDir, `output.${container}`);
  const recipe: OutputRecipe = {
    info,
    index,
    grid: gridIn(index),
    plan,
    asked,
    request,
    timing,
    encoderTimeBase,
    segments,
    sourcePath: path,
    audioPaths,
    outputPath,
    signal,
  };
  const sound = { info, plan, sourcePath: path, signal };
  const beginnings = () => streamBeginnings(tools, path, info.formatName, signal);
  const clock = await readOutputClock(tools, { ...sound, sourceTracks, beginnings, audioPaths, workDir });
  await stitch(tools, stitchInput(recipe, clock));
  const firstFrameUs = firstFrameOf(recipe).sourceUs;
  const evidence = {
    sourceSound: await decodeSourceSound(tools, { ...sound, firstFrameUs, sourceEnds: sourceTracks }, workDir),
    sourceTracks,
    sourceExtras: await readSourceExtras(tools, { path, info, plan }, signal),
    soundLengths: lengths,
  };
  const pictures = {
    info,
    index,
    request: withBurnInFiles(request, burnInFiles),
    grid: gridIn(index)?.tick ?? null,
    sourcePath: path,
    container,
    segments: segments.map(toSampled),
    every: everyPicture === true,
  };
  const framePts = timesOf(segments, timing?.timeBase ?? encoderTimeBase, encoderTimeBase);
  const check = await checkOutput(tools, outputExpectation(recipe, evidence, framePts, pictures));
  return { plan, outputPath, check, notes };
}
