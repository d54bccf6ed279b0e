// Chooses the pictures of an output to compare: the first ones of each segment and some in its middle, where source and
// output need the fewest decoded pictures. Pure.
import { type Pts, type Rational, rescale } from "../../../base/rational.ts";
import type { FrameIndex } from "../../index/frame-index.ts";
import type { EncodeRequest } from "../../model/encode-request.ts";
import type { LeadIn, SegmentTask } from "../../model/segment.ts";
import type { PictureShape, SourceInfo } from "../../model/source.ts";
import { type FrameTiming, frameTimingOf } from "../../plan/frame-timing.ts";
import { plannedFrames } from "../../plan/planned-frames.ts";
import { planSegment } from "../../segment/segment-task.ts";

/** The facts about a segment that sampling needs. */
export interface SampledSegment {
  /** Source ticks; null: the beginning or the end of the stream. */
  readonly startPts: Pts | null;
  readonly endPts: Pts | null;
  readonly frames: number;
  /** The segment's own lead-in; for one that climbed the ladder, the beginning of the source. */
  readonly leadIn: LeadIn;
  /** The decoder's complaint; null: none. */
  readonly complaint: string | null;
}

export interface SamplingInput {
  /** Of the file that the video is read from. */
  readonly info: SourceInfo;
  readonly index: FrameIndex;
  /** With the cadence that segments are encoded with; without it for one run. */
  readonly request: EncodeRequest;
  readonly segments: readonly SampledSegment[];
  /** PTS of all pictures of the output on the job's clock, in encoder ticks; null: unknown. */
  readonly framePts: readonly Pts[] | null;
  readonly encoderTimeBase: Rational;
  /** Encoder's tick where the source's times are roundings of it. */
  readonly grid: Rational | null;
  /** What the stream's first picture is, where pictures were found to change. */
  readonly picture?: PictureShape;
  /** Numbers of the output's key frames, rising. */
  readonly keys: readonly number[];
}

export interface PictureSample {
  readonly segment: number;
  readonly kind: "first" | "middle";
  /** Decodes the source's side; its pictures from number `skip` on are compared. */
  readonly task: SegmentTask;
  readonly skip: number;
  /** Number of the first picture in the output, from 0, and how many in a row. */
  readonly position: number;
  readonly frames: number;
}

/** Two in a row: a single picture does not show whether it is its neighbour. */
const IN_A_ROW = 2;
/** Pictures that one run over everything decodes from its beginning to reach a later one. */
const MOST_FROM_START = 48;
/** The middle is chosen between the first and the last eighth. */
const EDGE = 8;
/** Extra cost of a candidate at the edge of that, in decoded pictures. */
const EDGE_COST = 12;
/** A source's picture costs more than the output's: it is larger, and may be filtered. */
const SOURCE_COST = 1.5;
const MOST_CANDIDATES = 24;
/** Source pictures that give at least one output picture, even at a hundredth of the rate. */
const WINDOW = 100;

/** The place of the last of rising numbers that is not above `value`; -1: all are. */
export function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The key frame of the output at or before picture `position`; 0 where none is known. */
export function keyBefore(keys: readonly number[], position: number): number {
  return keys[lastAtOrBefore(keys, position)] ?? 0;
}

function spread<T>(values: readonly T[], most: number): T[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_, at) => values[Math.floor((at * values.length) / most)] as T);
}

/** Pictures of the source that a middle might begin with: cheap ones for the source, for the output, and some others. */
function candidates(input: SamplingInput, segment: SampledSegment, offset: number): Pts[] {
  const { index, keys } = input;
  const { startPts, endPts, frames } = segment;
  const inRange = index.framePts(startPts, endPts);
  const at = (part: number) => inRange[Math.min(inRange.length - 1, Math.round(part * inRange.length))];
  const sourceKeys = index.keyFrames
    .map(({ pts }) => pts)
    .filter((pts) => (startPts === null || pts > startPts) && (endPts === null || pts < endPts));
  const outputKeys = keys
    .filter((key) => key > offset && key < offset + frames)
    .map((key) => (key + 1 - offset) / frames);
  const parts = [...spread(outputKeys, MOST_CANDIDATES), 1 / EDGE + 0.01, 1 / 4, 1 / 2];
  const found = [...spread(sourceKeys, MOST_CANDIDATES), ...parts.map(at)];
  return [...new Set(found.filter((pts) => pts !== undefined))];
}

