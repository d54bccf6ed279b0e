// The full argument list of the run that makes a segment: seek, decode, keep the frames of the range by PTS, encode,
// and hash the decoded pictures at the seams. Pure. For the reasons see docs/MEASURED.md §1 and §3.
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
import {
  complexGraph,
  type FilterText,
  type GraphText,
  videoFilters,
  writeFilter,
  writeGraph,
} from "../ffmpeg/filter-graph.ts";
import { demuxerName, restartsClock } from "../ffmpeg/formats.ts";
import { frameDigests } from "../ffmpeg/framehash.ts";
import { BOUNDED_MEMORY, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
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
  /** This ffmpeg's `scale` drops the chroma location, and its `setparams` can state it. */
  readonly saysChroma?: boolean;
  /** The muxer of a run whose packets are only counted; absent: the segment's own. */
  readonly format?: "framecrc" | undefined;
}

/**
 * Keeps the filter graph when pictures change in the middle: 7.0 and 7.1 lose frames when they configure a graph with
 * two outputs again. Only for graphs that accept pictures of any size.
 */
const KEEP_GRAPH = ["-reinit_filter", "0"] as const;

/** The part of a task that says where and what to decode. */
export type DecodeRange = Pick<
  SegmentTask,
  "streamIndex" | "formatName" | "timeBase" | "startPts" | "endPts" | "clockOffsetUs" | "seekPts" | "spreadsPts"
>;

/** `-ss` in microseconds, rounded to nearest, so that ffmpeg's own rounding back gives the same tick. */
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
 * The offset to the job's clock. A source that starts at zero needs none, but for formats whose clock may restart it
 * must be explicit: without an offset, 5.1 uses the start of the streams in use (see sourceOffsetUs).
 */
function clockArgs({ clockOffsetUs, formatName }: DecodeRange): string[] {
  const offsetUs = clockOffsetUs === 0 && restartsClock(formatName) ? 1 : clockOffsetUs;
  return offsetUs === 0 ? [] : ["-itsoffset", formatMicroseconds(offsetUs)];
}

/** Everything before the filters: the input, read on the job's clock; only the seek is in the source's own time. */
export function decodeArgs(
  range: DecodeRange,
  io: Pick<SegmentIo, "input" | "inputKind" | "threads" | "device" | "decodesOnDevice"> & {
    readonly keepsGraph?: boolean;
  },
  decoder: string | null,
): string[] {
  return [
    ...[...QUIET, ...BOUNDED_MEMORY],
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
export type CutRange = DecodeRange & Pick<SegmentTask, "cut" | "picture">;

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
  const decoded = [...format, ...shapeFilters(task.picture), writeFilter("split")];
  return writeGraph([
    { from: [`0:${task.streamIndex}`], filters: decoded, to: ["a", "b"] },
    { from: ["a"], filters: cutChain(task, filters), to: ["v"] },
    { from: ["b"], filters: seamChain(startPts, endPts), to: ["seam"] },
  ]);
}

/** Writes the hashes of decoded pictures, with their PTS in source ticks on the job's clock. */
export function seamOutput(seamFile: string, timeBase: Rational): string[] {
  return ["-map", "[seam]", ...frameDigests(timeBase), "-y", seamFile];
}

/**
 * Converts changed pictures to the first one's shape as ffmpeg does (fftools, "scaler_out"); pictures that match pass
 * unchanged.
 */
export function shapeFilters(shape: PictureShape | undefined): FilterText[] {
  if (shape === undefined) return [];
  const { width, height, pixelFormat, sampleAspectRatio } = shape;
  const ratio = (sampleAspectRatio ?? "0:1").replace(":", "/");
  const scale = [
    ["w", width],
    ["h", height],
    ["flags", "bicubic"],
  ] as const;
  return [
    writeFilter("scale", scale),
    writeFilter("format", [["pix_fmts", pixelFormat]]),
    writeFilter("setsar", [["sar", ratio]]),
  ];
}

/** States the colour tags that some filters drop, by the names of ffprobe, which `setparams` shares; the range is stated inside the graph (colour/range-path.ts). */
function forgottenColours({ request, video }: SegmentTask): FilterText[] {
  if (!forgetsColour(request)) return [];
  const { space, transfer, primaries } = wantedColour(video, request);
  const stated = [
    ...(space === null ? [] : ([["colorspace", space]] as const)),
    ...(primaries === null ? [] : ([["color_primaries", primaries]] as const)),
    ...(transfer === null ? [] : ([["color_trc", transfer]] as const)),
  ];
  return stated.length === 0 ? [] : [writeFilter("setparams", stated)];
}

/**
 * The chroma location, if it is unusual or filters drop it. Since 8.0 `scale` drops it too (ffmpeg/differences.ts), and
 * the graph may contain one that states the range.
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

/**
 * The user's filters with the picture's range stated, then the upload to the device. `lead`: how many steps come before
 * the user's.
 */
function pictureChain(
  task: SegmentTask,
  device: EncodeDevice | null,
  saysChroma = false,
): { lead: number; filters: readonly FilterText[] } {
  const upload = uploadFilters(device, askedPixelFormat(task.request) ?? task.video.pixelFormat);
  const { before, calls, after } = stateRange(task.video, task.request, filterChain(task.request));
  const chroma = forgottenChroma(task);
  const filters = [
    ...before,
    ...renderedChain(task.request, calls),
    ...after,
    ...forgottenColours(task),
    ...(saysChroma && chroma !== null ? [writeFilter("setparams", [["chroma_location", chroma]])] : []),
    ...fromZero(task),
    ...upload,
  ];
  return { lead: before.length, filters };
}

/** Shifts the times for an encoder that counts from zero; the muxer's offset shifts them back (segment-clock.ts). */
function fromZero({ frameClock }: SegmentTask): FilterText[] {
  if (frameClock === undefined || frameClock.from === 0) return [];
  return [
    writeFilter("settb", [["expr", formatRational(frameClock.tick)]]),
    writeFilter("setpts", [["expr", `PTS-(${frameClock.from})`]]),
  ];
}

/**
 * The frame rate of a `-r` whose result can't be predicted, so that one run over everything makes it. Null: there is
 * none.
 */
function frameRateOfOneRun({ request, startPts, endPts }: SegmentTask): string | null {
  const { frameRate, cadence } = request.video;
  return cadence === undefined && startPts === null && endPts === null ? frameRate : null;
}

/**
 * The steps between input and encoder. Where ffmpeg makes the frame rate itself, the filters are passed as plain ffmpeg
 * has them, because frame durations in its output stage depend on that; there is no seam output.
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
    return [...complexGraph(graph), "-map", "[v]"];
  }
  return ["-map", `0:${task.streamIndex}`, ...videoFilters(filters)];
}

/** Versions before 6 make the rate constant only when they are told to, or in MP4. */
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
