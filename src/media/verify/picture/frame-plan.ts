// What is kept of an output so that any of its pictures can be shown beside the source's: places from which both files are
// decoded, as the check `picture` reads them, with the number of the picture there. Pure.
import { z } from "zod";
import { type Pts, toNumber } from "../../../base/rational.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { SegmentTask } from "../../model/segment.ts";
import { frameTimingOf } from "../../plan/frame-timing.ts";
import { firstShown, lastAtOrBefore, type SampledSegment, taskAt } from "./choose-samples.ts";
import { sameTimeBefore, seekOf } from "./compare-samples.ts";
import { comparisonOf, matrixOf, outputFile, type PicturesInput } from "./comparison.ts";
import type { PictureScores } from "./picture-scores.ts";

const rationalSchema = z.object({ num: z.number(), den: z.number() });
const position = z.number().int().min(0);
const taskPart = z.custom<Partial<SegmentTask>>((value) => typeof value === "object" && value !== null);

/** A file of the server's own, beside the proof. */
export const framePlanSchema = z.object({
  frames: position,
  /** Of all pictures together. */
  seconds: z.number(),
  /** Why source and output can't be shown side by side; null: they can. */
  reason: z.string().nullable(),
  width: position,
  height: position,
  /** "16:15"; null: square pixels. */
  pixelShape: z.string().nullable(),
  /** The name of the compared format, and how ffmpeg takes what is asked of colours (ComparedForm). */
  format: z.string(),
  asked: z.enum(["converted", "said"]),
  /** What the output says of its colours; null: nothing. */
  matrix: z.string().nullable(),
  timeBase: rationalSchema,
  decoder: z.string().nullable(),
  isFullRange: z.boolean(),
  formats: z.string(),
  /** Of the source: the task that all share, and what differs at each place. */
  task: taskPart,
  places: z.array(z.object({ position, task: taskPart })),
  /** Of the output, with the time of each place in ticks. */
  keys: z.array(z.object({ position, pts: z.number(), seekPts: z.number().nullable(), skip: position })),
  scores: z.array(z.object({ frame: position, psnr: z.number().nullable(), ssim: z.number() })),
  /** Every picture was looked at. */
  isEvery: z.boolean(),
  /** Bits per second of the video in equal stretches of its pictures. */
  bitrate: z.array(z.number()),
});
export type FramePlan = z.infer<typeof framePlanSchema>;

/** Pictures that are decoded for one that is looked at, at most, as far as key frames allow. */
const LEAST_APART = 24;
const MOST_PLACES = 2000;
const MOST_STRETCHES = 300;

interface Place {
  readonly position: number;
  readonly task: SegmentTask;
}

/** Places in a segment: its beginning, and key frames of the source from which the number of the picture is certain. */
function placesIn(input: Omit<PicturesInput, "keys">, segment: SampledSegment, offset: number, apart: number): Place[] {
  const sampling = { ...input, keys: [] };
  const timing = frameTimingOf(input.request, input.info.video.timeBase);
  const places: Place[] = [{ position: offset, task: taskAt(sampling, segment, segment.startPts) }];
  if (timing === null || input.framePts === null || segment.leadIn === "beginning") return places;
  const own = input.framePts.slice(offset, offset + segment.frames);
  const { startPts, endPts } = segment;
  for (const { pts } of input.index.keyFrames) {
    if ((startPts !== null && pts <= startPts) || (endPts !== null && pts >= endPts)) continue;
    const shown = firstShown(sampling, timing, pts, endPts);
    const at = shown === null ? -1 : lastAtOrBefore(own, shown);
    const last = places.at(-1)?.position ?? offset;
    if (at < 0 || own[at] !== shown || offset + at < last + apart) continue;
    places.push({ position: offset + at, task: taskAt(sampling, segment, pts) });
  }
  return places;
}

function allPlaces(input: PicturesInput, apart: number): Place[] {
  let offset = 0;
  return input.segments.flatMap((segment) => {
    const places = segment.frames === 0 ? [] : placesIn(input, segment, offset, apart);
    offset += segment.frames;
    return places;
  });
}

