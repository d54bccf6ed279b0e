// Where a range may begin inside a group of pictures: on any frame, since ranges are cut by time. The cost is to decode
// (and, over a network, to fetch) everything from the key frame on in vain. Pure.

import type { Gop } from "../model/source.ts";
import type { FrameIndex } from "./frame-index.ts";

/**
 * A part of a group that is not divided further. `leadFrames` and `leadBytes`: what lies between the key frame and its
 * first frame; absent when it begins at the key frame.
 */
export type Piece = Pick<Gop, "startPts" | "endPts" | "frames"> & {
  readonly leadFrames?: number;
  readonly leadBytes?: number;
  /** It begins inside a group, and no earlier part is decoded from that group's key frame. */
  readonly opensGroup?: boolean;
};

/**
 * Whether a part is the first of those that are decoded from one key frame, which makes it the best one to begin with.
 */
export function isFirstOfGroup({
  leadFrames = 0,
  opensGroup = false,
}: Pick<Piece, "leadFrames" | "opensGroup">): boolean {
  return leadFrames === 0 || opensGroup;
}

/**
 * The least distance: fine enough for all clients to finish together, coarse enough for the longest source (72,000
 * pieces in ten hours). The same pieces must come out after a restart, or stored segments would end inside one.
 */
const PIECE_SECONDS = 0.5;

export function piecesOf(gop: Gop, index: FrameIndex): Piece[] {
  const { startPts, endPts } = gop;
  const ticks = Math.ceil((PIECE_SECONDS * index.timeBase.den) / index.timeBase.num);
  const pieces: Piece[] = [];
  let from = startPts;
  let leadFrames = 0;
  const close = (to: number) => {
    const frames = index.countFrames(from, to);
    const piece = { startPts: from, endPts: to, frames };
    pieces.push(leadFrames === 0 ? piece : { ...piece, leadFrames, leadBytes: leadBytes(gop, index, from) });
    leadFrames += frames;
    from = to;
  };
  for (;;) {
    // Frames that an edit list hides may come first, and no part may be empty.
    const next = index.frameAfter((index.frameAfter(from, 0) ?? from) + ticks, 0);
    if (next === null || next >= endPts) break;
    close(next);
  }
  close(endPts);
  return pieces;
}

/** 0 when the container does not state the positions of its packets. */
function leadBytes(gop: Gop, index: FrameIndex, pts: number): number {
  const end = index.bytesBefore(pts);
  return gop.bytePosition === null || end === null ? 0 : Math.max(0, end - gop.bytePosition);
}
