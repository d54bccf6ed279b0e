// The ports of the coordinator: `Store`, which src/db implements, and `Coordinator`, the facade that the API calls. Their
// comments are contracts; test/conformance/ holds every Store to its own.
import type { UploadAppend, UploadState } from "../../base/upload/resumable-upload.ts";
import type { Proof } from "../../media/model/proof.ts";
import type { ResultReport } from "../protocol/messages.ts";
import type { Principal } from "../protocol/roles.ts";
import type { Changes } from "../scheduler/model/changes.ts";
import type { SchedulerEvent } from "../scheduler/model/decision.ts";
import type { Job } from "../scheduler/model/job.ts";
import type { QueueMove } from "../scheduler/model/queue-place.ts";
import type { SchedulerState } from "../scheduler/model/state.ts";
import type { AccessCalls } from "./access/calls.ts";
import type { TokenStore } from "./access/tokens.ts";
import type { JobRequest } from "./intake/job-request.ts";
import type { Idempotency, JobRecord } from "./job/job-record.ts";
import type { ClientsWanted, Followed, Follower, JobsWanted, Page, PageWanted } from "./lists.ts";
import type {
  AttemptLogView,
  AttemptView,
  AuditEntryView,
  AuditRowView,
  ClientDetailView,
  ClientView,
  ComparisonView,
  EventView,
  JobDetailView,
  JobView,
  LocalChallengeView,
  PresetView,
  ServerInfoView,
  SourcePreviewView,
  SourceView,
  UploadBegunView,
} from "./views.ts";
import type { WebhookCalls } from "./webhooks/calls.ts";
import type { Delivery, WebhookStore } from "./webhooks/records.ts";

/** A burn-in file: subtitles that clients draw, which they need in addition to the source. */
export interface BurnInFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** One picture of an output by its number, or the source's picture that it shows. */
export interface FrameWanted {
  readonly frame: number;
  readonly side: "source" | "output";
}

export interface LoadedState {
  readonly state: SchedulerState;
  /** One for each job. */
  readonly records: ReadonlyMap<string, JobRecord>;
}

/**
 * Durable state of one server; only one process has it open.
 *
 * Calls are synchronous. Each one that writes is a single transaction: when it returns, everything it wrote survives a
 * crash of the process or of the machine; when it throws, nothing of it was written. A store that threw while writing must
 * not be written again: state in memory and on disk may differ. Errors are the implementation's own (a full disk, say).
 *
 * Not kept: what only a running server knows, which a load gives back at rest. Of a job: its index, unfit clients and
 * `aloneSince`. Of a segment: `mismatches`, `lostOn` and the waiting time of a pending one. Of an attempt: lease and
 * progress. Of a client: its link and whatever each hello says again. Moments of the monotonic clock are 0.
 */
export interface Store extends TokenStore, WebhookStore {
  /** The state after the last write, with live attempts only; jobs in the order of `createdAt`, then id. */
  load(): LoadedState;
  /** Adds a job that has no segments yet, with its record, events and deliveries. A job of the same id is an error. */
  createJob(record: JobRecord, job: Job, events: readonly SchedulerEvent[], deliveries?: readonly Delivery[]): void;
  /**
   * Makes `next` what the store holds, and appends the events, and the deliveries, in their order. `previous` must be what it holds now. Objects
   * are compared by reference (states share structure): what is the same object was not changed and is not written. Where
   * nothing that is kept differs and there are no events, nothing is written at all.
   *
   * Jobs are neither added nor removed; a segment or attempt of a job that was never created is an error. Clients are added,
   * never removed. Segments beyond the end of a job's list are removed. An attempt that `next` lacks has ended and becomes
   * history; one that comes back continues its own entry, without an outcome. The last event that names an attempt is its
   * outcome, except `segment-leased` and `lease-renewed`, which are none.
   *
   * `changes`: all that differs between the two.
   */
  commit(
    previous: SchedulerState,
    next: SchedulerState,
    events: readonly SchedulerEvent[],
    deliveries: readonly Delivery[],
    changes: Changes,
  ): void;
  /** Events with a `seq` above `afterSeq`, ascending. Numbers grow from event to event and are never used twice. */
  jobEvents(jobId: string, afterSeq: number): EventView[];
  /** The latest `limit` events, ascending. */
  clientEvents(clientId: string, limit: number): EventView[];
  /** Live and past attempts of a job, in the order in which they began. */
  attempts(jobId: string): AttemptView[];
  /**
   * Appends to the audit log, which is apart from the state: this call may be made again after one of it that failed. The
   * newest 10,000 entries are kept.
   */
  appendAudit(entries: readonly AuditEntryView[]): void;
  /** The latest `limit` entries of the audit log, ascending; with `before`, of those with a smaller `seq`. */
  auditEntries(limit: number, before: number | null): AuditRowView[];
  /** The last call; it may be made after a failed one. */
  close(): void;
}

/** A message socket to one client, as the coordinator sees it. */
export interface LinkSocket {
  /** False: the link is dead and the text is lost. */
  send(text: string): boolean;
  close(code: number, reason: string): void;
}

