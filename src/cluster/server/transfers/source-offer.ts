// What a client is told of a source, so that it can fetch it block by block or recognise the same file locally.
import type { SourceOffer } from "../../protocol/messages.ts";
import type { SourceRecord } from "../ports.ts";

export function sourceOffer(source: SourceRecord, blockBytes: number): SourceOffer {
  return {
    sourceId: source.sourceId,
    bytes: source.bytes,
    blockBytes,
    path: source.path,
    mtimeMs: source.mtimeMs,
    firstBlockSha256: source.firstBlockSha256,
    lastBlockSha256: source.lastBlockSha256,
  };
}
