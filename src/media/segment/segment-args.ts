// The whole argument list of the run that makes a segment: seek, decode, keep the frames of the range by PTS, encode,
// and beside it the hash of the decoded pictures at the seams. Pure. docs/MEASURED.md §1 and §3 are the reasons.
import {
  formatMicroseconds,
  formatRational,
  MICROSECONDS,
  type Pts,
  type Rational,
  rescale,
} from "../../base/rational.ts";
import { stateRange } from "../colour/range-path.ts";
import { decoderFor, needsInBandParameters, segmentFormat } from "../ffmpeg/codecs.ts";
import {
  deviceDecodeArgs,
  deviceEncoderArgs,
  deviceInitArgs,
  type EncodeDevice,
  uploadFilters,
} from "../ffmpeg/encode-device.ts";
import { demuxerName, restartsClock } from "../ffmpeg/formats.ts";
import { frameDigests } from "../ffmpeg/framehash.ts";
import { inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { SegmentTask } from "../model/segment.ts";
import type { PictureShape } from "../model/source.ts";
import { wantedColour } from "../plan/picture-plan.ts";
import { askedPixelFormat, forgetsColour } from "../request/args/picture-changes.ts";
import { filterChain, renderedChain, videoEncoderArgs } from "../request/args/video-args.ts";
import { optionWord } from "../request/values/colour-words.ts";
import { clockShift, onClock } from "../source/source-clock.ts";
import { segmentClockArgs } from "./segment-clock.ts";

export interface SegmentIo {
  /** A `file:` URL or the loopback gateway's address. */
  readonly input: string;
  readonly inputKind: "file" | "http";
  readonly output: string;
  readonly seamFile: string;
  /** Threads for decoder, filters and encoder each; null: ffmpeg's own choice. */
  readonly threads: number | null;
  /** Where a hardware encoder runs; null or absent: the CPU. */
  readonly device?: EncodeDevice | null;
  /** Decode on that device too. */
  readonly decodesOnDevice?: boolean;
  /** Options of one run of several over the same range (`-pass`). */
  readonly encoderArgs?: readonly string[] | undefined;
  /** This ffmpeg's `scale` forgets where chroma lies, and its `setparams` says it. */
  readonly saysChroma?: boolean;
  /** The muxer of a run whose packets are only looked at; absent: the segment's own. */
  readonly format?: "framecrc" | undefined;
}

/**
 * Filters are not set up anew where pictures change in the middle: 7.0 and 7.1 lose frames there when a graph has two
 * outputs. Only for graphs that take pictures of any size.
 */
const KEEP_GRAPH = ["-reinit_filter", "0"] as const;

/** The part of a task that says where and what to decode. */
export type DecodeRange = Pick<
  SegmentTask,
  "streamIndex" | "formatName" | "timeBase" | "startPts" | "endPts" | "clockOffsetUs" | "seekPts" | "spreadsPts"
>;

/** `-ss` in microseconds: nearest, so that ffmpeg's own rounding back gives the same tick. */
function seekArgs(seekPts: Pts | null, timeBase: Rational): string[] {
  if (seekPts === null) return [];
  return [
    "-seek_timestamp",
    "1",
    "-noaccurate_seek",
    "-ss",
    formatMicroseconds(rescale(seekPts, timeBase, MICROSECONDS)),
  ];
}

/**
 * The way to the job's clock. A source that starts at zero is on it, but must say so: of formats whose clock may start
 * anew, 5.1 takes no offset at all for its own and moves it to the start of the streams in use (see sourceOffsetUs).
 */
function clockArgs({ clockOffsetUs, formatName }: DecodeRange): string[] {
  const offsetUs = clockOffsetUs === 0 && restartsClock(formatName) ? 1 : clockOffsetUs;
  return offsetUs === 0 ? [] : ["-itsoffset", formatMicroseconds(offsetUs)];
}

/** Everything before the filters: the input, read on the job's clock; the seek alone is in the source's own time. */
export function decodeArgs(
  range: DecodeRange,
  io: Pick<SegmentIo, "input" | "inputKind" | "threads" | "device" | "decodesOnDevice"> & {
    readonly keepsGraph?: boolean;
  },
  decoder: string | null,
): string[] {
  return [
    ...QUIET,
    ...(io.threads === null ? [] : ["-filter_complex_threads", String(io.threads)]),
    ...deviceInitArgs(io.device ?? null),
    "-copyts",
    ...seekArgs(range.seekPts, range.timeBase),
    ...clockArgs(range),
    ...inputGuards({ formats: range.formatName, kind: io.inputKind }),
    "-f",
    demuxerName(range.formatName),
    ...(decoder === null ? [] : [`-c:${range.streamIndex}`, decoder]),
    ...(io.decodesOnDevice === true ? deviceDecodeArgs(io.device ?? null) : []),
    ...(io.threads === null ? [] : ["-threads", String(io.threads)]),
    ...(io.keepsGraph === true ? KEEP_GRAPH : []),
    "-i",
    io.input,
  ];
}

function trim(startPts: Pts | null, endPts: Pts | null): string[] {
  const bounds = [
    ...(startPts === null ? [] : [`start_pts=${startPts}`]),
    ...(endPts === null ? [] : [`end_pts=${endPts}`]),
  ];
  return bounds.length === 0 ? [] : [`trim=${bounds.join(":")}`];
}

/** The decoded frames that are hashed: the first of the range and the first at or after its end. */
export function seamChain(startPts: Pts | null, endPts: Pts | null): string {
  if (endPts === null) return [...trim(startPts, null), "trim=end_frame=1"].join(",");
  // One tick past the end lets the frame at the boundary through and still ends the branch early.
  return [...trim(startPts, endPts + 1), `select='eq(n,0)+gte(pts,${endPts})'`].join(",");
}

/** The range on the clock that filters see, source ticks. */
export function clockBounds(range: DecodeRange): { readonly startPts: Pts | null; readonly endPts: Pts | null } {
  const shift = clockShift(range.clockOffsetUs, range.timeBase);
  return { startPts: onClock(range.startPts, shift), endPts: onClock(range.endPts, shift) };
}

/** No encoder and no container takes two pictures at one time. */
const SPREAD = "setpts='if(isnan(PREV_OUTPTS),PTS,max(PTS,PREV_OUTPTS+1))'";

/** The times that `SPREAD` gives to sorted ones. */
export function spreadPts(sorted: readonly Pts[]): Pts[] {
  const spread: Pts[] = [];
  for (const pts of sorted) spread.push(Math.max(pts, (spread.at(-1) ?? Number.NEGATIVE_INFINITY) + 1));
  return spread;
}

/** Which frames the filters get and which of those that come out are kept. */
export type CutRange = DecodeRange & Pick<SegmentTask, "cut" | "picture">;

/** What filters see from before the range, and what begins with its first frame. */
export interface CutParts {
  readonly head: readonly string[];
  readonly tail: readonly string[];
}

/**
 * The range is cut out of the decoded frames, or out of what the filters that see neighbours put out: then in a tick that
 * is set there, whatever a filter of another version of ffmpeg counts in.
 */
export function cutParts(task: CutRange, filters: readonly string[]): CutParts {
  const { startPts, endPts } = clockBounds(task);
  const spread = task.spreadsPts === true ? [SPREAD] : [];
  if (task.cut === null) return { head: [], tail: [...trim(startPts, endPts), ...spread, ...filters] };
  const { after, timeBase } = task.cut;
  return {
    head: [...spread, ...filters.slice(0, after), `settb=expr=${formatRational(timeBase)}`],
    tail: [...trim(task.cut.startPts, task.cut.endPts), ...filters.slice(after)],
  };
}

export function cutChain(task: CutRange, filters: readonly string[]): string[] {
  const { head, tail } = cutParts(task, filters);
  return [...head, ...tail];
}

/** Both branches hang on one decode; each trim ends its branch, so the run stops just after the range. */
export function filterGraph(task: CutRange, filters: readonly string[], decodedFormat: string | null = null): string {
  const { startPts, endPts } = clockBounds(task);
  const main = cutChain(task, filters);
  const decoded = [...(decodedFormat === null ? [] : [`format=${decodedFormat}`]), ...shapeFilters(task.picture)];
  return [
    `[0:${task.streamIndex}]${[...decoded, "split"].join(",")}[a][b]`,
    `[a]${main.length === 0 ? "null" : main.join(",")}[v]`,
    `[b]${seamChain(startPts, endPts)}[seam]`,
  ].join(";");
}

/** Where hashes of decoded pictures go, with their PTS in source ticks on the job's clock. */
export function seamOutput(seamFile: string, timeBase: Rational): string[] {
  return ["-map", "[seam]", ...frameDigests(timeBase), "-y", seamFile];
}

/**
 * As ffmpeg makes pictures that have changed like the first one (fftools, "scaler_out"); nothing is done to those that
 * are like it.
 */
export function shapeFilters(shape: PictureShape | undefined): string[] {
  if (shape === undefined) return [];
  const { width, height, pixelFormat, sampleAspectRatio } = shape;
  const ratio = (sampleAspectRatio ?? "0:1").replace(":", "/");
  return [`scale=${width}:${height}:flags=bicubic`, `format=${pixelFormat}`, `setsar=${ratio}`];
}

/** Colours of which the pictures say nothing behind some filters; range goes through the graph (colour/range-path.ts). */
function forgottenColours({ request, video }: SegmentTask): string[] {
  if (!forgetsColour(request)) return [];
  const { space, transfer, primaries } = wantedColour(video, request);
  const stated = [
    ...(space === null ? [] : [`colorspace=${optionWord("space", space)}`]),
    ...(primaries === null ? [] : [`color_primaries=${optionWord("primaries", primaries)}`]),
    ...(transfer === null ? [] : [`color_trc=${optionWord("transfer", transfer)}`]),
  ];
  return stated.length === 0 ? [] : [`setparams=${stated.join(":")}`];
}

/**
 * Where chroma lies, if it is not the usual place or filters forget it. Since 8.0 `scale` forgets it too
 * (ffmpeg/differences.ts), and one may stand in the graph to state the range.
 */
function forgottenChroma({ request, video }: SegmentTask): string | null {
  if (request.video.colour.chromaLocation !== null) return null;
  const { chromaLocation } = wantedColour(video, request);
  if (chromaLocation === null || (chromaLocation === "left" && !forgetsColour(request))) return null;
  return optionWord("chromaLocation", chromaLocation);
}

function forgottenChromaArgs(task: SegmentTask): string[] {
  const location = forgottenChroma(task);
  return location === null ? [] : ["-chroma_sample_location", location];
}

/** The user's filters with the picture's range stated, and the way to the device; what stands before them is `lead`. */
function pictureChain(
  task: SegmentTask,
  device: EncodeDevice | null,
  saysChroma = false,
): { lead: number; filters: readonly string[] } {
  const upload = uploadFilters(device, askedPixelFormat(task.request) ?? task.video.pixelFormat);
  const { before, calls, after } = stateRange(task.video, task.request, filterChain(task.request));
  const chroma = forgottenChroma(task);
  const filters = [
    ...before,
    ...renderedChain(task.request, calls),
    ...after,
    ...forgottenColours(task),
    ...(saysChroma && chroma !== null ? [`setparams=chroma_location=${chroma}`] : []),
    ...fromZero(task),
    ...upload,
  ];
  return { lead: before.length, filters };
}

/** For an encoder that counts from zero; the muxer's offset puts the times back (segment-clock.ts). */
function fromZero({ frameClock }: SegmentTask): string[] {
  if (frameClock === undefined || frameClock.from === 0) return [];
  return [`settb=expr=${formatRational(frameClock.tick)}`, `setpts=PTS-(${frameClock.from})`];
}

/** The rate of a `-r` of which nobody knows what it shows: one run over everything makes it. Null: none of it. */
function frameRateOfOneRun({ request, startPts, endPts }: SegmentTask): string | null {
  const { frameRate, cadence } = request.video;
  return cadence === undefined && startPts === null && endPts === null ? frameRate : null;
}

/**
 * What stands between the input and the encoder. Where ffmpeg makes the rate itself, filters are given as plain ffmpeg has
 * them: how long its output stage takes a frame to last depends on that. There is no seam.
 */
function pictureArgs(
  task: SegmentTask,
  device: EncodeDevice | null,
  { decodesOnDevice, saysChroma }: { readonly decodesOnDevice: boolean; readonly saysChroma: boolean },
): string[] {
  const { lead, filters } = pictureChain(task, device, saysChroma);
  if (frameRateOfOneRun(task) === null) {
    const cut = task.cut === null ? null : { ...task.cut, after: task.cut.after + lead };
    const graph = filterGraph({ ...task, cut }, filters, decodesOnDevice ? task.video.pixelFormat : null);
    return ["-filter_complex", graph, "-map", "[v]"];
  }
  return ["-map", `0:${task.streamIndex}`, ...(filters.length === 0 ? [] : ["-vf", filters.join(",")])];
}

/** Versions before 6 make the rate constant only where they are told, or in MP4. */
function frameRateArgs(task: SegmentTask): string[] {
  const rate = frameRateOfOneRun(task);
  return rate === null ? ["-fps_mode", "passthrough"] : ["-r", rate, "-fps_mode", "cfr"];
}

/** The complete arguments; progress comes on stdout. */
export function segmentArgs(task: SegmentTask, io: SegmentIo): string[] {
  const encoder = task.request.video.encoder;
  const format = io.format ?? segmentFormat(task.video, encoder);
  const device = io.device ?? null;
  const isOneRun = frameRateOfOneRun(task) !== null;
  const decodesOnDevice = !isOneRun && io.decodesOnDevice === true && deviceDecodeArgs(device).length > 0;
  return [
    ...decodeArgs(
      task,
      { ...io, decodesOnDevice, keepsGraph: task.picture !== undefined },
      decoderFor(task.video, encoder),
    ),
    ...pictureArgs(task, device, { decodesOnDevice, saysChroma: io.saysChroma === true }),
    ...videoEncoderArgs(task.request, { source: task.video, ...(io.threads === null ? {} : { threads: io.threads }) }),
    ...forgottenChromaArgs(task),
    ...deviceEncoderArgs(device),
    ...(io.encoderArgs ?? []),
    ...frameRateArgs(task),
    "-enc_time_base",
    formatRational(task.frameClock?.tick ?? task.encoderTimeBase),
    ...(needsInBandParameters(encoder) && format === "nut" ? ["-bsf:v", "dump_extra"] : []),
    "-map_metadata",
    "-1",
    "-map_chapters",
    "-1",
    ...segmentClockArgs(task.encoderTimeBase, task.frameClock),
    "-f",
    format,
    "-y",
    io.output,
    ...(isOneRun ? [] : seamOutput(io.seamFile, task.timeBase)),
    "-progress",
    "pipe:1",
    "-nostats",
    "-stats_period",
    "0.2",
  ];
}
