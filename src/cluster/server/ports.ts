// The ports of the coordinator: `Store` is implemented by src/db, `Coordinator` is the façade that the API calls.
import type { Rational } from "../../base/rational.ts";
import type { UploadAppend, UploadState } from "../../base/resumable-upload.ts";
import type { EncodeRequest } from "../../media/model/encode-request.ts";
import type { EncoderFamily } from "../../media/model/encoder-family.ts";
import type { Proof, VerifyMode } from "../../media/model/proof.ts";
import type { Container, SourceInfo } from "../../media/model/source.ts";
import type { ResultReport } from "../protocol/messages.ts";
import type { SchedulerEvent } from "../scheduler/model/decision.ts";
import type { Job } from "../scheduler/model/job.ts";
import type { SchedulerState } from "../scheduler/model/state.ts";
import type {
  AttemptView,
  ClientDetailView,
  ClientView,
  EventView,
  JobDetailView,
  JobView,
  LocalChallengeView,
  ServerInfoView,
  SourceView,
  UploadBegunView,
} from "./views.ts";

/** Where a job's source is, and what it was when the job was created; a later change fails the job. */
export interface SourceRecord {
  readonly sourceId: string;
  readonly name: string;
  readonly path: string;
  /** Where the path led when the source was registered: a link may point elsewhere later. Absent for uploads. */
  readonly realPath?: string;
  /** The server may delete an "uploaded" source; it only reads the others. */
  readonly kind: "uploaded" | "local" | "media-root";
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly firstBlockSha256: string;
  readonly lastBlockSha256: string;
}

/** The part of a job that never changes; written once, when the job is created. */
export interface JobRecord {
  readonly jobId: string;
  readonly request: EncodeRequest;
  readonly requestText: string;
  readonly container: Container;
  readonly outputName: string;
  readonly source: SourceRecord;
  readonly info: SourceInfo;
  /** False (`--exactly=false`): accepts sources whose frames can't be counted, and splits filters that remember all frames. */
  readonly exactly: boolean;
  /** Absent in jobs of earlier versions: "fast". */
  readonly verify?: VerifyMode;
  readonly blockBytes: number;
  readonly encoderTimeBase: Rational;
  /** Seconds per frame of the constant rate that the source's times may be rounded from; absent: there is none. */
  readonly grid?: Rational;
  /** What was done to the submitted file to make `source` of it; absent: `source` is that file. */
  readonly corrected?: string;
}

/** A burn-in file: subtitles that clients draw, which they need in addition to the source. */
export interface BurnInFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface LoadedState {
  readonly state: SchedulerState;
  readonly records: ReadonlyMap<string, JobRecord>;
}

/**
 * Durable state. Each call is one transaction and returns when it is on disk (synchronous=FULL).
 * Live progress is not stored: clients report it again within a second of a restart.
 */
export interface Store {
  load(): LoadedState;
  /** A new job with its record, state and events in one transaction. */
  createJob(record: JobRecord, job: Job, events: readonly SchedulerEvent[]): void;
  /** Writes what differs between two states (compared by reference: states share structure) and the events. */
  commit(previous: SchedulerState, next: SchedulerState, events: readonly SchedulerEvent[]): void;
  jobEvents(jobId: string, afterSeq: number): EventView[];
  clientEvents(clientId: string, limit: number): EventView[];
  attempts(jobId: string): AttemptView[];
  close(): void;
}

export interface JobRequest {
  readonly sourceId: string;
  /** A subtitle file that was submitted as a source. */
  readonly subtitlesSourceId?: string | null;
  /** Null: the server's default. */
  readonly ffmpegParams: string | null;
  readonly outputName: string | null;
  readonly requiredClients: number | null;
  /** For a request that names a codec: the only encoder family it may use; null and "auto": any. */
  readonly family: EncoderFamily | "auto" | null;
  readonly allowMixed: boolean | null;
  /** Seconds that a started job waits for clients with its encoder family; null: a minute. */
  readonly waitForFamily: number | "ever" | null;
  /** Display name; null: the source's. */
  readonly name: string | null;
  /** Null: the server's default. */
  readonly verify: VerifyMode | null;
}

