// Queries about the frames of the video stream by presentation time, answered from packets. Types only:
// growing-frame-index.ts implements them.

import type { Pts, Rational } from "../../base/rational.ts";
import type { ClockProgress } from "../clock/clock-progress.ts";
import type { LeadIn } from "../model/segment.ts";
import type { Gop } from "../model/source.ts";
import type { FrameGrid } from "./frame-grid.ts";

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
  /** Decoding time; null: the container does not state it. */
  readonly dts: Pts | null;
  readonly bytePosition: number | null;
}

/** The times of frames, from the index or from a decode in sequence. */
export interface FrameTimes {
  readonly timeBase: Rational;
  /** Ticks the last frame is shown. */
  readonly lastDuration: number;
  /** Sorted PTS in [startPts, endPts); null bounds are open. */
  framePts(startPts: Pts | null, endPts: Pts | null): number[];
  countFrames(startPts: Pts | null, endPts: Pts | null): number;
  /** PTS of the frame `frames` positions before the first at or after `pts`; null: there are too few. */
  frameBefore(pts: Pts, frames: number): Pts | null;
  /** PTS of the frame `frames` positions after the first at or after `pts`; null: there are too few. */
  frameAfter(pts: Pts, frames: number): Pts | null;
}

/** The interface for planner and checks; complete once `isComplete`. */
export interface FrameIndex extends FrameTimes {
  readonly isComplete: boolean;
  /** False: segments cannot be found by seeking; `reason` says why and the job runs as one segment. */
  readonly seekable: boolean;
  readonly reason: string | null;
  /** The container wrongly marks pictures as key frames; `keyFrames` still holds intra pictures only. */
  readonly marksAreFalse: boolean;
  /**
   * Why the packets' times cannot be those of their pictures; null: they can be. Only a decode in sequence then gives
   * the times.
   */
  readonly falseTimes: string | null;
  /**
   * A picture decoded before a key frame is shown behind it, or behind what is made from it where an edit list hides the key
   * frame: the decoder gives it first, and the times go back.
   */
  readonly hasShownBehindKey: boolean;
  /** The clock leaps by more than 10 s somewhere. */
  readonly hasTimeJump: boolean;
  /** How far the clock advances over the shown packets, from the first key frame to the last one (clock/clock-progress.ts). */
  readonly progress: Pick<ClockProgress, "total" | "steps" | "isBroken" | "ticksInARow">;
  /** Frames with a PTS, from the first key frame on. */
  readonly frameCount: number;
  readonly firstPts: Pts | null;
  readonly lastPts: Pts | null;
  /** The exact rate that the source's times may be rounded from; null: there is none to restore. */
  readonly grid: FrameGrid | null;
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
  /** Several packets of the range share one PTS: a hidden picture, two fields, or two real pictures. */
  sharesPts(startPts: Pts | null, endPts: Pts | null): boolean;
  /** The last key frame at or before `pts`; null when there is none. */
  keyFrameAtOrBefore(pts: Pts): KeyFrame | null;
  /** Where to seek for `startPts`; null: from the beginning. */
  seekPoint(startPts: Pts, leadIn: LeadIn): KeyFrame | null;
  /** The first key frame after `pts` that is known. */
  keyFrameAfter(pts: Pts): KeyFrame | null;
  /**
   * The position in the source by which every frame before `pts` has been read, within half a second of packets; null:
   * unknown.
   */
  bytesBefore(pts: Pts): number | null;
}
