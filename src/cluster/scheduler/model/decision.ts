// What decide() gets besides its input, and what it answers: effects that the shell must perform, each safe to repeat,
// and events for the history that people and scripts see.

import type { ErrorBody } from "../../../base/errors.ts";
import type { Changes } from "./changes.ts";
import type { AttemptId, ClientId, JobId } from "./ids.ts";
import type { Attempt, Segment } from "./segment.ts";
import type { SchedulerState } from "./state.ts";

export interface FailedSegment {
  readonly jobId: JobId;
  readonly segmentIndex: number;
  /** ffmpeg's last line. */
  readonly reason: string;
  /** What the job fails with if there is no other way. */
  readonly error: ErrorBody;
}

export type Effect =
  | { readonly type: "start-index"; readonly jobId: JobId }
  | { readonly type: "start-audio"; readonly jobId: JobId }
  | { readonly type: "start-stitch"; readonly jobId: JobId }
  | { readonly type: "offer"; readonly clientId: ClientId; readonly attempt: Attempt; readonly segment: Segment }
  | {
      readonly type: "stop-attempt";
      readonly clientId: ClientId;
      readonly attemptId: AttemptId;
      readonly reason: string;
    }
  | { readonly type: "verify"; readonly jobId: JobId; readonly segmentIndex: number; readonly attemptId: AttemptId }
  | { readonly type: "reference"; readonly jobId: JobId; readonly segmentIndex: number; readonly attemptId: AttemptId }
  /** Encodes of the segment failed as often as they may: do the source's pictures change? The rest comes back unchanged. */
  | ({ readonly type: "look-for-change" } & FailedSegment)
  | {
      readonly type: "drop-result";
      readonly jobId: JobId;
      readonly segmentIndex: number;
      readonly attemptId: AttemptId;
    }
  | {
      readonly type: "welcome";
      readonly clientId: ClientId;
      readonly keepAttempts: readonly AttemptId[];
      /** What the client is called from now on. */
      readonly name: string;
      readonly isPaused: boolean;
    }
  | { readonly type: "pause-client"; readonly clientId: ClientId; readonly isPaused: boolean }
  /**
   * The job ended: stop its processes on the server and delete its files, except the output (Completed) and the source
   * (Failed).
   */
  | { readonly type: "release-job"; readonly jobId: JobId; readonly status: "Completed" | "Failed" | "Cancelled" }
  | {
      readonly type: "close-client";
      readonly clientId: ClientId;
      readonly reason: string;
      readonly reconnect: boolean;
    };

/** The answer to an input that a caller waits for (an HTTP request, say). */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly error: ErrorBody };

export type EventType =
  | "job-status"
  | "client-status"
  | "client-draining"
  | "client-paused"
  | "client-quarantined"
  | "client-resumed"
  | "client-full"
  | "client-resting"
  | "segment-leased"
  | "segment-measured"
  | "segment-verified"
  | "segment-retry"
  | "lease-lost"
  | "lease-renewed"
  | "attempt-stopped"
  | "attempt-refused"
  | "encoder-elected"
  | "client-unfit"
  | "seam-mismatch";

/**
 * Why a segment is encoded again: what its client said of the encode, or what the server found. check: counts, times or
 * pictures; headers: stream headers that do not join; measure: frames that a measuring run lacks.
 */
export const RETRY_CAUSES = ["encode", "source", "io", "refused", "stalled", "check", "headers", "measure"] as const;
export type RetryCause = (typeof RETRY_CAUSES)[number];

export interface SchedulerEvent {
  readonly at: string;
  readonly type: EventType;
  readonly jobId: JobId | null;
  readonly clientId: ClientId | null;
  readonly segmentIndex: number | null;
  readonly attemptId: AttemptId | null;
  /** "from → to" for a change of status, else one plain sentence. */
  readonly detail: string;
  /** Of a segment-retry. Not stored. */
  readonly cause?: RetryCause;
}

/** Moments and fresh ids come from the shell, so that decide() has no clock and no randomness. */
export interface Moment {
  readonly now: number;
  readonly at: string;
  readonly newId: () => string;
}

export interface Decision {
  readonly next: SchedulerState;
  readonly effects: readonly Effect[];
  readonly events: readonly SchedulerEvent[];
  /** How `next` differs from the state before. */
  readonly changes: Changes;
  readonly verdict: Verdict;
}
