// A segment of a job and the attempts on it, in all their states, as plain immutable data. The rules are in
// rules/lease-rules.ts and rules/segment-rules.ts. Numbers named `…At` are monotonic moments in milliseconds.
import type { Pts } from "../../../base/rational.ts";
import type { LeadIn, SegmentFacts, SegmentReport } from "../../../media/model/segment.ts";
import type { AttemptId, ClientId, JobId } from "./ids.ts";

/** What a client is doing for an attempt right now; the protocol's message carries the same words. */
export type AttemptStage = "queued" | "fetching" | "encoding" | "uploading";

export type SegmentPhase =
  /**
   * Waits for a client until after `notBefore` (monotonic). `lost`: its last attempt, whose client fell silent and may
   * come back with it. Any change to the segment replaces this phase, and forgets that attempt.
   */
  | { readonly kind: "pending"; readonly notBefore: number; readonly lost?: Attempt }
  /** Live attempts under leases: one, and near the end of a job perhaps a speculative one on another client. */
  | { readonly kind: "leased"; readonly attemptIds: readonly AttemptId[] }
  /** In a job of two passes: measured, and waits until all others are. */
  | { readonly kind: "measured" }
  /**
   * The result landed, and the server checks it. `speculative`: attempts that still run. `spare`: their
   * result, kept in case it is needed.
   */
  | {
      readonly kind: "verifying";
      readonly landed: LandedResult;
      readonly speculative?: readonly AttemptId[];
      readonly spare?: LandedResult;
    }
  /** The counts did not match with any lead-in: the server decodes the range itself. */
  | { readonly kind: "referencing"; readonly landed: LandedResult }
  | { readonly kind: "verified"; readonly landed: LandedResult; readonly facts: SegmentFacts };

/** A result that is on the server's disk. */
export interface LandedResult {
  readonly attemptId: AttemptId;
  readonly clientId: ClientId;
  readonly clientName: string;
  readonly report: SegmentReport;
}

/** The bits of a segment, in a job of two passes. */
export interface SegmentBits {
  /** Bits at the quality that all segments are measured with; absent: it was never measured. */
  readonly measuredBits?: number;
  /** Bits that its encode must take; absent until all segments are measured. */
  readonly targetBits?: number;
  /** How far the encode may miss its target. */
  readonly slackBits?: number;
}

export interface Segment {
  readonly index: number;
  readonly startPts: Pts;
  readonly endPts: Pts;
  /** Frames that the index counts in the range. */
  readonly frames: number;
  readonly phase: SegmentPhase;
  /** The rung of the verification ladder. */
  readonly leadIn: LeadIn;
  /** Failed attempts; bounded by maxRetries. */
  readonly failures: number;
  /** Leases that ended without a result (the client died or was cut off); bounded too. */
  readonly losses: number;
  readonly attempts: number;
  /** One entry for each failure. */
  readonly failedOn: readonly ClientId[];
  /** Who made results that were not as planned, and with which lead-in; forgotten at a restart. */
  readonly mismatches?: readonly { readonly clientId: ClientId; readonly leadIn: LeadIn }[];
  /** One entry for each lost lease; forgotten at a restart. */
  readonly lostOn?: readonly ClientId[];
  /** What was unusual about its encode, and why; goes into the proof. */
  readonly notes: readonly string[];
  /** Absent until it is measured, and in jobs of one pass. */
  readonly rate?: SegmentBits;
}

/** A live attempt on a segment by one client, under a lease. Past attempts are in the database only. */
export interface Attempt {
  readonly id: AttemptId;
  readonly jobId: JobId;
  readonly segmentIndex: number;
  readonly clientId: ClientId;
  /** Absent in attempts of earlier versions: the job's encoder. */
  readonly encoder?: string;
  readonly leadIn: LeadIn;
  readonly isBenchmark: boolean;
  /** It runs at once, in the slot of an encode that its client suspends for it. */
  readonly isUrgent?: true;
  /** Leased because the share of its job was late: it makes way for no other job. */
  readonly isDue?: true;
  /** More work comes to its slot after it: its encode leaves the other cores to the encodes beside it. */
  readonly isFollowed?: true;
  /** Monotonic moment at which the lease ends unless renewed. */
  readonly leaseEndsAt: number;
  readonly stage: AttemptStage;
  readonly framesDone: number;
  readonly fps: number;
  readonly startedAt: number;
  /** Monotonic moment of its last progress: a later stage, more frames, bytes of its upload. */
  readonly progressedAt: number;
}
