// Compares two runs of decoded pictures by their digests as they arrive, whichever run is ahead. Pure; keeps only what
// the slower run has not reached yet, 8 bytes per picture.

export type Side = "output" | "segments";

/** 13 hex digits of a picture's digest fit a number exactly. */
const DIGITS = 13;

export class FrameComparer {
  readonly counts: Record<Side, number> = { output: 0, segments: 0 };
  /** Number of pictures that differ at the same position. */
  differing = 0;
  /** Position of the first of them. */
  firstDifference: number | null = null;
  #waiting: number[] = [];
  #taken = 0;
  #ahead: Side = "output";

  add(side: Side, digest: string): void {
    const value = Number.parseInt(digest.slice(0, DIGITS), 16);
    const position = this.counts[side];
    this.counts[side] += 1;
    if (this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
      this.#ahead = side;
    }
    if (this.#ahead === side) {
      this.#waiting.push(value);
      return;
    }
    if (this.#waiting[this.#taken] !== value) {
      this.differing += 1;
      this.firstDifference ??= position;
    }
    this.#taken += 1;
  }

  /** Both runs are complete and every picture is the same. */
  get isEqual(): boolean {
    return this.differing === 0 && this.counts.output === this.counts.segments;
  }
}
