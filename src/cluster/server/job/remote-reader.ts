// Sources that lie elsewhere, as the parts of a job see them; remote/ implements it.
import type { AppError } from "../../../base/errors.ts";
import type { HeldSource } from "./held-source.ts";
import type { SourceRecord } from "./job-record.ts";

export interface RemoteReader {
  /** Where this machine reads it, until it is disposed. */
  hold(source: SourceRecord, blockBytes: number): Promise<HeldSource>;
  /** One block, with the digest that was recorded when it was first read. Errors: why it can't be had. */
  block(source: SourceRecord, blockBytes: number, block: number): Promise<{ bytes: Uint8Array; sha256: string }>;
  /** Why a read of it failed for good; null: none has. */
  failure(source: SourceRecord): AppError | null;
  /** Asks its host. Why it can't be used any more; null: it is what it was, and its failure is forgotten. */
  ask(source: SourceRecord, signal?: AbortSignal): Promise<AppError | null>;
  /** Its job has ended. `isFinal`: nobody will retry it. */
  forget(source: SourceRecord, isFinal: boolean): Promise<void>;
}
