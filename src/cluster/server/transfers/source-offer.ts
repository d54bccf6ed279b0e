// The description of a source in an offer: a client uses it to fetch blocks, or to recognise the same file locally.
import type { SourceOffer } from "../../protocol/messages.ts";
import type { SourceRecord } from "../job/job-record.ts";

export function sourceOffer(source: SourceRecord, blockBytes: number): SourceOffer {
  return {
    sourceId: source.sourceId,
    bytes: source.bytes,
    blockBytes,
    path: source.kind === "remote" ? "" : source.path, // no file that a client could share
    mtimeMs: source.mtimeMs,
    firstBlockSha256: source.firstBlockSha256,
    lastBlockSha256: source.lastBlockSha256,
  };
}
