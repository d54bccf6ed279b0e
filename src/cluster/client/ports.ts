// What the client needs kept: the `ClientStore` port, implemented by src/db/client-store.ts.
import type { ResultReport } from "../protocol/messages.ts";

/** Who this process is to the server; held under a lock that goes with the process. */
export interface ClaimedIdentity {
  readonly clientId: string;
  /** `work/client/<clientId>`, ours alone while the claim is held. Absolute. */
  readonly folder: string;
  /** Lets another process take this identity. Idempotent. */
  release(): void;
}

/** A finished segment that the server has not acknowledged yet. */
export interface FinishedResult {
  readonly attemptId: string;
  readonly clientId: string;
  readonly jobId: string;
  /** Absolute path of the segment file. */
  readonly path: string;
  readonly report: ResultReport;
}

/** Durable memory of the clients in one work directory; several processes may have it open. All calls are durable on return. */
export interface ClientStore {
  /** The first identity of this folder that no living process holds, or a new one. */
  claimIdentity(name: string): ClaimedIdentity;
  /** Keeps a finished result until `forgetResult`; the same attempt again replaces it. */
  keepResult(result: FinishedResult): void;
  /** Oldest first. */
  keptResults(clientId: string): FinishedResult[];
  forgetResult(attemptId: string): void;
  /** The encoder report kept under `key`, or null; one is kept for each key. */
  readonly encoders: { get(key: string): string | null; set(key: string, reportJson: string): void };
  close(): void;
}
