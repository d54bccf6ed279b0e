// Puts a source whose clock restarts in the middle (recordings joined byte by byte) on one clock: ffmpeg copies it into
// a transport stream, with the same correction as in a plain run, and everything reads that copy from then on.
import { rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { AppError } from "../../base/errors.ts";
import { freeBytes, landFile, tempNameFor } from "../../base/files.ts";
import type { Rational } from "../../base/rational.ts";
import { COPIED_ENDS, isSince } from "../ffmpeg/builds/differences.ts";
import { videoFilters, writeFilter } from "../ffmpeg/filter-graph.ts";
import { demuxerName } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { BOUNDED_MEMORY, fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo, SourceStream } from "../model/source.ts";
import { seemOfOneRate } from "../source/guessed-rate.ts";
import { probeSource } from "../source/probe.ts";
import { describeBreak, isOfGuesses } from "./clock-watch.ts";
import { brokenClock, comesAgain, guessedBreak, LACKS_TIMES, type ReadClock, readClock } from "./read-clock.ts";
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

/** Where the copy goes: `path` lies in `folder`. */
interface CopyTarget {
  readonly path: string;
  readonly folder: string;
}

/** What a job takes from the source: numbers of streams. */
export interface UsedStreams {
  /** In the output, encoded or copied. */
  readonly kept: readonly number[];
  /** Those of them that are decoded. */
  readonly decoded: readonly number[];
  /** Seconds per tick of the output, where every picture keeps its own time; null: it does not. */
  readonly keptTick: Rational | null;
}

export interface CorrectedSource extends ClockSource {
  /** The streams under their old numbers, with the times of the copy. */
  readonly info: SourceInfo;
  /** Describes the correction. */
  readonly note: string;
}

/** What stands at each place of the copy: a stream of the source, or null where a placeholder keeps the place. */
type Places = readonly (number | null)[];

/**
 * The streams that are kept and hold something, each at its own place: jobs call streams by their numbers. Those that
 * are not kept have no say in ffmpeg's correction, in a plain run as here. A string gives the reason against copying.
 */
function placesOf({ streams }: SourceInfo, packets: ReadClock["packets"], kept: readonly number[]): Places | string {
  const isCarried = ({ type, index }: SourceStream) =>
    kept.includes(index) && (type === "subtitle" || (packets.get(index) ?? 0) > 0);
  const carried = streams.filter(isCarried);
  const other = carried.find(({ codec }) => !CARRIED.has(codec));
  if (other !== undefined) return `stream ${other.index} (${other.codec}) can't be put on another clock`;
  const last = carried.at(-1)?.index ?? -1;
  return streams.filter(({ index }) => index <= last).map((stream) => (isCarried(stream) ? stream.index : null));
}

/** An input with a stream that a transport stream takes, a line of text, and with no packet of it. */
const PLACEHOLDER = [
  ...["-protocol_whitelist", "data", "-t", "0", "-f", "srt"],
  ...["-i", `data:text/plain;base64,${btoa("1\n00:00:00,000 --> 00:00:00,100\n-\n")}`],
];

/** Decoded pictures are dropped before they cost more. */
const DROPPED = videoFilters([writeFilter("select", [["expr", 0]])]);

/** `decoded`: the streams whose decoders have a say in the correction. `input`, `output`: `file:` URLs. */
export function correctArgs(
  { formatName, video }: Pick<SourceInfo, "formatName" | "video">,
  places: Places,
  decoded: readonly number[],
  { input, output }: { readonly input: string; readonly output: string },
) {
  return [
    ...[...QUIET, ...(decoded.length === 0 ? [] : BOUNDED_MEMORY)],
    ...[...inputGuards({ formats: formatName, kind: "file" }), "-f", demuxerName(formatName), "-i", input],
    ...(places.includes(null) ? PLACEHOLDER : []),
    ...places.flatMap((index) => ["-map", index === null ? "1:0" : `0:${index}`]),
    // Pictures before the first key frame are kept; each packet of sound keeps its own time.
    ...["-c", "copy", "-copyinkf", "-pes_payload_size", "0"],
    ...["-f", "mpegts", "-y", output],
    // Each by itself, so that none waits for the other's first frame.
    ...decoded.flatMap((index) => [
      "-map",
      `0:${index}`,
      ...(index === video.streamIndex ? DROPPED : []),
      "-f",
      "null",
      "-",
    ]),
  ];
}

/** What the submitted file says of its streams, with the times of the copy. */
function onCopy(info: SourceInfo, copy: SourceInfo, indexes: readonly number[]): SourceInfo {
  const { formatName, bytes, startMicroseconds, durationMicroseconds, video } = copy;
  const streams = info.streams.map((stream) => {
    const made = indexes.includes(stream.index) ? copy.streams[stream.index] : undefined;
    return { ...stream, startPts: made?.startPts ?? null, timeBase: made?.timeBase ?? stream.timeBase };
  });
  const times = { formatName, bytes, startMicroseconds, durationMicroseconds };
  return {
    ...info,
    ...times,
    ...(seemOfOneRate(video, info.video) ? {} : { seemsOfOtherRate: true }),
    video: { ...info.video, timeBase: video.timeBase },
    streams,
  };
}

/**
 * Whether the copy gives a picture without a time another one than the decoder gives it in a plain run. Of pictures that
 * are not reordered the muxer puts it where the one before it ends, as the decoder does, or a tick behind that one.
 */
export function isMisplaced(
  before: Pick<ReadClock, "untimed" | "reordered">,
  after: Pick<ReadClock, "untimed" | "misplaced">,
  { video: { streamIndex } }: Pick<SourceInfo, "video">,
): boolean {
  const [had, has] = [before, after].map(({ untimed }) => untimed.get(streamIndex) ?? []);
  if (isDeepStrictEqual(had, has)) return false;
  const untimed = new Set(had);
  const isLost = has?.some((place) => !untimed.has(place)) === true;
  return isLost || before.reordered.has(streamIndex) || after.misplaced.has(streamIndex);
}

/** Null when nothing was lost and the clock is one. */
function differenceOf(before: ReadClock, after: ReadClock, indexes: readonly number[], info: SourceInfo) {
  const [left] = after.breaks();
  // Where a packet says no time a reader of the copy guesses one, by what stands before the joint.
  const isGuessed = left !== undefined && before.unshown.has(left.stream);
  if (isGuessed || isMisplaced(before, after, info)) return LACKS_TIMES;
  if (left !== undefined) return `corrected by ffmpeg, ${describeBreak(left)}`;
  const lost = indexes.find((index) => before.packets.get(index) !== after.packets.get(index));
  if (lost === undefined) return null;
  const [had, has] = [before, after].map(({ packets }) => packets.get(lost) ?? 0);
  const type = info.streams.find(({ index }) => index === lost)?.type;
  return `of its ${type} stream ${lost} ${has} packets of ${had} would be left`;
}

/** Why ffmpeg's correction would be wrong; null: it may be tried. */
export function whyNot(clock: Pick<ReadClock, "areTogether">): string | null {
  return clock.areTogether() ? null : "its streams do not jump alike";
}

/** More pictures in a row that come when a later one was shown already fail the proof, where packets do not tell it (verify/frames/check-steps.ts). */
const MOST_AGAIN = 1;

function requireShownOnce({ shownAgain }: ReadClock, { video }: SourceInfo): void {
  if (shownAgain === null || shownAgain.untold === 0 || shownAgain.pictures <= MOST_AGAIN) return;
  throw comesAgain(shownAgain, video.timeBase);
}

async function copyOnto(
  tools: Tools,
  source: ClockSource,
  { kept, decoded }: UsedStreams,
  before: ReadClock,
  { target, signal }: { readonly target: CopyTarget; readonly signal: AbortSignal | undefined },
): Promise<CorrectedSource | string> {
  const places = placesOf(source.info, before.packets, kept);
  if (typeof places === "string") return places;
  const indexes = places.filter((index) => index !== null);
  if ((await freeBytes(target.folder)) < MOST_GROWTH * source.info.bytes + RESERVE_BYTES)
    return "the server's work directory has too little space to put it on one clock";
  const temporary = tempNameFor(target.path);
  try {
    const heard = isSince(tools, COPIED_ENDS) ? [] : decoded.filter((index) => indexes.includes(index));
    const files = { input: fileUrl(source.path), output: fileUrl(temporary) };
    const args = correctArgs(source.info, places, heard, files);
    const copied = await runTool({ tools, program: "ffmpeg", reads: [source.path], writes: [temporary], args, signal });
    if (copied.ended === "aborted") throw new AppError("E_INTERRUPTED", "correcting was stopped", "Submit it again.");
    if (copied.exitCode !== 0) return `it can't be put on one: ${lastWords(copied.stderrTail)}`;
    const info = await probeSource(tools, temporary, { signal, videoStream: source.info.video.streamIndex });
    if (indexes.some((index) => info.streams[index]?.codec !== source.info.streams[index]?.codec))
      return "its streams come out in another order";
    const difference = differenceOf(
      before,
      await readClock(tools, { path: temporary, info }, { keptTick: null, placed: before.untimed, signal }),
      indexes,
      info,
    );
    if (difference !== null) return difference;
    await landFile(temporary, target.path);
    const [first] = before.breaks();
    const what = first === undefined ? "" : `: ${describeBreak(first)}`;
    const left = source.info.streams
      .filter(({ index }) => kept.includes(index) && !indexes.includes(index))
      .map(({ index }) => `; stream ${index} holds no packets and is left out`);
    return {
      path: target.path,
      info: onCopy(source.info, info, indexes),
      note: `the source is several recordings joined${what}; it was put on one clock first, as ffmpeg corrects it${left.join("")}`,
    };
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Writes the streams that are used of a source whose clock breaks onto one clock; null where it does not break. Errors:
 * E_SOURCE_REFUSED where that can't be done right, E_INDEX, E_INTERRUPTED.
 */
export async function correctClock(
  tools: Tools,
  source: ClockSource,
  used: UsedStreams,
  target: CopyTarget,
  signal?: AbortSignal,
): Promise<CorrectedSource | null> {
  if (!(await mayBreakClock(source.path, source.info.formatName, signal))) return null;
  const before = await readClock(tools, source, { keptTick: used.keptTick, signal });
  if (used.keptTick !== null) requireShownOnce(before, source.info);
  const [first] = before.breaks();
  if (first === undefined) return null;
  const guessed = source.info.formatName === "ogg" ? before.breaks().find(isOfGuesses) : undefined;
  if (guessed !== undefined) throw guessedBreak(guessed);
  const corrected = whyNot(before) ?? (await copyOnto(tools, source, used, before, { target, signal }));
  if (typeof corrected === "string") throw brokenClock(first, corrected);
  return corrected;
}
