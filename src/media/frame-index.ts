// The frames of the video stream by presentation time, as packets tell them: grows while the source is read and
// answers from what it knows so far. Pure: knows nothing of ffprobe or files.
import { type Pts, type Rational, rescale, toNumber } from "../base/rational.ts";
import type { FrameGrid } from "./frame-grid.ts";
import type { Gop, LeadIn } from "./types.ts";

/** A video packet as the demuxer gives it; ticks of the stream's time base. */
export interface VideoPacket {
  readonly pts: Pts | null;
  readonly dts: Pts | null;
  readonly duration: number | null;
  readonly isKey: boolean;
  /** Decoded but never shown (edit list). */
  readonly isDiscarded: boolean;
  readonly bytePosition: number | null;
}

export interface KeyFrame {
  readonly pts: Pts;
  readonly bytePosition: number | null;
}

/** What the planner and the checks ask; complete once `isComplete`. */
export interface FrameIndex {
  readonly timeBase: Rational;
  readonly isComplete: boolean;
  /** False: segments cannot be found by seeking; `reason` says why and the job runs as one segment. */
  readonly seekable: boolean;
  readonly reason: string | null;
  /** The clock leaps by more than 10 s somewhere. */
  readonly hasTimeJump: boolean;
  /** Frames with a PTS, from the first key frame on. */
  readonly frameCount: number;
  readonly firstPts: Pts | null;
  readonly lastPts: Pts | null;
  /** The exact rate that the source's times may be roundings of; null: there is none to restore. */
  readonly grid: FrameGrid | null;
  /** Ticks the last frame is shown. */
  readonly lastDuration: number;
  /** End of the last frame. */
  readonly endPts: Pts | null;
  readonly gops: readonly Gop[];
  readonly keyFrames: readonly KeyFrame[];
  /** Packets before the first key frame, hidden by an edit list, or sharing another's PTS. */
  readonly uncounted: {
    readonly leading: number;
    readonly discarded: number;
    readonly samePts: number;
    readonly withoutPts: number;
  };
  /** Sorted PTS in [startPts, endPts); null bounds are open. */
  framePts(startPts: Pts | null, endPts: Pts | null): number[];
  countFrames(startPts: Pts | null, endPts: Pts | null): number;
  /** Several packets of the range have one PTS: a hidden picture, two fields, or two pictures indeed. */
  sharesPts(startPts: Pts | null, endPts: Pts | null): boolean;
  /** PTS of the frame that stands `frames` before the first at or after `pts`; null: there are not so many. */
  frameBefore(pts: Pts, frames: number): Pts | null;
  /** PTS of the frame that stands `frames` after the first at or after `pts`; null: there are not so many. */
  frameAfter(pts: Pts, frames: number): Pts | null;
  /** The last key frame at or before `pts`; null when there is none. */
  keyFrameAtOrBefore(pts: Pts): KeyFrame | null;
  /** Where to seek for `startPts`; null: from the beginning. */
  seekPoint(startPts: Pts, leadIn: LeadIn): KeyFrame | null;
  /** The first key frame after `pts` that is known. */
  keyFrameAfter(pts: Pts): KeyFrame | null;
  /** Where in the source every frame before `pts` has been read, give or take half a second of packets; null: not known. */
  bytesBefore(pts: Pts): number | null;
}

/** ffmpeg's own threshold for a restarted clock (-dts_delta_threshold). */
const MOST_SILENCE_SECONDS = 10;
const CHUNK = 1 << 15;
/** How far apart the packets are whose place in the file is kept. */
const MARK_SECONDS = 0.5;

/** Sorted timestamps in fixed blocks: 8 bytes a frame, no copying as it grows; 10 h at 60 fps is 17 MB. */
class SortedPts {
  readonly #chunks: Float64Array[] = [];
  length = 0;

  /** NaN where there is none. */
  at(position: number): number {
    if (position < 0 || position >= this.length) return Number.NaN;
    return this.#chunks[Math.floor(position / CHUNK)]?.[position % CHUNK] ?? Number.NaN;
  }

