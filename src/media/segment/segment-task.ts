// Plans one segment: where to seek, which frames to keep, and the encoder's clock. Pure.
import { type Pts, type Rational, rescale } from "../../base/rational.ts";
import { isMatroska, isMp4, seeksToKeyFrames } from "../ffmpeg/formats.ts";
import type { FrameIndex, KeyFrame } from "../index/frame-index.ts";
import { mayHoldDoubles } from "../index/picture-doubles.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { LeadIn, SegmentTask } from "../model/segment.ts";
import type { SourceInfo, SourceVideo } from "../model/source.ts";
import { type FrameTiming, frameTimingOf, hidesLosses, type Reach, showsByPlan } from "../plan/frame-timing.ts";
import { boundsOf, plannedBefore, plannedFrames, reachBack } from "../plan/planned-frames.ts";
import { encoderTimeBase } from "../plan/time-base.ts";
import { numberedFrom, numbersFrames } from "../request/args/split-mode.ts";
import { cadenceWithin } from "../request/filters/render-cadence.ts";
import { clockOffsetUs, clockShift, onClock } from "../source/source-clock.ts";

/** A half-open range of source ticks; both null: the whole stream in one run, without a seek. */
export interface SegmentRange {
  readonly startPts: Pts | null;
  readonly endPts: Pts | null;
}

/** The source that segments are cut from. */
export interface SegmentSource {
  readonly info: SourceInfo;
  readonly index: FrameIndex;
  /** The encoder's tick where the source's times are rounded from it; null: the encoder uses the source's ticks. */
  readonly grid: Rational | null;
}

/** Decoding needs no lead-in where the demuxer finds key frames by timestamp; elsewhere a second and a key frame. */
function leadInFor(formatName: string, asked: LeadIn): LeadIn {
  return seeksToKeyFrames(formatName) || asked !== 0 ? asked : 1;
}

/**
 * For a demuxer without an index by PTS, ffmpeg seeks 3/23 s before the requested time (ffmpeg_opt.c, dts_heuristic),
 * which costs a whole group of pictures in Matroska. Any time up to the next key frame finds the same key frame.
 */
const HEURISTIC = { num: 3, den: 23 };

/** A key frame to decode from, and the time that a seek to it asks for. */
interface SeekPoint {
  readonly key: KeyFrame;
  readonly seekPts: Pts;
}

/**
 * The time that finds this key frame. MP4's list of sync samples is by decoding time, and ffmpeg subtracts the delay of
 * the stream's first picture (mov.c, min_corrected_pts). Where samples just after the key frame are wrongly in the
 * list, its own decoding time still finds the right one.
 */
function seekTime({ formatName, video }: SourceInfo, index: FrameIndex, key: KeyFrame): Pts {
  if (index.marksAreFalse && isMp4(formatName) && key.dts !== null) return key.dts;
  if (!isMatroska(formatName)) return key.pts;
  const next = index.keyFrameAfter(key.pts);
  const later = key.pts + rescale(1, HEURISTIC, video.timeBase) + 1;
  return next === null ? key.pts : Math.min(later, next.pts - 1);
}

function seekPointFor(
  info: SourceInfo,
  index: FrameIndex,
  startPts: Pts,
  leadIn: LeadIn,
  before: Reach,
): SeekPoint | null {
  const sees = before.frames > 0 || before.seconds > 0;
  const firstNeeded = sees ? reachBack(index, startPts, before) : startPts;
  if (firstNeeded === null) return null;
  const key = index.seekPoint(firstNeeded, leadInFor(info.formatName, sees && leadIn === 0 ? 1 : leadIn));
  return key === null ? null : { key, seekPts: seekTime(info, index, key) };
}

/**
 * From the key frame that the seek finds to the point where every frame before the end has been read, as far as the
 * container shows.
 */
function byteRangeFor(
  info: SourceInfo,
  index: FrameIndex,
  seek: SeekPoint | null,
  endPts: Pts | null,
): SegmentTask["byteRange"] {
  const start = seek === null ? 0 : seek.key.bytePosition;
  if (start === null) return null;
  const after = endPts === null ? null : index.keyFrameAfter(endPts);
  const ends = [after === null ? info.bytes : after.bytePosition, endPts === null ? null : index.bytesBefore(endPts)];
  const end = Math.min(...ends.filter((each) => each !== null));
  return Number.isFinite(end) && end > start ? { start, end } : null;
}

/** These fail at a picture that has the time of the one before it: "Invalid pts (320) <= last (320)" (all versions). */
const REFUSES_ONE_TIME = new Set(["mpeg2video", "mpeg4", "mjpeg"]);

