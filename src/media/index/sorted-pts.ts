// Timestamps in order, as many as a long video has frames. Pure.

const CHUNK = 1 << 15;

/** Sorted timestamps in fixed blocks: 8 bytes a frame, no copying as it grows; 10 h at 60 fps is 17 MB. */
export class SortedPts {
  readonly #chunks: Float64Array[] = [];
  length = 0;

  /** NaN where there is none. */
  at(position: number): number {
    if (position < 0 || position >= this.length) return Number.NaN;
    return this.#chunks[Math.floor(position / CHUNK)]?.[position % CHUNK] ?? Number.NaN;
  }

  /** Null where there is none. */
  find(position: number): number | null {
    return position < 0 || position >= this.length ? null : this.at(position);
  }

  #set(position: number, value: number): void {
    const chunk = this.#chunks[Math.floor(position / CHUNK)];
    if (chunk !== undefined) chunk[position % CHUNK] = value;
  }

  /** Inserts from the end: coding order is presentation order but for a few frames. */
  insert(value: number): void {
    if (this.length === this.#chunks.length * CHUNK) this.#chunks.push(new Float64Array(CHUNK));
    let position = this.length;
    this.length += 1;
    while (position > 0 && this.at(position - 1) > value) {
      this.#set(position, this.at(position - 1));
      position -= 1;
    }
    this.#set(position, value);
  }

  /** Values in [from, to); null bounds are open. */
  countBetween(from: number | null, to: number | null): number {
    const first = from === null ? 0 : this.lowerBound(from);
    return Math.max(0, (to === null ? this.length : this.lowerBound(to)) - first);
  }

  /** Values in [from, to); null bounds are open. */
  between(from: number | null, to: number | null): number[] {
    const first = from === null ? 0 : this.lowerBound(from);
    return Array.from({ length: this.countBetween(from, to) }, (_, offset) => this.at(first + offset));
  }

  /** Position of the first value ≥ `wanted`. */
  lowerBound(wanted: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
