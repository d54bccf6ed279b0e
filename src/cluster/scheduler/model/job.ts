// A job: its request, what its index has found so far, its segments. Plain immutable data; only state-changes.ts
// changes its status. `createdAt` and the like are wall time as ISO text, for records; `aloneSince` is monotonic.
import type { ErrorBody } from "../../../base/errors.ts";
import type { Pts, Rational } from "../../../base/rational.ts";
import type { EncoderFamily } from "../../../media/model/encoder-family.ts";
import type { BitrateGoal, TextDrawer } from "../../../media/model/segment.ts";
import type { Needs } from "../../../media/plan/needs.ts";
import type { ClientId, JobId } from "./ids.ts";
import type { QueuePlace } from "./queue-place.ts";
import type { Segment } from "./segment.ts";

/**
 * Queued: accepted, nothing leased. WaitingForClients: fewer capable clients than required. Benchmarking: first
 * segments leased. Processing: a first segment verified, or a second one leased to the same client. Combining: all
 * segments verified (and audio done), stitch and final check. Terminal: Completed, Failed, Cancelled.
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

/** It has ended, and does not change unless it is retried. */
export function isTerminal(status: JobStatus): boolean {
  return status === "Completed" || status === "Failed" || status === "Cancelled";
}

/** A group of pictures that the index has found, or a part of one: a half-open range of source ticks and its frames. */
export interface IndexedGop {
  readonly startPts: Pts;
  readonly endPts: Pts;
  readonly frames: number;
  /** Frames and bytes between the key frame and this part of its group; absent at a key frame. */
  readonly leadFrames?: number;
  readonly leadBytes?: number;
  /** It begins inside a group, and no earlier part is decoded from that group's key frame. */
  readonly opensGroup?: boolean;
}

export interface KnownGop extends IndexedGop {
  /** Frames in the list up to the end of this group. */
  readonly framesUpTo: number;
}

/** How the encoder is elected for a job that leaves it open. */
export interface Election {
  readonly candidates: readonly { readonly encoder: string; readonly family: EncoderFamily }[];
  /** Clients of several families may work on one output. */
  readonly allowMixed: boolean;
  /** How long a started job waits for clients of its family before another encoder is elected; null: forever. */
  readonly waitForFamilyMs: number | null;
}

/** What is encoded, for the limits of encoders. */
export interface EncodedPicture {
  readonly width: number;
  readonly height: number;
  /** Ten bits a sample and more. */
  readonly isDeep: boolean;
  /** The pixel format that software encoders are given, by ffmpeg's name, never yuvj; absent: not known beforehand. */
  readonly format?: string;
  /** What software encoders are given, behind all filters, "320x180"; absent: not known beforehand. */
  readonly size?: string;
}

export interface JobSettings {
  readonly requiredClients: number;
  readonly benchmarkSeconds: number;
  /** Attempts of a segment after the first. */
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  /** Longest video of a segment in seconds; null: the scheduler's own bound. */
  readonly maxSegmentSeconds: number | null;
  /** Absent when the request names its encoder. */
  readonly election?: Election;
  /**
   * Present when all segments must have the same encoder headers (parameter sets). "global": a decoder reads them from
   * the container alone. "repeated": every key frame carries them too (AV1), so a decoder copes with different ones.
   */
  readonly headers?: "global" | "repeated";
  /** Absent in jobs of earlier versions. */
  readonly picture?: EncodedPicture;
  /** What a client's ffmpeg must have besides the encoder; absent in jobs of earlier versions. */
  readonly needs?: Needs;
}

/** A client that can't use an encoder for a job. */
export interface Unfit {
  readonly clientId: ClientId;
  readonly encoder: string;
  readonly reason: string;
  /** Present: only the parameter sets of its segments hold it back (a digest; null: it writes none). */
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
  /** Absent in jobs of earlier versions: an admin's, with the ordinary priority. */
  readonly queue?: QueuePlace;
  readonly encoder: string;
  readonly family: EncoderFamily;
  /**
   * "whole": one segment over everything; the reason goes into the proof. `offGrid`: why the frames do not match the
   * rate that the source declares; segments then count in the source's ticks.
   */
  readonly split:
    | { readonly mode: "keyframes"; readonly offGrid?: string }
    | { readonly mode: "whole"; readonly reason: string };
  readonly timeBase: Rational;
  /** Seconds of video by the container, for estimates until the index is complete; null when unknown. */
  readonly durationSeconds: number | null;
  readonly frameRate: number | null;
  /** The bit rate of the whole video; present in jobs of two passes. */
  readonly rate?: BitrateGoal;
  /**
   * Present in a job whose filters render text. `print`: how its first client renders it; only clients that render it
   * alike get segments.
   */
  readonly text?: { readonly draws: readonly TextDrawer[]; readonly print: string | null };
  /** What the index has found, in order. In memory only; the index runs again after a restart. */
  readonly gops: readonly KnownGop[];
  readonly indexComplete: boolean;
  /** Frames of the whole stream once the index is complete. */
  readonly totalFrames: number | null;
  /** Everything before this PTS is in segments; null: nothing yet. */
  readonly cursorPts: Pts | null;
  readonly segments: readonly Segment[];
  readonly audio: AudioPhase;
  /** How often all clients with certain parameter sets have left it, by those; forgotten at a restart. */
  readonly deserted?: Readonly<Record<string, number>>;
  /** Monotonic moment since which no capable client is reachable; null: one is. */
  readonly aloneSince: number | null;
  /** A reference decode confirmed a segment against the counts: this source's packet counts are not frame counts. */
  readonly countsUnreliable: boolean;
  /** Clients whose encoder turned out unable to do this job. In memory only. */
  readonly unfit?: readonly Unfit[];
  readonly output: { readonly name: string; readonly bytes: number; readonly sha256: string } | null;
}