/**
 * False and missing times are ffmpeg's guess in the end. It guesses some of them twice, until 6.0 also by how many threads
 * decode; a tick apart, they are the same for any number. One run over everything also meets what no index foresees: a
 * single picture whose time lies before that of the picture shown before it; in a segment it is then seen that the times
 * are not the planned ones.
 */
function mayShareTimes(
  video: SourceVideo,
  index: FrameIndex,
  { startPts, endPts }: SegmentRange,
  { frameRate, encoder }: EncodeRequest["video"],
): boolean {
  if (startPts === null && endPts === null && frameRate === null) return true;
  if (REFUSES_ONE_TIME.has(encoder)) return true;
  const isGuessed = index.falseTimes !== null || index.uncounted.withoutPts > 0;
  return isGuessed || (mayHoldDoubles(video) && index.sharesPts(startPts, endPts));
}

/** A cadence may have many shifts, of which a range needs few. */
function withNeededShifts(request: EncodeRequest, { startPts, endPts }: SegmentRange, info: SourceInfo): EncodeRequest {
  const { cadence } = request.video;
  if (cadence === undefined) return request;
  const { timeBase } = info.video;
  const shift = clockShift(clockOffsetUs(info), timeBase);
  const [startAt, endAt] = [startPts, endPts].map((pts) => {
    const at = onClock(pts, shift);
    return at === null ? null : rescale(at, timeBase, cadence.tick);
  });
  return { ...request, video: { ...request.video, cadence: cadenceWithin(cadence, startAt ?? null, endAt ?? null) } };
}

/**
 * The source's pictures that the range needs, where the number of frames that come out would not show that one is
 * missing, or has another time than its packet says: fps and `-r` show another picture for longer then. Undefined: it
 * would, or the index can't count them. One run with fps asks nothing of the index; `-r` is planned from it in any case.
 */
function countedFrames(
  timing: FrameTiming,
  index: FrameIndex,
  { startPts, endPts }: SegmentRange,
): SegmentTask["sourceFrames"] {
  const { leading, samePts, withoutPts } = index.uncounted;
  const isWhole = startPts === null && endPts === null;
  if (!hidesLosses(timing) || (isWhole && !showsByPlan(timing))) return undefined;
  if (index.falseTimes !== null || leading + samePts + withoutPts > 0) return undefined;
  const from = startPts === null ? null : reachBack(index, startPts, timing.before);
  return { startPts: from, frames: index.countFrames(from, endPts) };
}

/**
 * The task for a range. The first range begins at the stream's very beginning and the last one ends at its very end
 * (null bounds), so that frames without a known position are still encoded.
 */
export function planSegment(
  { info, index, grid }: SegmentSource,
  request: EncodeRequest,
  range: SegmentRange,
  leadIn: LeadIn,
): SegmentTask {
  const firstKey = index.keyFrames[0]?.pts ?? null;
  const isFirst = range.startPts === null || (firstKey !== null && range.startPts <= firstKey);
  const isLast = range.endPts === null || (index.isComplete && index.endPts !== null && range.endPts >= index.endPts);
  const startPts = isFirst ? null : range.startPts;
  const endPts = isLast ? null : range.endPts;
  const timing = frameTimingOf(request, info.video.timeBase);
  const before = timing?.before ?? { frames: 0, seconds: 0 };
  const seek = startPts === null ? null : seekPointFor(info, index, startPts, leadIn, before);
  const isCounted = timing !== null && index.frameCount > 0 && (endPts !== null || index.isComplete);
  const sourceFrames = isCounted ? countedFrames(timing, index, { startPts, endPts }) : undefined;
  const isNumbered = timing !== null && startPts !== null && numbersFrames(request);
  const offsetUs = clockOffsetUs(info);
  const shift = clockShift(offsetUs, info.video.timeBase);
  return {
    streamIndex: info.video.streamIndex,
    formatName: info.formatName,
    timeBase: info.video.timeBase,
    startPts,
    endPts,
    clockOffsetUs: offsetUs,
    seekPts: seek?.seekPts ?? null,
    cut:
      timing === null || timing.cutAfter === 0
        ? null
        : { after: timing.cutAfter, timeBase: timing.timeBase, ...boundsOf(timing, { startPts, endPts }, shift) },
    expectedFrames: isCounted ? plannedFrames(timing, index, info, { startPts, endPts }).length : null,
    ...(sourceFrames === undefined ? {} : { sourceFrames }),
    ...(mayShareTimes(info.video, index, { startPts, endPts }, request.video) ? { spreadsPts: true } : {}),
    encoderTimeBase: grid ?? encoderTimeBase(info.video, request),
    request: withNeededShifts(
      isNumbered ? numberedFrom(request, plannedBefore(timing, index, info, startPts)) : request,
      { startPts, endPts },
      info,
    ),
    video: info.video,
    byteRange: byteRangeFor(info, index, seek, endPts),
  };
}
