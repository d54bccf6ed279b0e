// Every noun of the scheduler: state, inputs, effects, events. Plain immutable data; the rules are in decide.ts
// and its neighbours. `now` is monotonic milliseconds, `at` wall time as ISO text for records; both come from outside.
import type { ErrorBody } from "../../../base/errors.ts";
import type { Pts, Rational } from "../../../base/rational.ts";
import type {
  EncoderFamily,
  LeadIn,
  RateGoal,
  SegmentFacts,
  SegmentReport,
  TextDrawer,
  TextPrints,
} from "../../../media/types.ts";

export type JobId = string;
export type ClientId = string;
export type AttemptId = string;
/** What a client is doing for an attempt right now; the protocol's message carries the same words. */
export type AttemptStage = "queued" | "fetching" | "encoding" | "uploading";

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

/** Connected: hello taken, no heartbeat since. Disconnected: gone for its lease time, or disconnected on purpose. */
export type ClientStatus = "Connected" | "Benchmarking" | "Processing" | "Idle" | "Disconnected";

/** A group of pictures that the index has found, or a part of one: half-open range of source ticks and its frames. */
export interface IndexedGop {
  readonly startPts: Pts;
  readonly endPts: Pts;
  readonly frames: number;
  /** What lies between the key frame and this part of its group, in frames and bytes; absent at a key frame. */
  readonly leadFrames?: number;
  readonly leadBytes?: number;
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
}