  #set(position: number, value: number): void {
    const chunk = this.#chunks[Math.floor(position / CHUNK)];
    if (chunk !== undefined) chunk[position % CHUNK] = value;
  }

  /** Inserts from the end: coding order is presentation order but for a few frames. */
  insert(value: number): void {
    if (this.length === this.#chunks.length * CHUNK) this.#chunks.push(new Float64Array(CHUNK));
    let position = this.length;
    this.length += 1;
    while (position > 0 && this.at(position - 1) > value) {
      this.#set(position, this.at(position - 1));
      position -= 1;
    }
    this.#set(position, value);
  }

  /** Values in [from, to); null bounds are open. */
  countBetween(from: number | null, to: number | null): number {
    const first = from === null ? 0 : this.lowerBound(from);
    return Math.max(0, (to === null ? this.length : this.lowerBound(to)) - first);
  }

  /** Position of the first value ≥ `wanted`. */
  lowerBound(wanted: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Position of the last key frame with pts ≤ `pts`, or -1. */
function lastAtOrBefore(keyFrames: readonly { readonly pts: Pts }[], pts: Pts): number {
  let low = 0;
  let high = keyFrames.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keyFrames[middle]?.pts ?? Number.POSITIVE_INFINITY) <= pts) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The index as it grows. `add` and `finish` return the groups of pictures that have just become certain. */
export class GrowingFrameIndex implements FrameIndex {
  readonly timeBase: Rational;
  readonly gops: Gop[] = [];
  readonly keyFrames: KeyFrame[] = [];
  readonly uncounted = { leading: 0, discarded: 0, samePts: 0, withoutPts: 0 };
  isComplete = false;
  reason: string | null = null;
  /** A frame's ticks by the declared rate, for a last frame whose packet states no duration. */
  readonly #nominalDuration: number;
  readonly #pts = new SortedPts();
  readonly #shared = new SortedPts();
  #highestDts = Number.NEGATIVE_INFINITY;
  #durationOfLast: { pts: Pts; duration: number | null } | null = null;
  #packets = 0;
  /** Packets by decoding time, `MARK_SECONDS` apart. */
  readonly #marks: { readonly pts: Pts; readonly bytePosition: number }[] = [];
  readonly #markTicks: number;
  /** A reference frame whose PTS the next one tells. */
  #anchor: VideoPacket | null = null;
  /** A gap of more than 10 s: in a transport stream a restarted clock, elsewhere a pause that is meant. */
  hasTimeJump = false;

  readonly grid: FrameGrid | null;

  constructor(timeBase: Rational, frameRate: Rational | null, grid: FrameGrid | null = null) {
    this.timeBase = timeBase;
    this.grid = grid;
    this.#markTicks = Math.ceil((MARK_SECONDS * timeBase.den) / timeBase.num);
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
    return this.#pts.length === 0 ? null : this.#pts.at(0);
  }

  get lastPts(): Pts | null {
    return this.#pts.length === 0 ? null : this.#pts.at(this.#pts.length - 1);
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

  add(packet: VideoPacket): readonly Gop[] {
    this.#packets += 1;
    this.#watchClock(packet);
    this.#mark(packet);
    const anchor = this.#anchor;
    if (packet.pts === null && packet.dts !== null) {
      // Without a PTS it is a reference frame of a container that stores decoding order only (AVI): it is shown when
      // the next reference frame is decoded.
      this.#anchor = packet;
      if (anchor !== null) this.#place({ ...anchor, pts: packet.dts });
    } else {
      if (anchor !== null && this.#packets === 2) this.#placeAnchor(anchor.dts);
      this.#place(packet);
    }
    return this.#certainGops(packet.dts ?? Number.NEGATIVE_INFINITY);
  }

  #placeAnchor(pts: Pts | null): void {
    if (this.#anchor !== null) this.#place({ ...this.#anchor, pts });
    this.#anchor = null;
  }

  #watchClock({ dts, duration }: VideoPacket): void {
    if (dts === null) return;
    if (dts < this.#highestDts) this.markUnseekable("the source's timestamps jump back");
    if (
      Number.isFinite(this.#highestDts) &&
      dts - this.#highestDts - (duration ?? 0) > MOST_SILENCE_SECONDS / toNumber(this.timeBase)
    ) {
      this.hasTimeJump = true;
    }
    this.#highestDts = Math.max(this.#highestDts, dts);
  }

  #mark({ pts, dts, bytePosition }: VideoPacket): void {
    const decoded = dts ?? pts;
    if (decoded === null || bytePosition === null) return;
    const last = this.#marks.at(-1);
    if (last === undefined || decoded >= last.pts + this.#markTicks) this.#marks.push({ pts: decoded, bytePosition });
  }

  #place(packet: VideoPacket): void {
    const { pts } = packet;
    if (packet.isDiscarded) {
      this.uncounted.discarded += 1;
      // A hidden key frame at the very start still begins the first group: frames shown after it refer to it.
      if (packet.isKey && pts !== null && this.keyFrames.length === 0) {
        this.keyFrames.push({ pts, bytePosition: packet.bytePosition });
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
    const position = this.#pts.lowerBound(pts);
    if (position < this.#pts.length && this.#pts.at(position) === pts) {
      this.uncounted.samePts += 1; // a hidden picture, the second field of a pair, or a true double
      this.#shared.insert(pts);
      this.grid?.see(pts, [pts]);
    } else {
      if (this.#durationOfLast === null || pts > this.#durationOfLast.pts)
        this.#durationOfLast = { pts, duration: packet.duration };
      this.#pts.insert(pts);
      this.grid?.see(pts, [this.#pts.at(position - 1), this.#pts.at(position + 1)]);
    }
    const last = this.keyFrames.at(-1);
    if (packet.isKey && (last === undefined || pts > last.pts))
      this.keyFrames.push({ pts, bytePosition: packet.bytePosition });
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
    this.#placeAnchor(this.#packets === 1 ? (this.#anchor?.dts ?? null) : this.#highestDts + this.#nominalDuration);
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
    const from = startPts === null ? 0 : this.#pts.lowerBound(startPts);
    const count = this.countFrames(startPts, endPts);
    return Array.from({ length: count }, (_, offset) => this.#pts.at(from + offset));
  }

  #frameAt(position: number): Pts | null {
    return position < 0 || position >= this.#pts.length ? null : this.#pts.at(position);
  }

  frameBefore(pts: Pts, frames: number): Pts | null {
    return this.#frameAt(this.#pts.lowerBound(pts) - frames);
  }

  frameAfter(pts: Pts, frames: number): Pts | null {
    return this.#frameAt(this.#pts.lowerBound(pts) + frames);
  }

  keyFrameAtOrBefore(pts: Pts): KeyFrame | null {
    return this.keyFrames[lastAtOrBefore(this.keyFrames, pts)] ?? null;
  }

  keyFrameAfter(pts: Pts): KeyFrame | null {
    return this.keyFrames[lastAtOrBefore(this.keyFrames, pts) + 1] ?? null;
  }

  bytesBefore(pts: Pts): number | null {
    // All packets from one on that is decoded at or after `pts` are shown at or after it.
    const before = lastAtOrBefore(this.#marks, pts - 1);
    return this.#marks[before + 1]?.bytePosition ?? null;
  }

  seekPoint(startPts: Pts, leadIn: LeadIn): KeyFrame | null {
    const at = lastAtOrBefore(this.keyFrames, startPts);
    if (leadIn === 0) return at <= 0 ? null : (this.keyFrames[at] ?? null);
    const oneSecond = Math.ceil(this.timeBase.den / this.timeBase.num);
    const early = lastAtOrBefore(this.keyFrames, startPts - oneSecond);
    const chosen = Math.min(at - leadIn, early);
    return chosen <= 0 ? null : (this.keyFrames[chosen] ?? null);
  }
}
