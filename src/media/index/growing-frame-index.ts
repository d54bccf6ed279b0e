// The frame index while the source is being read: takes packets and returns groups of pictures as they become certain.
// Pure: knows nothing about ffprobe or files.
import { type Pts, type Rational, rescale, toNumber } from "../../base/rational.ts";
import { ClockProgress } from "../clock/clock-progress.ts";
import type { LeadIn } from "../model/segment.ts";
import type { Gop } from "../model/source.ts";
import { ByteMarks, lastAtOrBefore } from "./byte-marks.ts";
import type { FrameGrid } from "./frame-grid.ts";
import type { FrameIndex, KeyFrame, VideoPacket } from "./frame-index.ts";
import { seekPointIn } from "./seek-point.ts";
import { SortedPts } from "./sorted-pts.ts";

/** ffmpeg's own threshold for a restarted clock (-dts_delta_threshold). */
const MOST_SILENCE_SECONDS = 10;

function keyFrame(pts: Pts, { dts, bytePosition }: VideoPacket): KeyFrame {
  return { pts, dts, bytePosition };
}

/** The growing index. `add` and `finish` return the groups of pictures that have just become certain. */
export class GrowingFrameIndex implements FrameIndex {
  readonly timeBase: Rational;
  readonly gops: Gop[] = [];
  readonly keyFrames: KeyFrame[] = [];
  readonly uncounted = { leading: 0, discarded: 0, samePts: 0, withoutPts: 0 };
  isComplete = false;
  marksAreFalse = false;
  falseTimes: string | null = null;
  reason: string | null = null;
  /** Ticks of a frame by the declared rate, for a last frame whose packet states no duration. */
  readonly #nominalDuration: number;
  readonly #pts = new SortedPts();
  readonly #shared = new SortedPts();
  #highestDts = Number.NEGATIVE_INFINITY;
  /** The stated duration of the packet with the highest DTS; 0: none. */
  #lastDecoded = 0;
  #durationOfLast: { pts: Pts; duration: number | null } | null = null;
  #packets = 0;
  readonly #marks: ByteMarks;
  /** A reference frame whose PTS follows from the next one. */
  #anchor: VideoPacket | null = null;
  /** A gap of more than 10 s: a restarted clock in a transport stream, an intended pause elsewhere. */
  hasTimeJump = false;

  /** A picture decoded behind a key frame has the time of one shown before it. */
  hasDoubleBehindKey = false;

  hasShownBehindKey = false;

  /** The last picture's packet states no time to show it at, and none follows that tells. */
  isLastGuessed = false;
  /** The latest picture that is decoded before the last key frame, which may be a hidden one. */
  #latestBeforeKey = Number.NEGATIVE_INFINITY;

  readonly grid: FrameGrid | null;
  readonly progress: ClockProgress;

  constructor(timeBase: Rational, frameRate: Rational | null, grid: FrameGrid | null = null) {
    this.timeBase = timeBase;
    this.grid = grid;
    this.progress = new ClockProgress(toNumber(timeBase));
    this.#marks = new ByteMarks(timeBase);
    this.#nominalDuration =
      frameRate === null ? 1 : Math.max(1, rescale(1, { num: frameRate.den, den: frameRate.num }, timeBase));
  }

  get seekable(): boolean {
    return this.reason === null;
  }

  get frameCount(): number {
    return this.#pts.length;
  }

  get firstPts(): Pts | null {
    return this.#pts.find(0);
  }

  get lastPts(): Pts | null {
    return this.#pts.find(this.#pts.length - 1);
  }

  get lastDuration(): number {
    const stated = this.#durationOfLast?.duration ?? 0;
    return stated > 0 ? stated : this.#nominalDuration;
  }

  get endPts(): Pts | null {
    return this.lastPts === null ? null : this.lastPts + this.lastDuration;
  }

  markUnseekable(reason: string): void {
    this.reason ??= reason;
  }

  /** One run over everything then shows the pictures at times that ffmpeg makes up. */
  markFalseTimes(reason: string): void {
    this.falseTimes ??= reason;
    this.markUnseekable(reason);
    if (this.grid !== null) this.grid.broken ??= reason;
  }

