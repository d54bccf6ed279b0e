// The filters that keep the frames of a range, by PTS, and hash the decoded pictures at its seams. Pure.
import { formatRational, type Pts, type Rational } from "../../base/rational.ts";
import { type FilterText, type GraphText, writeFilter, writeGraph } from "../ffmpeg/filter-graph.ts";
import { frameDigests } from "../ffmpeg/framehash.ts";
import type { SegmentTask } from "../model/segment.ts";
import type { PictureShape } from "../model/source.ts";
import { mayChangeShape } from "../source/pixel-shape.ts";
import { clockShift, onClock } from "../source/source-clock.ts";
import type { DecodeRange } from "./decode-args.ts";

function trim(startPts: Pts | null, endPts: Pts | null): FilterText[] {
  const bounds = [
    ...(startPts === null ? [] : ([["start_pts", startPts]] as const)),
    ...(endPts === null ? [] : ([["end_pts", endPts]] as const)),
  ];
  return bounds.length === 0 ? [] : [writeFilter("trim", bounds)];
}

/** The decoded frames that are hashed: the first of the range and the first at or after its end. */
export function seamChain(startPts: Pts | null, endPts: Pts | null): FilterText[] {
  if (endPts === null) return [...trim(startPts, null), writeFilter("trim", [["end_frame", 1]])];
  // One tick past the end lets the frame at the boundary through and still ends the branch early.
  return [...trim(startPts, endPts + 1), writeFilter("select", [["expr", `eq(n,0)+gte(pts,${endPts})`]])];
}

/** The range on the clock that filters see, source ticks. */
export function clockBounds(range: DecodeRange): { readonly startPts: Pts | null; readonly endPts: Pts | null } {
  const shift = clockShift(range.clockOffsetUs, range.timeBase);
  return { startPts: onClock(range.startPts, shift), endPts: onClock(range.endPts, shift) };
}

/** No encoder or container accepts two pictures at one time. */
const SPREAD = writeFilter("setpts", [["expr", "if(isnan(PREV_OUTPTS),PTS,max(PTS,PREV_OUTPTS+1))"]]);

/** The result of `SPREAD` for sorted times. */
export function spreadPts(sorted: readonly Pts[]): Pts[] {
  const spread: Pts[] = [];
  for (const pts of sorted) spread.push(Math.max(pts, (spread.at(-1) ?? Number.NEGATIVE_INFINITY) + 1));
  return spread;
}

/** Which frames the filters get and which of their output is kept. */
export type CutRange = DecodeRange & Pick<SegmentTask, "cut" | "picture" | "sourceFrames" | "video">;

/** The filters that also see frames before the range, and those that start with its first frame. */
export interface CutParts {
  readonly head: readonly FilterText[];
  readonly tail: readonly FilterText[];
}

/**
 * Cuts the range from the decoded frames, or from the output of the filters that see neighbours; the tick is set there,
 * whatever a filter of another version of ffmpeg counts in.
 */
export function cutParts(task: CutRange, filters: readonly FilterText[]): CutParts {
  const { startPts, endPts } = clockBounds(task);
  const spread = task.spreadsPts === true ? [SPREAD] : [];
  if (task.cut === null) return { head: [], tail: [...trim(startPts, endPts), ...spread, ...filters] };
  const { after, timeBase } = task.cut;
  return {
    head: [...spread, ...filters.slice(0, after), writeFilter("settb", [["expr", formatRational(timeBase)]])],
    tail: [...trim(task.cut.startPts, task.cut.endPts), ...filters.slice(after)],
  };
}

export function cutChain(task: CutRange, filters: readonly FilterText[]): FilterText[] {
  const { head, tail } = cutParts(task, filters);
  return [...head, ...tail];
}

/** Both branches share one decode; each trim ends its branch, so the run stops just after the range. */
export function filterGraph(
  task: CutRange,
  filters: readonly FilterText[],
  decodedFormat: string | null = null,
): GraphText {
  const { startPts, endPts } = clockBounds(task);
  const format = decodedFormat === null ? [] : [writeFilter("format", [["pix_fmts", decodedFormat]])];
  const { sourceFrames } = task;
  const split = sourceFrames === undefined ? writeFilter("split") : writeFilter("split", [["outputs", 3]]);
  const decoded = [...format, ...statedPicture(task, filters.length > 0), split];
  return writeGraph([
    { from: [`0:${task.streamIndex}`], filters: decoded, to: ["a", "b", ...(sourceFrames === undefined ? [] : ["c"])] },
    { from: ["a"], filters: cutChain(task, filters), to: ["v"] },
    { from: ["b"], filters: seamChain(startPts, endPts), to: ["seam"] },
    ...(sourceFrames === undefined
      ? []
      : [{ from: ["c"], filters: countChain({ ...task, startPts: sourceFrames.startPts }), to: ["count"] }]),
  ]);
}

function countChain(range: DecodeRange): FilterText[] {
  const { startPts, endPts } = clockBounds(range);
  return trim(startPts, endPts);
}

/** Writes the hashes of decoded pictures, with their PTS in source ticks on the job's clock. */
export function seamOutput(seamFile: string, timeBase: Rational): string[] {
  return ["-map", "[seam]", ...frameDigests(timeBase), "-y", seamFile];
}

/** Keeps the ratio as it is: by itself the filter takes the nearest one whose numbers are no larger than 100. */
function stateShape({ num, den }: Rational): FilterText {
  return writeFilter("setsar", [
    ["sar", `${num}/${den}`],
    ...(Math.max(num, den) > 100 ? ([["max", Math.max(num, den)]] as const) : []),
  ]);
}

/**
 * What makes all pictures like the stream's first one. Before ffmpeg 7.0 each picture has the shape that its own header
 * says, and encoders state it anew in the next key frame: a decoder of MPEG-2 then loses the picture before it. A segment
 * that decodes pictures before its range says the shape of those, so that its own would go unseen. One run of filters over
 * everything is left as plain ffmpeg has it, since filters that are set up anew read the shape there.
 */
export function statedPicture(task: CutRange, hasFilters: boolean): FilterText[] {
  if (task.picture !== undefined) return shapeFilters(task.picture);
  const { sampleAspectRatio } = task.video;
  const isOneRun = task.startPts === null && task.endPts === null;
  if (sampleAspectRatio === null || !mayChangeShape(task) || (isOneRun && hasFilters)) return [];
  return [stateShape(sampleAspectRatio)];
}

/**
 * Converts changed pictures to the first one's shape as ffmpeg does (fftools, "scaler_out"); pictures that match pass
 * unchanged.
 */
function shapeFilters({ width, height, pixelFormat, sampleAspectRatio }: PictureShape): FilterText[] {
  const [num = 0, den = 1] = (sampleAspectRatio ?? "0:1").split(":").map(Number);
  const scale = [
    ["w", width],
    ["h", height],
    ["flags", "bicubic"],
  ] as const;
  return [writeFilter("scale", scale), writeFilter("format", [["pix_fmts", pixelFormat]]), stateShape({ num, den })];
}
