// A clock of one tick per frame for encoders whose second pass assumes that each frame lasts one tick. It is used only
// where it expresses the segment's times exactly: the muxer converts them back to the job's ticks, and verification
// compares them. Pure.
import { invert, multiply, type Pts, type Rational, rational, rescale } from "../../base/rational.ts";
import { segmentFormat } from "../ffmpeg/codecs.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import { mayHoldDoubles } from "../index/picture-doubles.ts";
import type { SegmentTask } from "../model/segment.ts";
import type { SourceInfo } from "../model/source.ts";
import { frameTimingOf } from "../plan/frame-timing.ts";
import { plannedFrames, type SourceRange } from "../plan/planned-frames.ts";
import { passesOf } from "../request/tables/encoder-passes.ts";
import { segmentOffsetUs } from "../segment/segment-clock.ts";

/** With fewer ticks taken than this, an encoder that counts one tick per frame would plan for a shorter segment. */
const LEAST_TAKEN = 0.9;

/**
 * The longest tick on which every one of `pts` (sorted, in `timeBase`) is a whole number, if nearly every tick has a
 * frame. Null when the frames are too few, uneven, or not aligned with the clock's zero.
 */
export function evenClock(pts: readonly Pts[], timeBase: Rational): Rational | null {
  const [first] = pts;
  const last = pts.at(-1);
  if (first === undefined || last === undefined || pts.length < 2) return null;
  let step = Number.POSITIVE_INFINITY;
  for (let at = 1; at < pts.length; at += 1) step = Math.min(step, (pts[at] ?? 0) - (pts[at - 1] ?? 0));
  if (step <= 0 || pts.some((each) => each % step !== 0)) return null;
  const ticks = (last - first) / step + 1;
  return pts.length < LEAST_TAKEN * ticks ? null : multiply(timeBase, rational(step, 1));
}

/** NUT's ticks for video are at most this fraction of a second (libavformat/nutenc.c). */
const NUT_TICKS = 48_000;
const NUT_DIVISORS = [2, 3, 5, 7, 9, 11, 13] as const;
const NUT_LARGEST = 1 << 24;

/** The time base of a NUT file whose encoder counts in `tick` (libavformat/utils.c, ff_choose_timebase). */
export function nutTick({ num, den }: Rational): Rational {
  let [ticks, second] = [num, den];
  const isCoarse = () => Math.floor(second / ticks) < NUT_TICKS;
  for (const divisor of NUT_DIVISORS) while (isCoarse() && ticks % divisor === 0) ticks /= divisor;
  while (isCoarse() && second < NUT_LARGEST) second *= 2;
  return { num: ticks, den: second };
}

/**
 * The clock of the range's pictures, if its file then has the same time base as those of all other segments: ffmpeg's
 * concat demuxer reads every file's ticks as those of the first. Otherwise all segments must share one clock, those of a
 * single frame and those with a gap too.
 */
export function sharedClock(
  own: readonly Pts[],
  whole: () => readonly Pts[] | null,
  timeBase: Rational,
): Rational | null {
  const asked = nutTick(timeBase);
  const isAsked = (tick: Rational) => {
    const { num, den } = nutTick(tick);
    return num === asked.num && den === asked.den;
  };
  const tick = evenClock(own, timeBase);
  if (tick !== null && isAsked(tick)) return tick;
  const all = whole();
  const shared = all === null ? null : evenClock(all, timeBase);
  return shared === null || (tick === null && isAsked(shared)) ? null : shared;
}

/** The task with the clock that its encoder needs for two passes, where there is one. */
export function withFrameClock(task: SegmentTask, index: FrameIndex, info: SourceInfo): SegmentTask {
  const { request, video, encoderTimeBase, rate } = task;
  const way = passesOf(request.video.encoder)?.clock;
  if (rate?.pass !== "land" || way === undefined) return task;
  const timing = frameTimingOf(request, info.video.timeBase);
  // WebM, used for alpha, counts in milliseconds whatever the encoder does.
  if (timing === null || task.expectedFrames === null || segmentFormat(video, request.video.encoder) !== "nut")
    return task;
  // Pictures at one time are spread over ticks of the job's own clock, which this one lacks.
  const hasDoubles = ({ startPts, endPts }: SourceRange) => mayHoldDoubles(video) && index.sharesPts(startPts, endPts);
  if (hasDoubles(task)) return task;
  const all = { startPts: null, endPts: null };
  const ticksOf = (range: SourceRange) =>
    plannedFrames(timing, index, info, range).map((each) => rescale(each, timing.timeBase, encoderTimeBase));
  const pts = ticksOf(task);
  const isKnown = index.isComplete && index.uncounted.withoutPts === 0 && index.falseTimes === null && !hasDoubles(all);
  const whole = () => (isKnown ? ticksOf(all) : null);
  const tick = sharedClock(pts, whole, encoderTimeBase);
  if (tick === null || !isWhole(encoderTimeBase, tick)) return task;
  const from = way === "frames" ? 0 : rescale(pts[0] ?? 0, encoderTimeBase, tick);
  return { ...task, frameClock: { tick, from } };
}

/** All segments of a job have one offset from its zero, which must be a whole number of ticks. */
function isWhole(encoderTimeBase: Rational, clock: Rational): boolean {
  return multiply(rational(segmentOffsetUs(encoderTimeBase), 1_000_000), invert(clock)).den === 1;
}
