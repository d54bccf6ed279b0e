// The clock of a job: the source's clock, shifted so that the file's start is zero, as plain ffmpeg shifts it before
// its filters. The shift is one constant, a whole number of the stream's ticks; the server computes it and passes it to
// every segment's run. Pure.
import { MICROSECONDS, type Pts, type Rational, rescale } from "../../base/rational.ts";
import { isSince, OGG_START } from "../ffmpeg/builds/differences.ts";
import { restartsClock } from "../ffmpeg/formats.ts";
import type { Release } from "../ffmpeg/releases.ts";
import type { SourceInfo, SourceStream } from "../model/source.ts";

/**
 * The source with the start that plain ffmpeg uses when it gets only these streams: in formats whose clock may restart,
 * the earliest of their starts ("Correcting start time", fftools); elsewhere the file's, whichever stream begins it. The
 * other streams are marked: their clock may break, and ffmpeg passes over them too.
 */
export function withStartOf(
  info: SourceInfo,
  plan: { readonly streams: readonly { readonly source: SourceStream }[] },
  release: Release,
): SourceInfo {
  if (!restartsClock(info.formatName)) return info;
  const starts = plan.streams.flatMap(({ source }) =>
    source.isAttachedPicture || source.startPts === null
      ? []
      : [rescale(source.startPts, source.timeBase, MICROSECONDS)],
  );
  const earliest = starts.length === 0 ? info.startMicroseconds : Math.min(...starts);
  const read = new Set(plan.streams.map(({ source }) => source.index));
  const unread = info.streams.map(({ index }) => index).filter((index) => !read.has(index));
  const isFiles = info.formatName === "ogg" && !isSince(release, OGG_START);
  return {
    ...info,
    startMicroseconds: isFiles ? info.startMicroseconds : Math.max(info.startMicroseconds, earliest),
    ...(unread.length === 0 ? {} : { unread }),
  };
}

/** What ffmpeg adds to every time of the video stream for this `-itsoffset`: rounded to the stream's ticks (ffmpeg.c, ts_offset). */
export function clockShift(offsetUs: number, timeBase: Rational): Pts {
  return rescale(offsetUs, MICROSECONDS, timeBase);
}

/**
 * `-itsoffset` in microseconds that moves the file's start to zero. An offset of exactly minus the start would make
 * ffmpeg use the start of the streams in use instead (see sourceOffsetUs), so it differs by a microsecond where that is
 * the same tick.
 */
export function clockOffsetUs({ startMicroseconds, video }: Pick<SourceInfo, "startMicroseconds" | "video">): number {
  if (startMicroseconds === 0) return 0;
  const exact = -startMicroseconds;
  const ticks = clockShift(exact, video.timeBase);
  const beside = [exact + 1, exact - 1].find((offset) => clockShift(offset, video.timeBase) === ticks);
  return beside ?? exact;
}

/** A source tick on the job's clock; null stays an open bound. */
export function onClock(pts: Pts | null, shift: Pts): Pts | null {
  return pts === null ? null : pts + shift;
}

/** A time on the job's clock → microseconds on the source's own. */
export function sourceMicroseconds(
  pts: Pts,
  timeBase: Rational,
  info: Pick<SourceInfo, "startMicroseconds" | "video">,
): number {
  const shift = clockShift(clockOffsetUs(info), info.video.timeBase);
  return rescale(pts, timeBase, MICROSECONDS) - rescale(shift, info.video.timeBase, MICROSECONDS);
}