/** One WebSocket connection; the API's socket handlers forward to it. */
export interface ClientLink {
  /** One text frame. One that is not of the protocol closes the socket. */
  received(text: string): void;
  /** The socket is gone; no call follows. */
  closed(): void;
}

/** How far an upload is. */
export interface UploadFound extends UploadState {
  readonly bytes: number;
  /** What the sender says of it; null: it does not come by the tus protocol. */
  readonly tus: { readonly metadata: string } | null;
  /** When it is discarded if nothing more comes; null: it is whole. */
  readonly keptUntil: Date | null;
}

/**
 * Everything that the API may do. Methods throw AppError for what a user can act on; other errors are bugs. An id of a job
 * or client may be any prefix that fits one alone: else E_UNKNOWN_ID or E_AMBIGUOUS_ID. Views are snapshots. What a method
 * changed is durable when it returns, or when its promise resolves; methods that change a state fail with E_WRONG_STATE
 * where it does not allow that.
 */
export interface Coordinator extends AccessCalls, WebhookCalls {
  info(): ServerInfoView;

  /**
   * Checks for free space, then opens an upload or continues the interrupted one with the same key.
   * `tus`: it comes by that protocol, whose pieces have no digests of their own.
   * Errors: E_SOURCE_EMPTY, E_NO_SPACE.
   */
  beginUpload(
    wanted: {
      readonly name: string;
      readonly bytes: number;
      readonly key: string | null;
      readonly tus?: { readonly metadata: string; readonly sha256: string | null };
    },
    who: Principal,
  ): Promise<UploadBegunView>;
  /** As beginUpload; the same `Idempotency-Key` of the same token gives the unfinished upload again. Errors: E_IDEMPOTENCY_KEY too. */
  beginUploadOnce(
    wanted: { readonly name: string; readonly bytes: number; readonly key: string | null },
    who: Principal,
    once: Idempotency,
  ): Promise<{ readonly upload: UploadBegunView; readonly isNew: boolean }>;
  /** How far the upload is. Ends a request that still appends to it, so that its sender can go on. Errors: E_UNKNOWN_ID. */
  uploadState(sourceId: string): Promise<UploadFound>;
  /** Ends an upload and deletes what came of it, also of a whole one that no job has. Errors: E_UNKNOWN_ID. */
  removeUpload(sourceId: string): Promise<void>;
  /**
   * Keeps the blocks whose digests are right, in order; the answer says how far. The last piece brings the digest of the
   * whole file, and makes it a source. A piece of a tus upload has no digests.
   * Errors: E_UNKNOWN_ID, E_UPLOAD_OFFSET, E_DIGEST, E_TOO_LARGE, E_NO_SPACE.
   */
  appendUpload(
    sourceId: string,
    append: UploadAppend,
    sha256: string | null,
  ): Promise<UploadState & { readonly source: SourceView | null; readonly keptUntil: Date | null }>;
  /**
   * Offers a file of this machine without an upload: names random ranges of it. Every file that the server can't see, or
   * sees with another size or time, is the same E_SOURCE_MISSING, so that the answer tells nothing of other files.
   */
  challengeLocalSource(path: string, bytes: number, mtimeMs: number): Promise<LocalChallengeView>;
  /** Answers a challenge, once: SHA-256 of each range. Errors: E_UNKNOWN_ID, E_FORBIDDEN (another file), E_SOURCE_EMPTY. */
  proveLocalSource(challengeId: string, digests: readonly string[], who: Principal): Promise<SourceView>;
  /**
   * A file by its path below a media root.
   * Errors: E_NO_MEDIA_ROOT, E_OUTSIDE_MEDIA_ROOT, E_SOURCE_MISSING, E_SOURCE_REFUSED, E_SOURCE_EMPTY.
   */
  openServerSource(path: string, who: Principal): Promise<SourceView>;
  /**
   * What a job would make of a source that no job has yet; of one that is still on its way, what its header says, and null
   * where too little has arrived. Errors: E_UNKNOWN_ID, those of checkRequest and createJob about the source, E_INTERRUPTED.
   */
  previewSource(sourceId: string, ffmpegParams: string | null, signal: AbortSignal): Promise<SourcePreviewView | null>;
  /** Those that a request may be taken from. */
  presets(): readonly PresetView[];
  /** Refuses a request before anything is uploaded. Errors: E_ENCODE_REQUEST, E_CONTAINER. */
  checkRequest(
    ffmpegParams: string | null,
    outputName: string | null,
    inputName: string,
    hasSubtitles: boolean,
  ): { readonly outputName: string; readonly videoCodec: string };
  /**
   * Makes one job of a source. The source is used up, even by a job that is refused; its file is deleted only if it was
   * uploaded. Errors: E_UNKNOWN_ID, those of checkRequest, E_SOURCE_REFUSED, E_SOURCE_NO_VIDEO, E_TOO_LARGE, E_NO_SPACE; E_MALFORMED, E_FORBIDDEN for its webhook.
   */
  createJob(request: JobRequest, who: Principal): Promise<JobView>;
  /**
   * As createJob, but a second call with the same key of the same caller gives the job of the first, also while that is
   * being made and after a restart. Keys of jobs that were refused, or are older than a day, are forgotten.
   * Errors: those of createJob; E_IDEMPOTENCY_KEY where something else was asked with the key.
   */
  createJobOnce(request: JobRequest, who: Principal, key: Idempotency): Promise<{ job: JobView; isNew: boolean }>;

