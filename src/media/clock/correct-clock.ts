// Puts a source whose clock restarts in the middle (recordings joined byte by byte) on one clock: ffmpeg copies it into
// a transport stream, with the same correction as in a plain run, and everything reads that copy from then on.
import { rm } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { freeBytes, landFile, tempNameFor } from "../../base/files.ts";
import { COPIED_ENDS, isSince } from "../ffmpeg/builds/differences.ts";
import { demuxerName } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { BOUNDED_MEMORY, fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { probeSource } from "../source/probe.ts";
import { describeBreak } from "./clock-watch.ts";
import { brokenClock, type ReadClock, readClock } from "./read-clock.ts";
import { mayBreakClock } from "./scan-clock.ts";

/** Codecs that a transport stream keeps unchanged and reports under the same name. */
const CARRIED: ReadonlySet<string> = new Set([
  ...["h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "aac", "mp2", "mp3", "ac3", "eac3", "dts", "opus"],
  ...["dvb_subtitle", "dvb_teletext"],
]);
/** A packet of sound of its own takes a transport packet or two, mostly stuffing. */
const MOST_GROWTH = 1.5;
const RESERVE_BYTES = 64 * 1024 * 1024;

interface ClockSource {
  readonly path: string;
  readonly info: SourceInfo;
}

export interface CorrectedSource extends ClockSource {
  /** Describes the correction. */
  readonly note: string;
}

/**
 * The streams to copy: all that can be identified by their index afterwards. A string gives the reason against copying.
 */
function carriedStreams({ streams }: SourceInfo): number[] | string {
  const wanted = streams.filter(({ type }) => type === "video" || type === "audio" || type === "subtitle");
  const other = wanted.find(({ codec }) => !CARRIED.has(codec));
  if (other !== undefined) return `stream ${other.index} (${other.codec}) can't be put on another clock`;
  const isFirst = wanted.every(({ index }, position) => index === position);
  return isFirst ? wanted.map(({ index }) => index) : "streams of other kinds stand between its own";
}

/** `decoded`: a video stream that the same run decodes and drops, so that its packets end where a plain run has them end. */
export function correctArgs(
  { formatName }: SourceInfo,
  { indexes, decoded }: { readonly indexes: readonly number[]; readonly decoded: number | null },
  input: string,
  output: string,
) {
  return [
    ...[...QUIET, ...(decoded === null ? [] : BOUNDED_MEMORY)],
    ...[...inputGuards({ formats: formatName, kind: "file" }), "-f", demuxerName(formatName), "-i", input],
    ...indexes.flatMap((index) => ["-map", `0:${index}`]),
    // Pictures before the first key frame are kept; each packet of sound keeps its own time.
    ...["-c", "copy", "-copyinkf", "-pes_payload_size", "0"],
    ...["-f", "mpegts", "-y", output],
    ...(decoded === null ? [] : ["-map", `0:${decoded}`, "-vf", "select=0", "-f", "null", "-"]),
  ];
}

/** Null when nothing was lost and the clock is one. */
function differenceOf(before: ReadClock, after: ReadClock, indexes: readonly number[], info: SourceInfo) {
  const [left] = after.breaks();
  if (left !== undefined) return `corrected by ffmpeg, ${describeBreak(left)}`;
  const lost = indexes.find((index) => before.packets.get(index) !== after.packets.get(index));
  if (lost === undefined) return null;
  const [had, has] = [before, after].map(({ packets }) => packets.get(lost) ?? 0);
  const type = info.streams.find(({ index }) => index === lost)?.type;
  return `of its ${type} stream ${lost} ${has} packets of ${had} would be left`;
}

/** Why ffmpeg's correction would be wrong; null: it may be tried. */
function whyNot({ watch }: ReadClock): string | null {
  return watch.areTogether() ? null : "its streams do not jump alike";
}

async function copyOnto(
  tools: Tools,
  source: ClockSource,
  before: ReadClock,
  target: { readonly path: string; readonly folder: string },
  signal?: AbortSignal,
): Promise<CorrectedSource | string> {
  const carried = carriedStreams(source.info);
  if (typeof carried === "string") return carried;
  // A muxer refuses an announced stream without packets: its sample rate is unknown.
  const indexes = carried.filter((index) => (before.packets.get(index) ?? 0) > 0);
  if (indexes.some((index, position) => index !== carried[position]))
    return "a stream that holds nothing stands between its own";
  if ((await freeBytes(target.folder)) < MOST_GROWTH * source.info.bytes + RESERVE_BYTES)
    return "the server's work directory has too little space to put it on one clock";
  const temporary = tempNameFor(target.path);
  try {
    const decoded = isSince(tools, COPIED_ENDS) ? null : source.info.video.streamIndex;
    const args = correctArgs(source.info, { indexes, decoded }, fileUrl(source.path), fileUrl(temporary));
    const copied = await runTool({ tools, program: "ffmpeg", reads: [source.path], writes: [temporary], args, signal });
    if (copied.ended === "aborted") throw new AppError("E_INTERRUPTED", "correcting was stopped", "Submit it again.");
    if (copied.exitCode !== 0) return `it can't be put on one: ${lastWords(copied.stderrTail)}`;
    const info = await probeSource(tools, temporary, { signal, videoStream: source.info.video.streamIndex });
    const codecs = indexes.map((index) => info.streams[index]?.codec);
    if (indexes.some((index) => codecs[index] !== source.info.streams[index]?.codec))
      return "its streams come out in another order";
    const difference = differenceOf(before, await readClock(tools, { path: temporary, info }, signal), indexes, info);
    if (difference !== null) return difference;
    await landFile(temporary, target.path);
    const [first] = before.breaks();
    const what = first === undefined ? "" : `: ${describeBreak(first)}`;
    const empty = carried.slice(indexes.length).map((index) => `; stream ${index} holds no packets and is left out`);
    return {
      path: target.path,
      info,
      note: `the source is several recordings joined${what}; it was put on one clock first, as ffmpeg corrects it${empty.join("")}`,
    };
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Writes a source whose clock breaks onto one clock, into `path`, which lies in `folder`; null where it does not break.
 * Errors: E_SOURCE_REFUSED where that can't be done right, E_INDEX, E_INTERRUPTED.
 */
export async function correctClock(
  tools: Tools,
  source: ClockSource,
  target: { readonly path: string; readonly folder: string },
  signal?: AbortSignal,
): Promise<CorrectedSource | null> {
  if (!(await mayBreakClock(source.path, source.info.formatName, signal))) return null;
  const before = await readClock(tools, source, signal);
  const [first] = before.breaks();
  if (first === undefined) return null;
  const corrected = whyNot(before) ?? (await copyOnto(tools, source, before, target, signal));
  if (typeof corrected === "string") throw brokenClock(first, corrected);
  return corrected;
}