/** The first output picture from the source's at `pts` on, in encoder ticks; null: none near. */
export function firstShown(input: SamplingInput, timing: FrameTiming, pts: Pts, endPts: Pts | null): Pts | null {
  const { index, info, encoderTimeBase } = input;
  const window = index.frameAfter(pts, WINDOW);
  const to = window === null || (endPts !== null && endPts < window) ? endPts : window;
  const [first] = plannedFrames(timing, index, info, { startPts: pts, endPts: to });
  return first === undefined ? null : rescale(first, timing.timeBase, encoderTimeBase);
}

function decodedBefore({ index }: SamplingInput, task: SegmentTask, pts: Pts): number {
  const from = task.seekPts === null ? null : (index.keyFrameAtOrBefore(task.seekPts)?.pts ?? null);
  return index.countFrames(from, pts);
}

function middleOf(input: SamplingInput, timing: FrameTiming, number: number, offset: number): PictureSample | null {
  const segment = input.segments[number];
  const { framePts } = input;
  if (segment === undefined || framePts === null || segment.frames < 2 * IN_A_ROW) return null;
  const { frames } = segment;
  const own = framePts.slice(offset, offset + frames);
  let best: { readonly sample: PictureSample; readonly cost: number } | null = null;
  for (const pts of candidates(input, segment, offset)) {
    const shown = firstShown(input, timing, pts, segment.endPts);
    const at = shown === null ? -1 : lastAtOrBefore(own, shown);
    if (at < frames / EDGE || at > frames - Math.max(IN_A_ROW, frames / EDGE) || own[at] !== shown) continue;
    const task = taskAt(input, segment, pts);
    const position = offset + at;
    const sourceCost = SOURCE_COST * decodedBefore(input, task, pts);
    const edgeCost = (EDGE_COST * Math.abs(at - frames / 2)) / frames;
    const cost = sourceCost + (position - keyBefore(input.keys, position)) + edgeCost;
    if (best !== null && cost >= best.cost) continue;
    best = { sample: { segment: number, kind: "middle", task, skip: 0, position, frames: IN_A_ROW }, cost };
  }
  return best?.sample ?? null;
}

/** What decodes a segment from this picture of the source on. */
export function taskAt(input: SamplingInput, segment: SampledSegment, startPts: Pts | null): SegmentTask {
  const { request, picture } = input;
  const task = planSegment(input, request, { startPts, endPts: segment.endPts }, segment.leadIn);
  return picture === undefined ? task : { ...task, picture };
}

/** For one run over everything, or filters that can't be predicted: a middle by the number of the picture. */
function countedMiddle(segment: SampledSegment, first: PictureSample): PictureSample | null {
  const skip = Math.min(Math.floor(segment.frames / 2), MOST_FROM_START);
  if (skip < IN_A_ROW) return null;
  return {
    ...first,
    kind: "middle",
    skip,
    position: first.position + skip,
    frames: Math.min(IN_A_ROW, segment.frames - skip),
  };
}

/** In the order of the output: the first pictures of each segment, and a middle where it has one. */
export function chooseSamples(input: SamplingInput): PictureSample[] {
  const timing = frameTimingOf(input.request, input.info.video.timeBase);
  const samples: PictureSample[] = [];
  let offset = 0;
  for (const [number, segment] of input.segments.entries()) {
    const isWhole = segment.startPts === null && segment.endPts === null;
    const first: PictureSample = {
      segment: number,
      kind: "first",
      skip: 0,
      position: offset,
      task: taskAt(input, segment, segment.startPts),
      frames: Math.min(IN_A_ROW, segment.frames),
    };
    const middle = timing === null || isWhole ? countedMiddle(segment, first) : middleOf(input, timing, number, offset);
    if (segment.frames > 0) samples.push(first, ...(middle === null ? [] : [middle]));
    offset += segment.frames;
  }
  return samples;
}
