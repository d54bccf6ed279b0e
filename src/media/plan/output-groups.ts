// Groups of pictures counted in output frames, and the smaller parts at which a segment may also end. They are given
// out as soon as their count is certain. A group without output frames is joined to its neighbour, so that no segment
// is empty. Pure.
import { type Piece, piecesOf } from "../index/cut-points.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import type { Gop, SourceInfo } from "../model/source.ts";
import { framesOf, PartsAtMultiples } from "./at-multiples.ts";
import type { FrameTiming } from "./frame-timing.ts";
import { isCertain, plannedFrames } from "./planned-frames.ts";

export class OutputGroups {
  readonly timing: FrameTiming | null;
  readonly #info: Pick<SourceInfo, "startMicroseconds" | "video">;
  /** Groups of the source that are not counted yet, from `#counted` on. */
  #waiting: Piece[] = [];
  /** The last counted group, which may still take in empty ones. */
  #open: Piece | null = null;
  #isFirst = true;
  /** Joins counted groups where segments may begin at multiples only. */
  readonly #parts: PartsAtMultiples | null;
  /** Frames of all groups given out. */
  total = 0;

  /**
   * `timing` null: the output frames can't be predicted, so the source's are counted. `distance`: segments may begin at
   * multiples of so many output frames only; null: at any frame.
   */
  constructor(
    plan: FrameTiming | null,
    info: Pick<SourceInfo, "startMicroseconds" | "video">,
    distance: number | null = null,
  ) {
    this.timing = plan;
    this.#info = info;
    this.#parts = distance === null ? null : new PartsAtMultiples(distance);
  }

  /** The groups that become certain with these. `index` already knows them. */
  add(gops: readonly Gop[], index: FrameIndex): Piece[] {
    const pieces = gops.flatMap((gop) => (this.#parts === null ? piecesOf(gop, index) : framesOf(gop, index)));
    if (this.timing === null || this.timing.keepsTimes) return this.#giveOut(pieces, index);
    this.#waiting.push(...pieces);
    const known = gops.at(-1)?.endPts;
    if (known === undefined) return [];
    const fresh: Piece[] = [];
    let certain = 0;
    for (const group of this.#waiting) {
      if (!isCertain(this.timing, index, group.endPts, known)) break;
      fresh.push(...this.#take(group, index, false));
      certain += 1;
    }
    this.#waiting = this.#waiting.slice(certain);
    return this.#giveOut(fresh, index);
  }

  /** No more packets: `index` is complete. */
  finish(index: FrameIndex): Piece[] {
    const fresh = this.#waiting.flatMap((group, position) =>
      this.#take(group, index, position === this.#waiting.length - 1),
    );
    this.#waiting = [];
    const last = this.#open;
    this.#open = null;
    const rest = this.#giveOut(last === null || last.frames === 0 ? fresh : [...fresh, last], index);
    return this.#parts === null ? rest : [...rest, ...this.#parts.end(index)];
  }

  #giveOut(pieces: readonly Piece[], index: FrameIndex): Piece[] {
    for (const { frames } of pieces) this.total += frames;
    return this.#parts === null ? [...pieces] : this.#parts.push(pieces, index);
  }

  /** The previous group, once this one has frames of its own. */
  #take(group: Piece, index: FrameIndex, isLast: boolean): Piece[] {
    if (this.timing === null) return [];
    const range = { startPts: this.#isFirst ? null : group.startPts, endPts: isLast ? null : group.endPts };
    this.#isFirst = false;
    const frames = plannedFrames(this.timing, index, this.#info, range).length;
    const open = this.#open;
    if (open === null) {
      this.#open = { ...group, frames };
      return [];
    }
    if (frames === 0 || open.frames === 0) {
      this.#open = { ...open, endPts: group.endPts, frames: open.frames + frames };
      return [];
    }
    this.#open = { ...group, frames };
    return [open];
  }
}