export type SegmentPhase =
  /** Waits for a client; not before `notBefore` (monotonic). */
  | { readonly kind: "pending"; readonly notBefore: number }
  /** Live attempts under leases: one, and near the end of a job perhaps a rival on another client. */
  | { readonly kind: "leased"; readonly attemptIds: readonly AttemptId[] }
  /** Of a job in two passes: measured, and waits until all others are. */
  | { readonly kind: "measured" }
  /** Bytes landed; the server checks them. Until it has, a rival goes on, and its result is kept in case it is needed. */
  | {
      readonly kind: "verifying";
      readonly landed: LandedResult;
      readonly rivals?: readonly AttemptId[];
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
export interface SegmentRate {
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
  readonly rate?: SegmentRate;
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

/** A client that can't work on a job with an encoder. */
export interface Unfit {
  readonly clientId: ClientId;
  readonly encoder: string;
  readonly reason: string;
  /** Only these headers of its segments stand against it, and no failure. */
  readonly headers?: string | null;
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
  readonly rate?: RateGoal;
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

/** A segment that a client failed on since it last delivered one. */
export interface Trouble {
  readonly jobId: JobId;
  readonly segmentIndex: number;
}

/** A device or family as its client tried it. */
export interface HardwareNote {
  readonly family: string;
  readonly device: string | null;
  readonly encoders: readonly string[];
  /** Why it does not work; null when it does. */
  readonly reason: string | null;
}

export interface EncoderLimits {
  readonly width: number;
  readonly height: number;
  readonly isDeep: boolean;
}

export interface Client {
  readonly id: ClientId;
  readonly name: string;
  /** One running process; a new one is free of what the old one was blamed for. */
  readonly instance: string;
  readonly status: ClientStatus;
  readonly connectedAt: string;
  /** Grows with each hello of this id; messages of an older link are ignored. */
  readonly link: number;
  readonly slots: number;
  readonly platform: string;
  readonly ffmpeg: string;
  readonly version: string;
  readonly encoders: readonly string[];
  readonly families: readonly string[];
  /** Encodes at a time by kind ("software", "nvenc", …); absent: `slots` for all of them together. In memory only. */
  readonly pools?: Readonly<Record<string, number>>;
  /** The largest picture and depth of hardware encoders, by trial. In memory only. */
  readonly limits?: Readonly<Record<string, EncoderLimits>>;
  /** Why it has so many slots on the CPU, for people. In memory only. */
  readonly slotsReason?: string;
  /** What the trials of each device said, for people. In memory only. */
  readonly hardware?: readonly HardwareNote[];
  /** Pixels per second of one slot by encoder, last measured. */
  readonly encoderRates?: Readonly<Record<string, number>>;
  /** What letters look like when it draws them; absent: not known. Kept in memory only, every hello tells it. */
  readonly textPrints?: TextPrints;
  readonly benchmarkSeconds: number | null;
  /** Monotonic moment of the last message; silence for a lease time disconnects. */
  readonly lastHeardAt: number;
  /** On request: what it holds is finished, nothing more is offered until it is resumed. */
  readonly isDraining: boolean;
  /** On request: what it runs is suspended, nothing more is offered until it is resumed; its leases go on. */
  readonly isPaused: boolean;
  /** Why it gets no more work; null: it does. */
  readonly quarantine: string | null;
  /** In memory only. */
  readonly troubles?: readonly Trouble[];
  /** Its disk is full, in words; it gets nothing more until it says that it has room. In memory only. */
  readonly noRoom?: string;
  /** It finishes what it can and goes. In memory only. */
  readonly isLeaving?: boolean;
  /** The socket closed without a goodbye: nothing is offered until the next hello. In memory only. */
  readonly isLinkDown?: boolean;
  /** Measured frames per second of ONE slot, per job. */
  readonly slotFps: Readonly<Record<JobId, number>>;
  /** Frames per second of the whole client, last measured; null until then. */
  readonly performance: number | null;
}

export interface SchedulerState {
  readonly jobs: ReadonlyMap<JobId, Job>;
  readonly clients: ReadonlyMap<ClientId, Client>;
  readonly attempts: ReadonlyMap<AttemptId, Attempt>;
}

// ── inputs ─────────────────────────────────────────────────────────────────────────────────────────────────────

export type NewJob = Pick<
  Job,
  | "id"
  | "fileName"
  | "settings"
  | "encoder"
  | "family"
  | "split"
  | "text"
  | "timeBase"
  | "durationSeconds"
  | "frameRate"
  | "rate"
> & {
  /** The server has sound to encode, or to find out whether it can be copied. */
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
  | "textPrints"
  | "benchmarkSeconds"
> & { readonly link: number; readonly heldAttempts: readonly AttemptId[] };

export type Input =
  | { readonly type: "job-submitted"; readonly job: NewJob }
  | { readonly type: "index-advanced"; readonly jobId: JobId; readonly gops: readonly IndexedGop[] }
  | { readonly type: "index-finished"; readonly jobId: JobId; readonly totalFrames: number }
  /** The whole index shows that the source can't be sought exactly: every segment so far is void, one takes their place. */
  | {
      readonly type: "index-unsplittable";
      readonly jobId: JobId;
      readonly reason: string;
      readonly startPts: Pts;
      readonly endPts: Pts;
      readonly totalFrames: number;
    }
  /** A frame does not stand on the rate that segments were made for: all of them are void, new ones count otherwise. */
  | { readonly type: "index-off-grid"; readonly jobId: JobId; readonly reason: string }
  | { readonly type: "job-broke"; readonly jobId: JobId; readonly error: ErrorBody }
  | { readonly type: "cancel-requested"; readonly jobId: JobId }
  /** A job that ended without its output goes on; `lost`: verified segments whose files are gone. */
  | { readonly type: "retry-requested"; readonly jobId: JobId; readonly lost: readonly number[] }
  | { readonly type: "client-hello"; readonly client: HelloFacts }
  | ({ readonly type: "client-changed"; readonly clientId: ClientId; readonly link: number } & Pick<
      Client,
      "encoders" | "families" | "slots" | "slotsReason" | "pools" | "limits" | "hardware" | "noRoom"
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
  /** The client finishes what it can and goes. */
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
  /** Bytes of an attempt's result come in. */
  | { readonly type: "upload-advanced"; readonly attemptId: AttemptId }
  /** What a measuring attempt found; it leaves nothing else behind. */
  | {
      readonly type: "attempt-measured";
      readonly clientId: ClientId;
      readonly attemptId: AttemptId;
      readonly bits: number;
      readonly frames: number;
      readonly seconds: number;
    }
  /** The result file is in place and synced, its size and digest are right. */
  | {
      readonly type: "result-landed";
      readonly attemptId: AttemptId;
      readonly clientId: ClientId;
      readonly report: SegmentReport;
      /** Where the file was put, so that a refused one can be dropped after its attempt is forgotten. */
      readonly place?: { readonly jobId: JobId; readonly segmentIndex: number };
    }
  | {
      readonly type: "segment-verified";
      readonly attemptId: AttemptId;
      readonly jobId: JobId;
      readonly segmentIndex: number;
      readonly facts: SegmentFacts;
    }
  /** Counts or PTS are not the plan's, or the file does not open. */
  | {
      readonly type: "segment-mismatched";
      readonly attemptId: AttemptId;
      readonly jobId: JobId;
      readonly segmentIndex: number;
      readonly reason: string;
    }
  /** The server decoded the range itself: `facts` when the segment agrees with that, null when not. */
  | {
      readonly type: "reference-decided";
      readonly attemptId: AttemptId;
      readonly jobId: JobId;
      readonly segmentIndex: number;
      readonly facts: SegmentFacts | null;
      readonly reason: string;
    }
  | { readonly type: "audio-finished"; readonly jobId: JobId }
  | {
      readonly type: "stitch-finished";
      readonly jobId: JobId;
      readonly output: { readonly name: string; readonly bytes: number; readonly sha256: string };
    }
  | { readonly type: "tick" }
  /** First input after a start: re-arms leases, lists the effects that follow from the state as loaded. */
  | { readonly type: "restarted" };

// ── effects: everything the shell must do; each is safe to do twice ──────────────────────────────────────────────

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
      readonly isPaused: boolean;
    }
  | { readonly type: "pause-client"; readonly clientId: ClientId; readonly isPaused: boolean }
  /** The job ended: stop its server-side processes; free its files (all but the output when completed; the source is kept when failed). */
  | { readonly type: "release-job"; readonly jobId: JobId; readonly status: "Completed" | "Failed" | "Cancelled" }
  | {
      readonly type: "close-client";
      readonly clientId: ClientId;
      readonly reason: string;
      readonly reconnect: boolean;
    };

/** The answer to an input that a caller waits for (an HTTP request, say). */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly error: ErrorBody };

// ── events: the history that people and scripts see ─────────────────────────────────────────────────────────────

export type EventType =
  | "job-status"
  | "client-status"
  | "client-draining"
  | "client-paused"
  | "client-quarantined"
  | "client-resumed"
  | "client-full"
  | "segment-leased"
  | "segment-measured"
  | "segment-verified"
  | "segment-retry"
  | "lease-lost"
  | "attempt-stopped"
  | "attempt-refused"
  | "encoder-elected"
  | "client-unfit"
  | "seam-mismatch";

export interface SchedulerEvent {
  readonly at: string;
  readonly type: EventType;
  readonly jobId: JobId | null;
  readonly clientId: ClientId | null;
  readonly segmentIndex: number | null;
  readonly attemptId: AttemptId | null;
  /** For status changes "from → to"; else one plain sentence. */
  readonly detail: string;
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
  readonly verdict: Verdict;
}
