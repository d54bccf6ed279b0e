// A segment of a job and the attempts on it: every state that one can be in, as plain immutable data. The rules are in
// rules/lease-rules.ts and rules/segment-rules.ts. Numbers named `…At` are moments on the monotonic clock, milliseconds.
import type { Pts } from "../../../base/rational.ts";
import type { LeadIn, SegmentFacts, SegmentReport } from "../../../media/model/segment.ts";
import type { AttemptId, ClientId, JobId } from "./ids.ts";

/** What a client is doing for an attempt right now; the protocol's message carries the same words. */
export type AttemptStage = "queued" | "fetching" | "encoding" | "uploading";

export type SegmentPhase =
  /**
   * Waits for a client; not before `notBefore` (monotonic). `lost`: its last attempt, whose client fell silent and may come
   * back with it; another attempt, or anything else that changes the segment, makes another phase without it.
   */
  | { readonly kind: "pending"; readonly notBefore: number; readonly lost?: Attempt }
  /** Live attempts under leases: one, and near the end of a job perhaps a speculative one on another client. */
  | { readonly kind: "leased"; readonly attemptIds: readonly AttemptId[] }
  /** Of a job in two passes: measured, and waits until all others are. */
  | { readonly kind: "measured" }
  /** Bytes landed; the server checks them. `speculative`: attempts that still run beside it. `spare`: their result, kept in case it is needed. */
  | {
      readonly kind: "verifying";
      readonly landed: LandedResult;
      readonly speculative?: readonly AttemptId[];
      readonly spare?: LandedResult;
    }
  /** Counts did not match after every lead-in: the server decodes the range itself. */
  | { readonly kind: "referencing"; readonly landed: LandedResult }
  | { readonly kind: "verified"; readonly landed: LandedResult; readonly facts: SegmentFacts };

/** A result whose bytes are on the server's disk; `facts` follow when it is verified. */
export interface LandedResult {
  readonly attemptId: AttemptId;
  readonly clientId: ClientId;
  readonly clientName: string;
  readonly report: SegmentReport;
}

/** What a job in two passes knows of a segment's bits. */
export interface SegmentBits {
  /** Bits it took at the quality that all segments are measured with; absent when it was never measured. */
  readonly measuredBits?: number;
  /** What its encode must take; absent until all are measured. */
  readonly targetBits?: number;
  /** By so much the encode may miss its target. */
  readonly slackBits?: number;
}

export interface Segment {
  readonly index: number;
  readonly startPts: Pts;
  readonly endPts: Pts;
  /** Frames that the index counts in the range. */
  readonly frames: number;
  readonly phase: SegmentPhase;
  /** Rung of the verification ladder: 0 as planned, 1 and 2 with longer lead-ins. */
  readonly leadIn: LeadIn;
  /** Attempts that failed by ffmpeg or verification; bounded by maxRetries. */
  readonly failures: number;
  /** Leases lost (client died, cut off); bounded too. */
  readonly losses: number;
  readonly attempts: number;
  /** One entry for each failure. */
  readonly failedOn: readonly ClientId[];
  /** Results that were not as planned, by the lead-in they were made with; forgotten at a restart. */
  readonly mismatches?: readonly { readonly clientId: ClientId; readonly leadIn: LeadIn }[];
  /** One entry for each lost lease; forgotten at a restart. */
  readonly lostOn?: readonly ClientId[];
  /** Why anything beyond the ordinary was done; goes into the proof. */
  readonly notes: readonly string[];
  /** Absent until it is measured, and in jobs of one pass. */
  readonly rate?: SegmentBits;
}

/** A live try of a segment on a client, held under a lease. Past tries live in the database only. */
export interface Attempt {
  readonly id: AttemptId;
  readonly jobId: JobId;
  readonly segmentIndex: number;
  readonly clientId: ClientId;
  /** Absent in attempts of earlier versions: the job's. */
  readonly encoder?: string;
  readonly leadIn: LeadIn;
  readonly isBenchmark: boolean;
  /** Monotonic moment at which the lease ends unless renewed. */
  readonly leaseEndsAt: number;
  readonly stage: AttemptStage;
  readonly framesDone: number;
  readonly fps: number;
  readonly startedAt: number;
  /** Monotonic moment at which it last got further: a later stage, more frames, bytes of its upload. */
  readonly progressedAt: number;
}
