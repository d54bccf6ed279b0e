// The full argument list of the run that makes a segment: seek, decode, keep the frames of the range by PTS, encode,
// and hash the decoded pictures at the seams. Pure. For the reasons see docs/MEASURED.md §1 and §3.
import { formatRational } from "../../base/rational.ts";
import { stateRange } from "../colour/range-path.ts";
import { decoderFor, needsInBandParameters, segmentFormat } from "../ffmpeg/codecs.ts";
import { deviceDecodeArgs, deviceEncoderArgs, type EncodeDevice, uploadFilters } from "../ffmpeg/encode-device.ts";
import { complexGraph, type FilterText, videoFilters, writeFilter } from "../ffmpeg/filter-graph.ts";
import type { SegmentTask } from "../model/segment.ts";
import { wantedColour } from "../plan/picture-plan.ts";
import { askedPixelFormat, forgetsColour } from "../request/args/picture-changes.ts";
import { filterChain, renderedChain, videoEncoderArgs } from "../request/args/video-args.ts";
import { optionWord } from "../request/values/colour-words.ts";
import { filterGraph, seamOutput } from "./cut-range.ts";
import { type DecodeIo, decodeArgs } from "./decode-args.ts";
import { segmentClockArgs } from "./segment-clock.ts";
import { countOutput } from "./source-count.ts";

export interface SegmentIo extends DecodeIo {
  readonly output: string;
  readonly seamFile: string;
  /** Where the source's pictures are counted, if the task says so. */
  readonly countFile: string;
  /** Options of one run of several over the same range (`-pass`). */
  readonly encoderArgs?: readonly string[] | undefined;
  /** This ffmpeg's `setparams` can state the chroma location, which some that can heed no option for it. */
  readonly saysChroma?: boolean;
  /** The muxer of a run whose packets are only counted; absent: the segment's own. */
  readonly format?: "framecrc" | undefined;
}

/** Encoders whose formats of eight bits include the yuvj ones, so that ffmpeg converts none of EIGHT_BITS. */
const TAKES_FULL_RANGE = new Set(["libx264", "libx265"]);
const EIGHT_BITS = /^yuvj?4(?:20|22|44)p$/;

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
 * The chroma location, if it is asked for or unusual, or filters drop it. Since 8.0 `scale` drops it too
 * (ffmpeg/builds/differences.ts), and the graph may contain one that states the range.
 */
function statedChroma({ request, video }: SegmentTask): string | null {
  const isAsked = request.video.colour.chromaLocation !== null;
  const { chromaLocation } = wantedColour(video, request);
  if (chromaLocation === null) return null;
  if (chromaLocation === "left" && !isAsked && !forgetsColour(request)) return null;
  return optionWord("chromaLocation", chromaLocation);
}

/** An asked location is among the request's own options. */
function forgottenChromaArgs(task: SegmentTask): string[] {
  const location = task.request.video.colour.chromaLocation === null ? statedChroma(task) : null;
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
  const chroma = statedChroma(task);
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
  return ["-map", `0:${task.streamIndex}`, ...videoFilters(filtersOfOneRun(task, filters))];
}

/**
 * For one run that makes the frame rate. Before 6.1 a frame lasts as long as its packet where the command has no
 * filters, and as long as the rate says behind any (do_video_out): a step that changes no sample would change which
 * pictures are shown. So where these encoders take full range as it is, nothing states it.
 */
function filtersOfOneRun(task: SegmentTask, filters: readonly FilterText[]): readonly FilterText[] {
  const { request, video } = task;
  const isPlain =
    filterChain(request).length === 0 && request.video.colour.range === null && fromZero(task).length === 0;
  const format = askedPixelFormat(request);
  const takesAll = TAKES_FULL_RANGE.has(request.video.encoder) && EIGHT_BITS.test(video.pixelFormat);
  return isPlain && takesAll && (format === null || format === video.pixelFormat) ? [] : filters;
}

/** Versions before 6 make the rate constant only when they are told to, or in MP4. */
function frameRateArgs(task: SegmentTask): string[] {
  const rate = frameRateOfOneRun(task);
  if (rate === null && task.isVfr === true) return ["-fps_mode", "vfr"];
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
    ...(isOneRun || task.sourceFrames === undefined ? [] : countOutput(io.countFile, task.timeBase)),
    "-progress",
    "pipe:1",
    "-nostats",
    "-stats_period",
    "0.2",
  ];
}
