// Where in the file the packets of a time lie: of one in each half second, by decoding time. Pure.
import type { Pts, Rational } from "../../base/rational.ts";
import type { VideoPacket } from "./frame-index.ts";

/** Distance of the packets whose byte position is stored. */
const MARK_SECONDS = 0.5;

/** Position of the last one with pts ≤ `pts`, or -1. */
export function lastAtOrBefore(sorted: readonly { readonly pts: Pts }[], pts: Pts): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.pts ?? Number.POSITIVE_INFINITY) <= pts) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export class ByteMarks {
  readonly #marks: { readonly pts: Pts; readonly bytePosition: number }[] = [];
  readonly #apart: number;

  constructor({ num, den }: Rational) {
    this.#apart = Math.ceil((MARK_SECONDS * den) / num);
  }

  add({ pts, dts, bytePosition }: VideoPacket): void {
    const decoded = dts ?? pts;
    if (decoded === null || bytePosition === null) return;
    const last = this.#marks.at(-1);
    if (last === undefined || decoded >= last.pts + this.#apart) this.#marks.push({ pts: decoded, bytePosition });
  }

  /** Behind all packets that are shown before `pts`; null: not known. */
  bytesBefore(pts: Pts): number | null {
    // All packets from one on that is decoded at or after `pts` are shown at or after it.
    const before = lastAtOrBefore(this.#marks, pts - 1);
    return this.#marks[before + 1]?.bytePosition ?? null;
  }
}
