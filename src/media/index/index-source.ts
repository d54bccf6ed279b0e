// Streams the packets of the video stream from ffprobe into a FrameIndex and passes on groups of pictures as soon as
// they are certain, so that encoding starts while the source is still being read.
import { AppError } from "../../base/errors.ts";
import { describeBreak } from "../clock/clock-watch.ts";
import { guessedBreak, PacketClock, ticksOrNaN } from "../clock/read-clock.ts";
import { isSince, LAST_TIMES } from "../ffmpeg/builds/differences.ts";
import { drawsOverEarlierFrames, hasTimestamps, restartsClock } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { Gop, SourceInfo } from "../model/source.ts";
import { FALSE_TIMES, lostTimes, seeTimes, TimesDoubt } from "./false-times.ts";
import type { FrameGrid } from "./frame-grid.ts";
import type { FrameIndex, VideoPacket } from "./frame-index.ts";
import { GrowingFrameIndex } from "./growing-frame-index.ts";
import { KeyMarks } from "./key-marks.ts";
import { PassingGroups } from "./passing-groups.ts";
import { DOUBLE_BEHIND_KEY, mayHoldDoubles } from "./picture-doubles.ts";
import type { TrackPacket, TrackTally } from "./track-packets.ts";

/** Sources that are read in less time than ffmpeg takes to start. */
const SOON_READ_BYTES = 16 * 1024 * 1024;
const SOON_READ_MICROSECONDS = 60_000_000;
/** Start of a line that describes a packet. */
const PACKET_FIELDS = 8;
const SIZE_FIELD = 5;

/** Judges a source by its packets: pictures may share one time, sound may have lost its times. */
export interface SourceJudge {
  /** By the packets so far: while it is true, no group is passed on. */
  readonly mayRefuse: (index: FrameIndex) => boolean;
  /** Called once all packets are seen, before the groups that still wait are passed on. Errors: E_SOURCE_REFUSED. */
  readonly judge: (index: FrameIndex) => Promise<void>;
}

