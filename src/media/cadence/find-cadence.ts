// Finds the cadence of `-r` for a source, or why it can't be predicted. A cadence is planned only where the packets
// show everything that ffmpeg's output stage uses; everything else is left to one run, which is right by definition.
import { AppError } from "../../base/errors.ts";
import { type Pts, parseRational, toNumber } from "../../base/rational.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { FrameIndex, VideoPacket } from "../index/frame-index.ts";
import { indexSource } from "../index/index-source.ts";
import type { Cadence } from "../model/cadence.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SourceInfo } from "../model/source.ts";
import { frameTimingOf } from "../plan/frame-timing.ts";
import { filterEffect, keepsToRange } from "../request/filters/filter-kind.ts";
import { guessedFrameRate } from "../source/guessed-rate.ts";
import { clockOffsetUs, clockShift } from "../source/source-clock.ts";
import { cadenceOf } from "./cadence-of.ts";
import { learnSyncRule } from "./learn-sync-rule.ts";
import { type SyncRule, syncOutput } from "./output-sync.ts";

/** Containers whose packets were compared with the input of ffmpeg's output stage. */
const FORMATS = new Set(["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts"]);
/** Three days at 60 frames a second, as for the filter fps. */
const MOST_FRAMES = 16_000_000;
/** The most shifts in all, and of those that one segment may need: they are one word of ffmpeg's command line. */
const MOST_SHIFTS = 20_000;
const MOST_SHIFTS_TOGETHER = 600;
/** Longer than any segment (scheduler/sizing.ts). */
const TOGETHER_SECONDS = 330;

/** Durations of the packets, by time: what an index does not keep. */
export class Durations {
  readonly #byPts = new Map<Pts, number>();

  add({ pts, duration, isDiscarded }: VideoPacket): void {
    if (pts !== null && !isDiscarded) this.#byPts.set(pts, duration ?? 0);
  }

  /** 0: not stated. */
  of(pts: Pts): number {
    return this.#byPts.get(pts) ?? 0;
  }
}

/** Durations that ffmpeg considers a guess of its demuxer and replaces (video_duration_estimate, 7.1). */
function isUnsure(duration: number, sinceLast: number): boolean {
  return duration <= 0 || (duration === 1 && sinceLast > 2);
}

function whyNotPackets(info: SourceInfo, index: FrameIndex): string | null {
  const { leading, samePts, withoutPts } = index.uncounted;
  const { fieldOrder } = info.video;
  if (!FORMATS.has(info.formatName)) return `of ${info.formatName} it is not known what it shows`;
  if (!index.seekable) return index.reason ?? "the source can't be sought";
  if (index.hasTimeJump) return "the source's clock leaps";
  if (fieldOrder !== null && fieldOrder !== "progressive") return "the source is interlaced";
  if (leading + samePts + withoutPts > 0) return "the source's packets are not its frames one by one";
  return null;
}

function whyNotRequest(request: EncodeRequest, isEven: boolean): string | null {
  const { frameRate, cadence, ...video } = request.video;
  const plain = { ...request, video: { ...video, frameRate: null } };
  const timing = frameTimingOf(plain, { num: 1, den: 1 });
  if (timing === null || !timing.keepsTimes) return "a filter before it changes the frames' times";
  // A filter that delays frames may pass on the duration of another.
  const holding = request.filters.find((call) => !keepsToRange(filterEffect(call)));
  return holding === undefined || isEven ? null : `the frames last differently, and ${holding.name} looks at several`;
}

/**
 * Whether there are more shifts than a segment's command line holds; segments are longer where pictures depend on each
 * other for longer.
 */
function areTooMany({ shifts, tick }: Cadence, { gops, timeBase }: FrameIndex): boolean {
  const longest = gops.reduce((most, { startPts, endPts }) => Math.max(most, endPts - startPts), 0);
  const together = (TOGETHER_SECONDS + longest * toNumber(timeBase)) / toNumber(tick);
  return (
    shifts.length > MOST_SHIFTS ||
    shifts.some(([from], at) => (shifts[at + MOST_SHIFTS_TOGETHER]?.[0] ?? Number.POSITIVE_INFINITY) - from < together)
  );
}

