// Everything that can happen to the scheduler, one type of input each. The shell makes them; decide.ts maps them to
// rules.
import type { ErrorBody } from "../../../base/errors.ts";
import type { Pts } from "../../../base/rational.ts";
import type { SegmentFacts, SegmentReport } from "../../../media/model/segment.ts";
import type { Client } from "./client.ts";
import type { FailedSegment } from "./decision.ts";
import type { AttemptId, ClientId, JobId } from "./ids.ts";
import type { IndexedGop, Job } from "./job.ts";
import type { QueueMove } from "./queue-place.ts";
import type { AttemptStage } from "./segment.ts";

export type NewJob = Pick<
  Job,
  | "id"
  | "fileName"
  | "settings"
  | "queue"
  | "encoder"
  | "family"
  | "split"
  | "text"
  | "timeBase"
  | "durationSeconds"
  | "frameRate"
  | "rate"
> & {
  /** The server has sound to encode, or must find out whether it can be copied. */
  readonly hasSoundWork: boolean;
};

export type HelloFacts = Pick<
  Client,
  | "id"
  | "name"
  | "instance"
  | "slots"
  | "slotsReason"
  | "platform"
  | "ffmpeg"
  | "version"
  | "encoders"
  | "families"
  | "pools"
  | "limits"
  | "hardware"
  | "noRoom"
  | "resting"
  | "textPrints"
  | "release"
  | "decodes"
  | "filters"
  | "pixelFormats"
  | "benchmarkSeconds"
> & { readonly link: number; readonly heldAttempts: readonly AttemptId[] };

export type Input =
  | { readonly type: "job-submitted"; readonly job: NewJob }
  | { readonly type: "index-advanced"; readonly jobId: JobId; readonly gops: readonly IndexedGop[] }
  | { readonly type: "index-finished"; readonly jobId: JobId; readonly totalFrames: number }
  /** The complete index shows that the source can't be sought exactly: one segment replaces all segments so far. */
  | {
      readonly type: "index-unsplittable";
      readonly jobId: JobId;
      readonly reason: string;
      readonly startPts: Pts;
      readonly endPts: Pts;
      readonly totalFrames: number;
    }
  /** A frame does not match the rate that segments were made for: all of them are void and cut again. */
  | { readonly type: "index-off-grid"; readonly jobId: JobId; readonly reason: string }
  | { readonly type: "job-broke"; readonly jobId: JobId; readonly error: ErrorBody }
  | { readonly type: "cancel-requested"; readonly jobId: JobId }
  /** Another priority or place among the jobs that wait. */
  | ({ readonly type: "move-requested"; readonly jobId: JobId } & QueueMove)
  /** A job that failed or was cancelled goes on. `lost`: verified segments whose files are gone. */
  | { readonly type: "retry-requested"; readonly jobId: JobId; readonly lost: readonly number[] }
  | { readonly type: "client-hello"; readonly client: HelloFacts }
  | ({ readonly type: "client-changed"; readonly clientId: ClientId; readonly link: number } & Pick<
      Client,
      "encoders" | "families" | "slots" | "slotsReason" | "pools" | "limits" | "hardware" | "noRoom" | "resting"
    >)
  /** Any message of a link; renews the client's liveness. */
  | { readonly type: "client-heard"; readonly clientId: ClientId; readonly link: number }
  | {
      readonly type: "client-link-closed";
      readonly clientId: ClientId;
      readonly link: number;
      readonly saidGoodbye: boolean;
    }
  | { readonly type: "client-disconnect-requested"; readonly clientId: ClientId }
  | { readonly type: "client-drain-requested"; readonly clientId: ClientId }
  | { readonly type: "client-pause-requested"; readonly clientId: ClientId }
  /** Ends a drain, a pause and a quarantine. */
  | { readonly type: "client-resume-requested"; readonly clientId: ClientId }
  /** The client finishes what it can and leaves. */
  | { readonly type: "client-leaving"; readonly clientId: ClientId; readonly link: number }
  | {
      readonly type: "attempt-progressed";
      readonly clientId: ClientId;
      readonly attemptId: AttemptId;
      readonly stage: AttemptStage;
      readonly frames: number;
      readonly fps: number;
    }
  | {
      readonly type: "attempt-failed";
      readonly clientId: ClientId;
      readonly attemptId: AttemptId;
      readonly kind: "encode" | "source" | "io" | "refused" | "stalled" | "unfit" | "stopped";
      readonly reason: string;
    }
  /** A client hands in a result whose lease has ended, before its link is back. */
  | { readonly type: "attempt-reclaimed"; readonly clientId: ClientId; readonly attemptId: AttemptId }
  /** Bytes of an attempt's result arrived. */
  | { readonly type: "upload-advanced"; readonly attemptId: AttemptId }
  /** What a measuring attempt found; it makes no file. */
  | {
      readonly type: "attempt-measured";
      readonly clientId: ClientId;
      readonly attemptId: AttemptId;
      readonly bits: number;
      readonly frames: number;
      readonly seconds: number;
    }
  /** The result file is in place and synced, and its size and digest are right. */
  | {
      readonly type: "result-landed";
      readonly attemptId: AttemptId;
      readonly clientId: ClientId;
      readonly report: SegmentReport;
      /**
       * The segment that the file was stored for, so that a refused one can be dropped after its attempt is forgotten.
       */
      readonly storedFor?: { readonly jobId: JobId; readonly segmentIndex: number };
    }
  | {
      readonly type: "segment-verified";
      readonly attemptId: AttemptId;
      readonly jobId: JobId;
      readonly segmentIndex: number;
      readonly facts: SegmentFacts;
    }
  /** Counts or PTS are not as planned, or the file does not open. */
  | {
      readonly type: "segment-mismatched";
      readonly attemptId: AttemptId;
      readonly jobId: JobId;
      readonly segmentIndex: number;
      readonly reason: string;
      /** The source is the cause, and the next task takes that into account: no other client is asked for the same. */
      readonly isOfSource?: true;
    }
  /** The server decoded the range itself. `facts`: the segment agrees with that; null: it does not. */
  | {
      readonly type: "reference-decided";
      readonly attemptId: AttemptId;
      readonly jobId: JobId;
      readonly segmentIndex: number;
      readonly facts: SegmentFacts | null;
      readonly reason: string;
    }
  /** The answer to "look-for-change". `whyWhole`: why no segment can be made alone; null: that is not why they failed. */
  | ({ readonly type: "change-looked-for"; readonly whyWhole: string | null } & FailedSegment)
  | { readonly type: "audio-finished"; readonly jobId: JobId }
  | {
      readonly type: "stitch-finished";
      readonly jobId: JobId;
      readonly output: { readonly name: string; readonly bytes: number; readonly sha256: string };
    }
  | { readonly type: "tick" }
  /** First input after a start: renews leases and repeats the effects that follow from the loaded state. */
  | { readonly type: "restarted" };