/** What a decode alone needs, without what is the same in `shared`. */
function partOf(task: SegmentTask, shared: SegmentTask): Partial<SegmentTask> {
  const differs = ([key, value]: readonly [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(shared[key as keyof SegmentTask]);
  return Object.fromEntries(Object.entries(task).filter(differs));
}

/** Of a task, what says which pictures come out. */
function decodeOnly({ sourceFrames: _counted, byteRange: _bytes, expectedFrames: _expected, ...task }: SegmentTask) {
  return { ...task, byteRange: null, expectedFrames: null };
}

function bitrateOf({ videoBytes }: PicturesInput["output"], seconds: number): number[] {
  // Of less than a second, key frames alone would show.
  const stretches = Math.min(MOST_STRETCHES, videoBytes.length, Math.max(1, Math.floor(seconds)));
  const each = seconds / Math.max(1, stretches);
  const bytes = new Array<number>(stretches).fill(0);
  for (const [number, size] of videoBytes.entries()) {
    const at = Math.floor((number * stretches) / videoBytes.length);
    bytes[at] = (bytes[at] ?? 0) + size;
  }
  return bytes.map((sum) => Math.round((8 * sum) / Math.max(each, 1e-6)));
}

/** Seconds from the first picture to the end of the last. */
function secondsOf(videoPts: readonly Pts[], tick: number): number {
  const [first = 0] = videoPts;
  const last = videoPts.at(-1) ?? first;
  const span = (last - first) * tick;
  return videoPts.length < 2 ? span : (span * videoPts.length) / (videoPts.length - 1);
}

export function framePlanOf(tools: Tools, input: PicturesInput, scores: PictureScores, isEvery: boolean): FramePlan {
  const { output } = input;
  const { videoPts, keyPts, picture, streams } = output;
  const comparison = comparisonOf(tools, input);
  const timeBase = streams.find(({ index }) => index === picture?.index)?.timeBase ?? { num: 1, den: 1000 };
  const apart = Math.max(LEAST_APART, Math.ceil(videoPts.length / MOST_PLACES));
  const places = typeof comparison === "string" ? [] : allPlaces(input, apart);
  const shared = places[0] === undefined ? null : decodeOnly(places[0].task);
  const { path: _path, isFullRange = false, ...file } = outputFile(input);
  const seconds = secondsOf(videoPts, toNumber(timeBase));
  const ratio = picture?.sample_aspect_ratio;
  return {
    frames: videoPts.length,
    seconds,
    reason: typeof comparison === "string" ? comparison : null,
    width: picture?.width ?? 0,
    height: picture?.height ?? 0,
    pixelShape: ratio === undefined || /^(0|1):1$|^N\/A$/.test(ratio) ? null : ratio,
    format: typeof comparison === "string" ? "" : comparison.shown.format.name,
    asked: typeof comparison === "string" ? "said" : comparison.shown.asked,
    matrix: matrixOf(output),
    timeBase,
    ...file,
    isFullRange,
    task: shared ?? {},
    places: places.map(({ position: at, task }) => {
      return { position: at, task: shared === null ? {} : partOf(decodeOnly(task), shared) };
    }),
    keys: keysOf(input, timeBase, apart, keyPts),
    scores: scores.list(),
    isEvery,
    bitrate: bitrateOf(output, seconds),
  };
}

function keysOf(
  input: PicturesInput,
  timeBase: FramePlan["timeBase"],
  apart: number,
  keyPts: ReadonlySet<Pts>,
): FramePlan["keys"] {
  const { videoPts } = input.output;
  const keys = videoPts.flatMap((pts, number) => (keyPts.has(pts) ? [number] : []));
  const found: FramePlan["keys"] = [];
  for (const at of new Set([0, ...keys])) {
    const last = found.at(-1);
    if (last !== undefined && at < last.position + apart) continue;
    const seekPts = seekOf({ input, keys, timeBase }, at);
    found.push({ position: at, pts: videoPts[at] ?? 0, seekPts, skip: sameTimeBefore(videoPts, at) });
  }
  return found;
}