/** Pure. Returns the reason when there is none. Errors: E_ENCODE_REQUEST for an endless number of frames. */
export function cadenceFor(
  rule: SyncRule,
  request: EncodeRequest,
  info: SourceInfo,
  index: FrameIndex,
  durations: Durations,
): Cadence | string {
  const { timeBase } = info.video;
  const rate = parseRational(request.video.frameRate ?? "");
  if (rate === null) return "no rate is asked for";
  const times = index.framePts(null, null);
  const lasting = times.map((pts) => durations.of(pts));
  const isEven = lasting.every((duration) => duration === lasting[0]);
  const why = whyNotPackets(info, index) ?? whyNotRequest(request, isEven);
  if (why !== null) return why;
  const sourceFrameRate = guessedFrameRate(info.video);
  const hasFilters = request.filters.length > 0;
  const goesByRate =
    lasting.some((duration) => duration <= 0) ||
    (rule === "rounded" && (hasFilters || lasting.some((each) => each * toNumber(timeBase) * toNumber(rate) < 1)));
  if (goesByRate && sourceFrameRate === null) return "the source's rate is not sure";
  if (
    rule === "exact" &&
    lasting.some((duration, at) => isUnsure(duration, (times[at] ?? 0) - (times[at - 1] ?? Number.NaN)))
  )
    return "the source's packets do not say how long their frames last";
  const shift = clockShift(clockOffsetUs(info), timeBase);
  const pts = times.map((each) => each + shift);
  const isAlone = info.streams.length === 1;
  const shown = syncOutput({ rule, pts, durations: lasting, timeBase, rate, sourceFrameRate, hasFilters, isAlone });
  if (shown === null) return "a frame would be repeated for more than an hour";
  if (shown.frames > MOST_FRAMES)
    throw new AppError(
      "E_ENCODE_REQUEST",
      `at the frame rate asked for, ${shown.frames} frames would come out`,
      "Ask for a lower rate; a leap in the source's clock is filled with frames too.",
    );
  const cadence = cadenceOf(pts, shown, timeBase, rate);
  return areTooMany(cadence, index) ? "the source's frames come too unevenly" : cadence;
}

function otherRate(why: string): AppError {
  return new AppError(
    "E_SOURCE_REFUSED",
    `the source is several recordings joined, and on one clock ffmpeg takes it for another frame rate, by which it would make -r (${why})`,
    "Leave -r out, or put -vf fps=RATE in its place.",
  );
}

export interface RequestWithCadence {
  readonly request: EncodeRequest;
  /** Why `-r` is left to one run; null: it is not, or `-r` was not requested. */
  readonly why: string | null;
}

/** Adds the cadence of `-r` to the request, if a complete index determines it. Errors: E_ENCODE_REQUEST, E_SOURCE_REFUSED. */
export function withCadence(
  rule: SyncRule | null,
  request: EncodeRequest,
  info: SourceInfo,
  index: FrameIndex,
  durations: Durations,
): RequestWithCadence {
  if (request.video.frameRate === null) return { request, why: null };
  if (rule === null) return { request, why: "this ffmpeg makes a constant rate in a way that is not known" };
  const cadence = cadenceFor(rule, request, info, index, durations);
  if (typeof cadence === "string") {
    if (info.seemsOfOtherRate === true) throw otherRate(cadence);
    return { request, why: cadence };
  }
  return { request: { ...request, video: { ...request.video, cadence } }, why: null };
}

export interface CadenceOptions {
  readonly path: string;
  readonly info: SourceInfo;
  /** For a small file of trials; removed. */
  readonly workDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** The same for a source that is not indexed yet: reads its packets. Errors: those of indexSource and withCadence. */
export async function findCadence(
  tools: Tools,
  request: EncodeRequest,
  { path, info, workDir, signal }: CadenceOptions,
): Promise<RequestWithCadence> {
  if (request.video.frameRate === null) return { request, why: null };
  if (!FORMATS.has(info.formatName)) return { request, why: `of ${info.formatName} it is not known what it shows` };
  const durations = new Durations();
  const [rule, index] = await Promise.all([
    learnSyncRule(tools, workDir, signal),
    indexSource(tools, path, info, {
      onGops: () => undefined,
      onPacket: (packet) => durations.add(packet),
      signal,
    }),
  ]);
  return withCadence(rule, request, info, index, durations);
}
