// What a client keeps: the `ClientStore` port, which src/db implements. Its comments are a contract; test/conformance/
// holds every ClientStore to it.
import type { ResultReport } from "../protocol/messages.ts";

/** Who this process is to the server. */
export interface ClaimedIdentity {
  readonly clientId: string;
  /** `work/client/<clientId>`, absolute. It exists, and is ours alone while the claim is held. */
  readonly folder: string;
  /** Lets another process take this identity. Calling it again does nothing. */
  release(): void;
}

/** A finished segment that the server has not accepted or refused yet. */
export interface FinishedResult {
  readonly attemptId: string;
  readonly clientId: string;
  readonly jobId: string;
  /** Absolute path of the segment file. */
  readonly path: string;
  readonly report: ResultReport;
}

/**
 * Durable memory of all clients of one work directory. Several processes may have it open at once, and see what the
 * others wrote. Calls are synchronous, and each is one transaction: when it returns, what it wrote survives a crash of
 * the process or of the machine; when it throws, nothing of it was written.
 */
export interface ClientStore {
  /**
   * Claims the oldest identity that no living process holds, or a new one where all are held. A claim ends with
   * `release` or with the process, however it dies, and not with `close`. `name` is kept with it for people.
   */
  claimIdentity(name: string): ClaimedIdentity;
  /**
   * Keeps a finished result until `forgetResult`. The same attempt again replaces path and report, and keeps its place.
   * A client id that was never claimed here is an error.
   */
  keepResult(result: FinishedResult): void;
  /** The results of one client, in the order in which they were kept first; without those of an unreadable version. */
  keptResults(clientId: string): FinishedResult[];
  /** An attempt of which nothing is kept is no error. */
  forgetResult(attemptId: string): void;
  /** Reports on encoders, one for each key: `get` answers what was set last, or null. */
  readonly encoders: { get(key: string): string | null; set(key: string, reportJson: string): void };
  /** The last call. */
  close(): void;
}