  add(packet: VideoPacket): readonly Gop[] {
    this.#packets += 1;
    this.#watchClock(packet);
    this.#marks.add(packet);
    const anchor = this.#anchor;
    if (packet.pts === null && packet.dts !== null) {
      // Without a PTS it is a reference frame of a container that stores decoding order only (AVI, or in part: PS): it is
      // shown when the next reference frame is decoded.
      this.#anchor = packet;
      if (anchor !== null) this.#insert({ ...anchor, pts: packet.dts });
    } else {
      if (anchor !== null && this.#packets === 2) this.#placeAnchor(anchor.dts);
      else if (packet.pts !== null && packet.dts !== null && packet.pts > packet.dts) this.#placeAnchor(packet.dts);
      this.#insert(packet);
    }
    return this.#certainGops(packet.dts ?? Number.NEGATIVE_INFINITY);
  }

  #placeAnchor(pts: Pts | null): void {
    if (this.#anchor !== null) this.#insert({ ...this.#anchor, pts });
    this.#anchor = null;
  }

  #watchClock({ dts, duration, isKey, isDiscarded }: VideoPacket): void {
    if (dts === null) return;
    if (!isDiscarded && (isKey || this.keyFrames.length > 0)) this.progress.add(dts, duration ?? 0);
    if (dts < this.#highestDts) this.markUnseekable("the source's timestamps jump back");
    if (
      Number.isFinite(this.#highestDts) &&
      dts - this.#highestDts - (duration ?? 0) > MOST_SILENCE_SECONDS / toNumber(this.timeBase)
    ) {
      this.hasTimeJump = true;
    }
    if (dts >= this.#highestDts) this.#lastDecoded = duration ?? 0;
    this.#highestDts = Math.max(this.#highestDts, dts);
  }

  #insert(packet: VideoPacket): void {
    const { pts } = packet;
    if (packet.isKey) this.#latestBeforeKey = this.lastPts ?? Number.NEGATIVE_INFINITY;
    if (packet.isDiscarded) {
      this.uncounted.discarded += 1;
      // A hidden key frame at the very start still begins the first group: frames shown after it refer to it.
      if (packet.isKey && pts !== null && this.keyFrames.length === 0) {
        this.keyFrames.push(keyFrame(pts, packet));
      }
    } else if (pts === null) this.uncounted.withoutPts += 1;
    else if (this.keyFrames.length === 0 && !packet.isKey) this.uncounted.leading += 1;
    else this.#count(pts, packet);
  }

  #count(pts: Pts, packet: VideoPacket): void {
    const first = this.keyFrames[0];
    if (first !== undefined && pts < first.pts) {
      this.uncounted.leading += 1; // leading pictures of an open GOP at the very start: their references are missing
      return;
    }
    if (pts < this.#latestBeforeKey) this.hasShownBehindKey = true;
    const position = this.#pts.lowerBound(pts);
    if (position < this.#pts.length && this.#pts.at(position) === pts) {
      this.uncounted.samePts += 1; // a hidden picture, the second field of a pair, or a true double
      this.#shared.insert(pts);
      const key = this.keyFrames.at(-1);
      if (key !== undefined && pts < key.pts) this.hasDoubleBehindKey = true;
      this.grid?.see(pts, [pts]);
    } else {
      if (this.#durationOfLast === null || pts > this.#durationOfLast.pts)
        this.#durationOfLast = { pts, duration: packet.duration };
      this.#pts.insert(pts);
      this.grid?.see(pts, [this.#pts.at(position - 1), this.#pts.at(position + 1)]);
    }
    const last = this.keyFrames.at(-1);
    if (packet.isKey && (last === undefined || pts > last.pts)) this.keyFrames.push(keyFrame(pts, packet));
  }

  /** All packets to come have a PTS of at least `dts`. */
  #certainGops(dts: number): readonly Gop[] {
    const fresh: Gop[] = [];
    for (;;) {
      const start = this.keyFrames[this.gops.length];
      const next = this.keyFrames[this.gops.length + 1];
      if (start === undefined || next === undefined || dts < next.pts) return fresh;
      fresh.push(this.#close(start, next.pts));
    }
  }

  #close(start: KeyFrame, endPts: Pts): Gop {
    const gop = {
      startPts: start.pts,
      endPts,
      frames: this.countFrames(start.pts, endPts),
      bytePosition: start.bytePosition,
    };
    this.gops.push(gop);
    return gop;
  }

  /** No more packets. */
  finish(): readonly Gop[] {
    this.isLastGuessed = this.#anchor !== null;
    const step = this.#lastDecoded > 0 ? this.#lastDecoded : this.#nominalDuration;
    this.#placeAnchor(this.#packets === 1 ? (this.#anchor?.dts ?? null) : this.#highestDts + step);
    const fresh = [...this.#certainGops(Number.POSITIVE_INFINITY)];
    const start = this.keyFrames[this.gops.length];
    if (start !== undefined && this.endPts !== null) fresh.push(this.#close(start, this.endPts));
    this.isComplete = true;
    if (this.uncounted.withoutPts > 0) this.markUnseekable("the source has frames without timestamps");
    if (this.keyFrames.length === 0) this.markUnseekable("the source marks no key frame");
    return fresh;
  }

  countFrames(startPts: Pts | null, endPts: Pts | null): number {
    return this.#pts.countBetween(startPts, endPts);
  }

  sharesPts(startPts: Pts | null, endPts: Pts | null): boolean {
    return this.#shared.countBetween(startPts, endPts) > 0;
  }

  framePts(startPts: Pts | null, endPts: Pts | null): number[] {
    return this.#pts.between(startPts, endPts);
  }

  frameBefore(pts: Pts, frames: number): Pts | null {
    return this.#pts.find(this.#pts.lowerBound(pts) - frames);
  }

  frameAfter(pts: Pts, frames: number): Pts | null {
    return this.#pts.find(this.#pts.lowerBound(pts) + frames);
  }

  keyFrameAtOrBefore(pts: Pts): KeyFrame | null {
    return this.keyFrames[lastAtOrBefore(this.keyFrames, pts)] ?? null;
  }

  keyFrameAfter(pts: Pts): KeyFrame | null {
    return this.keyFrames[lastAtOrBefore(this.keyFrames, pts) + 1] ?? null;
  }

  bytesBefore(pts: Pts): number | null {
    return this.#marks.bytesBefore(pts);
  }

  seekPoint(startPts: Pts, leadIn: LeadIn): KeyFrame | null {
    return seekPointIn(this, startPts, leadIn);
  }
}