export interface IndexOptions {
  /** `index` already answers for these groups of pictures. */
  readonly onGops: (gops: readonly Gop[], index: FrameIndex) => void;
  /** Default: no source is refused by its packets. */
  readonly judge?: SourceJudge;
  /** The grid that the frames may be on; checked frame by frame. */
  readonly grid?: FrameGrid | null;
  /** Called once, at the first frame that is not on the grid, before any group that holds it is passed on. */
  readonly onOffGrid?: (reason: string, index: FrameIndex) => void;
  /**
   * Reports a source whose clock breaks, or whose pictures have lost their times, as one that can't be split, instead
   * of refusing it.
   */
  readonly isEstimate?: boolean;
  /** A reason against splitting that does not depend on the packets. */
  readonly wholeBecause?: string | null;
  /** Every packet of the video, in the order of the file. */
  readonly onPacket?: (packet: VideoPacket) => void;
  /** Counts the packets of sound and subtitles on the way. */
  readonly tally?: TrackTally;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Arguments for ffprobe: one CSV line per packet, `codec_type,stream_index,pts,dts,duration,size,pos,flags`, of the
 * video alone unless the other tracks are counted too.
 */
export function indexArgs(path: string, info: SourceInfo, withTracks: boolean): string[] {
  return [
    ...["-v", "error", ...inputGuards({ formats: info.formatName, kind: "file" })],
    ...(withTracks ? [] : ["-select_streams", String(info.video.streamIndex)]),
    ...["-show_entries", "packet=codec_type,stream_index,pts,dts,duration,size,pos,flags"],
    ...["-of", "csv=p=0", fileUrl(path)],
  ];
}

function numberOrNull(text: string | undefined): number | null {
  if (text === undefined || text === "" || text === "N/A") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** The fields of one line. Flags: K key frame, D discard. */
export function videoPacket([, , pts, dts, duration, , position, flags = ""]: readonly string[]): VideoPacket {
  return {
    pts: numberOrNull(pts),
    dts: numberOrNull(dts),
    duration: numberOrNull(duration),
    bytePosition: numberOrNull(position),
    isKey: flags.includes("K"),
    isDiscarded: flags.includes("D"),
  };
}

function trackPacket([type = "", stream, pts, , duration, bytes, , flags = ""]: readonly string[]): TrackPacket {
  const ticks = { pts: Number(pts), duration: Number(duration) };
  return { type, stream: Number(stream), ...ticks, bytes: Number(bytes), isDiscarded: flags.includes("D") };
}

/** Its packets are all read within some 20 ms: what refuses it is found before its first group is passed on. */
export function isSoonRead({ bytes, durationMicroseconds }: SourceInfo): boolean {
  const isShort = durationMicroseconds !== null && durationMicroseconds <= SOON_READ_MICROSECONDS;
  return isShort && bytes <= SOON_READ_BYTES;
}

function newIndex(info: SourceInfo, { grid = null, wholeBecause }: IndexOptions): GrowingFrameIndex {
  const frameRate = info.video.realFrameRate ?? info.video.averageFrameRate;
  const index = new GrowingFrameIndex(info.video.timeBase, frameRate, grid);
  if (!hasTimestamps(info.formatName)) index.markUnseekable(`a raw ${info.formatName} stream has no timestamps`);
  if (drawsOverEarlierFrames(info.formatName))
    index.markUnseekable(`each ${info.formatName} picture needs all before it`);
  if (typeof wholeBecause === "string") index.markUnseekable(wholeBecause);
  return index;
}

/**
 * Reads the whole source once. Errors: E_INDEX (ffprobe failed, no frame found), E_SOURCE_REFUSED (its clock breaks, the
 * times of its pictures are lost), E_INTERRUPTED.
 * An index that is not `seekable` is no error: the job then runs as one segment.
 */
export async function indexSource(
  tools: Tools,
  path: string,
  info: SourceInfo,
  options: IndexOptions,
): Promise<FrameIndex> {
  const { grid = null, tally, signal } = options;
  const streamIndex = String(info.video.streamIndex);
  const index = newIndex(info, options);
  const clock = restartsClock(info.formatName) ? new PacketClock(info) : null;
  let isOnGrid = grid !== null;
  const watchGrid = () => {
    if (!isOnGrid || grid === null || grid.broken === null) return;
    isOnGrid = false;
    options.onOffGrid?.(grid.broken, index);
  };
  using marks = new KeyMarks(path, info.formatName, info.video.codec);
  const doubt = new TimesDoubt(info);
  const groups = new PassingGroups(index, options.onGops);
  let judged: Promise<void> | null = null;
  let areLost = false;
  const judgeTimes = async () => {
    groups.hold("times");
    const seen = await seeTimes(tools, path, info, signal);
    if (seen !== "rising") index.markFalseTimes(FALSE_TIMES);
    areLost = seen === "lost";
    if (!areLost) groups.release("times");
  };
  const isSeenFirst = options.judge !== undefined && isSoonRead(info);
  const watchDoubles = () => {
    if (isSeenFirst || options.judge?.mayRefuse(index) === true) groups.hold("doubles");
    else groups.release("doubles");
  };
  watchDoubles();
  let yieldToEncodes: () => void = () => undefined;
  const handOn = () => {
    if (groups.isFirst && doubt.isSuspicious) judged ??= judgeTimes();
    if (groups.isFirst && !groups.isHeld) yieldToEncodes();
    groups.handOn();
  };
  const take = (fields: readonly string[]) => {
    const marked = videoPacket(fields);
    const packet = { ...marked, isKey: marks.isKey(marked, Number(fields[SIZE_FIELD])) };
    index.marksAreFalse = marks.areFalse;
    if (marks.doubt !== null) index.markUnseekable(marks.doubt);
    doubt.see(packet);
    options.onPacket?.(packet);
    groups.add(index.add(packet));
    if (index.hasDoubleBehindKey && mayHoldDoubles(info.video)) index.markUnseekable(DOUBLE_BEHIND_KEY);
    watchGrid();
    if (!groups.isDue) return;
    watchDoubles();
    handOn();
  };
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: indexArgs(path, info, tally !== undefined || clock !== null),
    // Everybody waits for the first groups; after them the first encodes need the processor more.
    onStart: (lowerPriority) => {
      yieldToEncodes = lowerPriority;
    },
    signal,
    onLine: (line) => {
      const fields = line.split(",");
      if (fields.length < PACKET_FIELDS) return;
      const [, stream, pts, dts, duration] = fields;
      clock?.add(Number(stream), ticksOrNaN(pts), ticksOrNaN(dts), ticksOrNaN(duration));
      if (stream === streamIndex) take(fields);
      else tally?.add(trackPacket(fields));
    },
  });
  requireReadToTheEnd(result);
  if (doubt.isSuspicious) judged ??= judgeTimes();
  await judged;
  // Decoding times that ffmpeg makes of such packets go back, which is no other recording.
  if (areLost && options.isEstimate !== true) throw lostTimes(info.video);
  requireOneClock(clock, index, options);
  groups.add(index.finish());
  if (grid !== null && index.isLastGuessed && !isSince(tools, LAST_TIMES))
    grid.broken ??= "its last picture has no time of its own";
  watchGrid();
  if (index.hasTimeJump && restartsClock(info.formatName))
    index.markUnseekable("the source's clock restarts in the middle");
  await options.judge?.judge(index);
  groups.release("doubles");
  groups.handOn();
  requireVideo(index);
  return index;
}

function requireReadToTheEnd({ ended, exitCode, stderrTail }: Awaited<ReturnType<typeof runTool>>): void {
  if (ended === "aborted") throw new AppError("E_INTERRUPTED", "indexing was stopped", "Submit the job again.");
  if (exitCode === 0) return;
  throw new AppError(
    "E_INDEX",
    `the source could not be read to its end: ${lastWords(stderrTail)}`,
    "The file may be damaged, or on a disk that fails.",
  );
}

function requireOneClock(clock: PacketClock | null, index: GrowingFrameIndex, { isEstimate }: IndexOptions): void {
  const [broken] = clock?.breaks() ?? [];
  if (broken === undefined) return;
  if (isEstimate !== true) throw guessedBreak(broken);
  index.markUnseekable(`its times contradict one another: ${describeBreak(broken)}`);
}

function requireVideo({ frameCount, uncounted }: FrameIndex): void {
  if (frameCount > 0 || uncounted.withoutPts > 0 || uncounted.leading > 0) return;
  throw new AppError("E_INDEX", "no video frame was found in the source", "The file may be cut off after its header.");
}
