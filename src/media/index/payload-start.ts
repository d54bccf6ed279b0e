// Where a packet's payload begins, relative to the position that ffprobe reports. Known for the containers whose key
// marks ffmpeg does not check; for the others ffmpeg's parsers read the payload. Pure.
import { isMatroska } from "../ffmpeg/formats.ts";

/** The position is the payload's own. */
const AT_POSITION: ReadonlySet<string> = new Set(["mov,mp4,m4a,3gp,3g2,mj2", "nut", "avi"]);

/** Timecode and flags of a block. */
const BLOCK_REST = 3;
const LACING = 0x06;

/** Whether `payloadOffset` can answer for this container (ffprobe's format_name). */
export function knowsPayload(formatName: string): boolean {
  return AT_POSITION.has(formatName) || isMatroska(formatName);
}

/**
 * Bytes from the packet's position to its payload. Matroska's position is that of a block's body: track number, timecode,
 * flags (RFC 9559 section 10). Null: the block holds several frames.
 */
export function payloadOffset(formatName: string, bytes: Uint8Array): number | null {
  if (!isMatroska(formatName)) return 0;
  const trackBytes = Math.clz32(bytes[0] ?? 0) - 23;
  const flags = bytes[trackBytes + 2];
  return flags === undefined || (flags & LACING) !== 0 ? null : trackBytes + BLOCK_REST;
}
