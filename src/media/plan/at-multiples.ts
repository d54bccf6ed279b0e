// Parts of the video that begin at multiples of a fixed number of output frames, wherever the source has its own key
// frames, so that the output's key frames are where one machine's run sets them. Pure.
import type { Piece } from "../index/cut-points.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import type { Gop } from "../model/source.ts";

/** The least length where the multiples are closer: no finer than parts are elsewhere (cut-points.ts). */
const LEAST_SECONDS = 0.5;

/** A piece for each frame of a group: a part may begin with any of them. */
export function framesOf({ startPts, endPts }: Gop, index: FrameIndex): Piece[] {
  const pts = index.framePts(startPts, endPts);
  if (pts.length === 0) return [{ startPts, endPts, frames: 0 }];
  return pts.map((from, position) => ({
    startPts: position === 0 ? startPts : from,
    endPts: pts[position + 1] ?? endPts,
    frames: 1,
  }));
}

/** Joins pieces, counted in output frames, into parts as they arrive. The same pieces always give the same parts. */
export class PartsAtMultiples {
  readonly #distance: number;
  #open: Piece | null = null;
  /** Frames of all pieces so far. */
  #frames = 0;
  /** The key frame that the previous part is decoded from. */
  #lastKey: number | null = null;

  /** `distance`: frames of the output. */
  constructor(distance: number) {
    this.#distance = distance;
  }

  /** The parts that are now complete. */
  push(pieces: readonly Piece[], index: FrameIndex): Piece[] {
    const ticks = Math.ceil((LEAST_SECONDS * index.timeBase.den) / index.timeBase.num);
    const whole: Piece[] = [];
    for (const { startPts, endPts, frames } of pieces) {
      const open: Piece = this.#open ?? { startPts, endPts, frames: 0 };
      const joined = { ...open, endPts, frames: open.frames + frames };
      this.#frames += frames;
      this.#open = joined;
      if (this.#frames % this.#distance !== 0 || joined.frames === 0 || endPts - joined.startPts < ticks) continue;
      whole.push(this.#withLead(joined, index));
      this.#open = null;
    }
    return whole;
  }

  /** The rest at the end of the stream. */
  end(index: FrameIndex): Piece[] {
    const open = this.#open;
    this.#open = null;
    return open === null || open.frames === 0 ? [] : [this.#withLead(open, index)];
  }

  #withLead(part: Piece, index: FrameIndex): Piece {
    const key = index.keyFrameAtOrBefore(part.startPts);
    const opensGroup = key !== null && key.pts !== this.#lastKey;
    this.#lastKey = key?.pts ?? null;
    const leadFrames = key === null ? 0 : index.countFrames(key.pts, part.startPts);
    if (key === null || leadFrames === 0) return part;
    const at = index.bytesBefore(part.startPts);
    const leadBytes = key.bytePosition === null || at === null ? 0 : Math.max(0, at - key.bytePosition);
    return { ...part, leadFrames, leadBytes, ...(opensGroup ? { opensGroup } : {}) };
  }
}
