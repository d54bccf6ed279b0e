// A job: what was asked, what its index has found so far, its segments. Plain immutable data; its status is changed by
// state-changes.ts alone. `createdAt` and the like are wall time as ISO text, for records; `aloneSince` is monotonic.
import type { ErrorBody } from "../../../base/errors.ts";
import type { Pts, Rational } from "../../../base/rational.ts";
import type { EncoderFamily } from "../../../media/model/encoder-family.ts";
import type { BitrateGoal, TextDrawer } from "../../../media/model/segment.ts";
import type { Needs } from "../../../media/plan/needs.ts";
import type { ClientId, JobId } from "./ids.ts";
import type { Segment } from "./segment.ts";

/**
 * Queued: taken, nothing leased. WaitingForClients: fewer capable clients than required. Benchmarking: first segments
 * leased. Processing: a first segment verified, or a second one leased to the same client. Combining: all segments
 * verified (and audio done), stitch and final check. Terminal: Completed, Failed, Cancelled.
 */
export type JobStatus =
  | "Queued"
  | "WaitingForClients"
  | "Benchmarking"
  | "Processing"
  | "Combining"
  | "Completed"
  | "Failed"
  | "Cancelled";

/** A group of pictures that the index has found, or a part of one: half-open range of source ticks and its frames. */
export interface IndexedGop {
  readonly startPts: Pts;
  readonly endPts: Pts;
  readonly frames: number;
  /** What lies between the key frame and this part of its group, in frames and bytes; absent at a key frame. */
  readonly leadFrames?: number;
  readonly leadBytes?: number;
  /** It begins inside a group, and no part before it is decoded from that group's key frame. */
  readonly opensGroup?: boolean;
}

export interface KnownGop extends IndexedGop {
  /** Frames of the list of groups up to the end of this one. */
  readonly framesUpTo: number;
}

/** How the encoder of a job is chosen that leaves it open. */
export interface Election {
  readonly candidates: readonly { readonly encoder: string; readonly family: EncoderFamily }[];
  /** Clients of several families may work on one output. */
  readonly allowMixed: boolean;
  /** How long a started job waits for clients of its family before another is elected; null: for ever. */
  readonly waitForFamilyMs: number | null;
}

export interface JobSettings {
  readonly requiredClients: number;
  readonly benchmarkSeconds: number;
  /** Attempts of a segment after the first. */
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  /** Longest video a segment may hold, seconds; null: the scheduler's own bound. */
  readonly maxSegmentSeconds: number | null;
  /** Absent when the request names its encoder. */
  readonly election?: Election;
  /**
   * Present when the headers of all segments must be the same: "global": a decoder gets them from the container alone;
   * "repeated": every key frame has them too (AV1), so that a decoder is right all the same.
   */
  readonly headers?: "global" | "repeated";
  /** What is encoded, for the limits of hardware encoders; absent in jobs of earlier versions. */
  readonly picture?: { readonly width: number; readonly height: number; readonly isDeep: boolean };
  /** What a client's ffmpeg must have beside the encoder; absent in jobs of earlier versions. */
  readonly needs?: Needs;
}

/** A client that can't work on a job with an encoder. */
export interface Unfit {
  readonly clientId: ClientId;
  readonly encoder: string;
  readonly reason: string;
  /** Only these headers of its segments stand against it, and no failure. */
  readonly parameterSets?: string | null;
}

export type AudioPhase = "none" | "pending" | "running" | "done";

export interface Job {
  readonly id: JobId;
  /** Input file name as people know it. */
  readonly fileName: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly status: JobStatus;
  readonly error: ErrorBody | null;
  readonly settings: JobSettings;
  readonly encoder: string;
  readonly family: EncoderFamily;
  /**
   * "whole": one segment over everything, with the reason for the proof. `offGrid`: the frames do not stand on the rate
   * that the source declares, and why; segments then count in the source's ticks.
   */
  readonly split:
    | { readonly mode: "keyframes"; readonly offGrid?: string }
    | { readonly mode: "whole"; readonly reason: string };
  readonly timeBase: Rational;
  /** Seconds of video by the container, for estimates until the index is complete; null when unknown. */
  readonly durationSeconds: number | null;
  readonly frameRate: number | null;
  /** Present in a job of two passes: the bit rate that the whole video must have. */
  readonly rate?: BitrateGoal;
  /**
   * Present in a job whose filters draw letters. `print`: what they look like on the client that was leased to first;
   * only clients that draw alike get more.
   */
  readonly text?: { readonly draws: readonly TextDrawer[]; readonly print: string | null };
  /** What the index has found, in order; kept in memory only, found again after a restart. */
  readonly gops: readonly KnownGop[];
  readonly indexComplete: boolean;
  /** Frames of the whole stream once the index is complete. */
  readonly totalFrames: number | null;
  /** Everything before this PTS is in a segment; null: nothing yet. */
  readonly cursorPts: Pts | null;
  readonly segments: readonly Segment[];
  readonly audio: AudioPhase;
  /** Monotonic moment since which no capable client has been there; null while one is. */
  readonly aloneSince: number | null;
  /** A segment was believed by reference decoding: packet counts of this source are not frame counts. */
  readonly countsUnreliable: boolean;
  /** Clients whose encoder turned out unable to do this job; in memory only. */
  readonly unfit?: readonly Unfit[];
  readonly output: { readonly name: string; readonly bytes: number; readonly sha256: string } | null;
}
