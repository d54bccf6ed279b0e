// An upload as a test has it: bytes in memory, handed to whatever takes appends, in one piece or several.
import { sha256Of } from "../../src/base/digest.ts";
import { UPLOAD_BLOCK_BYTES, type UploadAppend, type UploadPiece } from "../../src/base/upload/resumable-upload.ts";
import type { Coordinator } from "../../src/cluster/server/ports.ts";
import type { SourceView } from "../../src/cluster/server/views.ts";
import { ADMIN } from "./principals.ts";

/** The piece of `content` from `start` to `end`. */
export function pieceOf(content: Uint8Array, start = 0, end = content.length): UploadPiece {
  const bytes = new Uint8Array(content.subarray(start, end));
  const digests: string[] = [];
  for (let at = 0; at < bytes.length; at += UPLOAD_BLOCK_BYTES) {
    digests.push(sha256Of(bytes.subarray(at, at + UPLOAD_BLOCK_BYTES)));
  }
  return { offset: start, bytes, digests, isLast: end === content.length };
}

/** The same as it arrives; `body` in place of the bytes for what happens to them on the way. */
export function appendOf({ bytes, ...piece }: UploadPiece, body?: ReadableStream<Uint8Array>): UploadAppend {
  return { ...piece, body: body ?? new Blob([bytes]).stream() };
}

const PIECE_BYTES = 8 * 1024 * 1024;

export async function uploadTo(coordinator: Coordinator, name: string, content: Uint8Array): Promise<SourceView> {
  const { source_id: id } = await coordinator.beginUpload({ name, bytes: content.length, key: null }, ADMIN);
  for (let start = 0; ; start += PIECE_BYTES) {
    const piece = pieceOf(content, start, Math.min(content.length, start + PIECE_BYTES));
    const { source } = await coordinator.appendUpload(id, appendOf(piece), sha256Of(content));
    if (source !== null) return source;
  }
}