/** A socket to one client, as the coordinator sees it. `send` returns false when the link is dead. */
export interface LinkSocket {
  send(text: string): boolean;
  close(code: number, reason: string): void;
}

/** One WebSocket connection; the API's socket handlers forward to it. */
export interface ClientLink {
  received(text: string): void;
  closed(): void;
}

/** Everything the API may do. Methods throw AppError for what a user can act on; an id may be a unique prefix. */
export interface Coordinator {
  info(): ServerInfoView;
  isTokenValid(token: string): boolean;

  /**
   * Checks for free space, then opens an upload or continues the interrupted one with the same key.
   * Errors: E_SOURCE_EMPTY, E_NO_SPACE.
   */
  beginUpload(wanted: {
    readonly name: string;
    readonly bytes: number;
    readonly key: string | null;
  }): Promise<UploadBegunView>;
  /** How many bytes have arrived; ends a request that still appends. Errors: E_UNKNOWN_ID. */
  uploadState(sourceId: string): Promise<UploadState & { readonly bytes: number }>;
  /**
   * Keeps the blocks whose digest is right. The last piece brings the digest of the whole file and makes it a source.
   * Errors: E_UNKNOWN_ID, E_UPLOAD_OFFSET, E_DIGEST, E_NO_SPACE.
   */
  appendUpload(
    sourceId: string,
    append: UploadAppend,
    sha256: string | null,
  ): Promise<UploadState & { readonly source: SourceView | null }>;
  challengeLocalSource(path: string, bytes: number, mtimeMs: number): Promise<LocalChallengeView>;
  proveLocalSource(challengeId: string, digests: readonly string[]): Promise<SourceView>;
  /** Registers a file by its path below a media root. */
  openServerSource(path: string): Promise<SourceView>;
  /** Refuses a request before anything is uploaded (E_ENCODE_REQUEST, E_CONTAINER). */
  checkRequest(
    ffmpegParams: string | null,
    outputName: string | null,
    inputName: string,
    hasSubtitles: boolean,
  ): { readonly outputName: string };
  createJob(request: JobRequest): Promise<JobView>;

  listJobs(status: string | null): JobView[];
  job(id: string): JobView;
  jobDetail(id: string): JobDetailView;
  cancelJob(id: string): Promise<JobView>;
  /** Continues a failed or cancelled job from its verified segments. Errors: E_WRONG_STATE, E_SOURCE_MISSING, E_SOURCE_CHANGED. */
  retryJob(id: string): Promise<JobView>;
  jobEvents(id: string, afterSeq: number): EventView[];
  /** Calls `listener` with the job's view when it changes, progress at most every 200 ms; the returned function unsubscribes. */
  watchJob(id: string, listener: (view: JobView) => void): () => void;
  proof(id: string): Promise<Proof>;
  /** The finished output file. Errors: E_WRONG_STATE before completion, E_NOT_FOUND once it was removed. */
  output(
    id: string,
  ): Promise<{ readonly path: string; readonly name: string; readonly bytes: number; readonly sha256: string }>;

  listClients(): ClientView[];
  clientDetail(id: string): ClientDetailView;
  disconnectClient(id: string): Promise<ClientView>;
  /** The client finishes what it holds and gets no more work. */
  drainClient(id: string): ClientView;
  /** The client's encodes are suspended and keep their leases; it gets no more work. */
  pauseClient(id: string): ClientView;
  /** Ends a drain, a pause and a quarantine. Errors: E_WRONG_STATE when there is none. */
  resumeClient(id: string): ClientView;

  /** One block of a job's source with its digest. */
  sourceBlock(sourceId: string, block: number): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }>;
  /** A burn-in file of a running job. */
  burnInFile(jobId: string, number: number): Promise<BurnInFile>;
  /** How many bytes of an attempt's result have arrived. Errors: E_STALE_ATTEMPT (409) when its lease has ended. */
  resultState(attemptId: string, report: ResultReport): Promise<UploadState>;
  /** Appends a piece; the last one completes the result. Errors: E_STALE_ATTEMPT, E_UPLOAD_OFFSET, E_DIGEST, E_NO_SPACE. */
  appendResult(attemptId: string, report: ResultReport, append: UploadAppend): Promise<UploadState>;
  openLink(socket: LinkSocket): ClientLink;
}