  /** Those that the caller may see, in the order of their creation, then of their ids. */
  listJobs(wanted: JobsWanted, who: Principal): Page<JobView>;
  job(id: string): JobView;
  jobDetail(id: string): JobDetailView;
  /** Resolves when the job is Cancelled; its processes may end a moment later. */
  cancelJob(id: string): Promise<JobView>;
  /** Continues a failed or cancelled job from its verified segments. Errors: E_SOURCE_MISSING, E_SOURCE_CHANGED. */
  retryJob(id: string): Promise<JobView>;
  /**
   * Another priority, or another place among the jobs of its owner: before or behind all of them, or before one, by its
   * whole id. Errors: E_WRONG_STATE where one of the two has ended or belongs to another owner; E_UNKNOWN_ID.
   */
  moveJob(id: string, move: QueueMove): JobView;
  /** Those with a `seq` above `afterSeq`, in their order. */
  jobEvents(id: string, afterSeq: number, wanted: PageWanted): Page<EventView>;
  /** Live and past ones, in the order in which they began. */
  jobAttempts(id: string, wanted: PageWanted): Page<AttemptView>;
  /** What was reported of each attempt, live and past, in the order in which they began. */
  jobLogs(id: string): readonly AttemptLogView[];
  /**
   * Calls `listener` with the job's view now, at every change of its status, and every 200 ms at most for progress. Returns
   * the unsubscriber.
   */
  watchJob(id: string, listener: (view: JobView) => void): () => void;
  /**
   * What changes among all jobs that the caller may see, all clients, or both: first a snapshot, or what has changed since
   * the event of `lastId` where this server still knows that one. `onChange`: there is something to take.
   */
  follow(follows: readonly Followed[], who: Principal, lastId: string | null, onChange: () => void): Follower;
  /** Errors: E_WRONG_STATE while there is none. */
  proof(id: string): Promise<Proof>;
  /** The finished output file. Errors: E_WRONG_STATE before completion, E_NOT_FOUND when its time is over. */
  output(
    id: string,
  ): Promise<{ readonly path: string; readonly name: string; readonly bytes: number; readonly sha256: string }>;

  /** How well the pictures of an output are met, and what can be shown of it. Errors: E_WRONG_STATE while there is none. */
  comparison(id: string): Promise<ComparisonView>;
  /**
   * A PNG of the output's size. One at a time for each token.
   * Errors: E_WRONG_STATE, E_NOT_FOUND, E_SOURCE_MISSING, E_SOURCE_CHANGED, E_BUSY, E_INTERRUPTED.
   */
  frame(id: string, wanted: FrameWanted, who: Principal, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;

  /** In the order of their names, then of their ids. */
  listClients(wanted: ClientsWanted): Page<ClientView>;
  clientDetail(id: string): ClientDetailView;
  /** Ends the client's leases and its link; it does not come back by itself. */
  disconnectClient(id: string): Promise<ClientView>;
  /** The client finishes what it holds and gets nothing more. */
  drainClient(id: string): ClientView;
  /** What the client runs is suspended and keeps its leases; it gets nothing more. */
  pauseClient(id: string): ClientView;
  /** Ends a drain, a pause and a quarantine. */
  resumeClient(id: string): ClientView;

  /** One block of a source that a job uses, with its SHA-256. Errors: E_UNKNOWN_ID, E_SOURCE_CHANGED. */
  sourceBlock(sourceId: string, block: number): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }>;
  /** A burn-in file of a running job, counted from 0. Errors: E_UNKNOWN_ID. */
  burnInFile(jobId: string, number: number): Promise<BurnInFile>;
  /** How far the upload of an attempt's result is. Errors: E_STALE_ATTEMPT when its lease is over. */
  resultState(attemptId: string, report: ResultReport): Promise<UploadState>;
  /**
   * Appends to a result; with the last piece it lands: whole, digest checked, on disk, once.
   * Errors: E_STALE_ATTEMPT, E_UPLOAD_OFFSET, E_DIGEST, E_NO_SPACE.
   */
  appendResult(attemptId: string, report: ResultReport, append: UploadAppend): Promise<UploadState>;
  openLink(socket: LinkSocket, who: Principal): ClientLink;

  /** What Prometheus reads (its text format). */
  metrics(): Promise<string>;
  /** Bytes of an output that go out, for the metrics. */
  noteOutputSent(bytes: number): void;

  /** Writes to the audit log; never fails. */
  audit(entry: AuditEntryView): void;
  /** As Store.auditEntries. */
  auditEntries(limit: number, before: number | null): AuditRowView[];
}
