// How often somebody may do something: a bucket that fills at an even rate (a token bucket, in the words of networks).

export class Allowance {
  readonly #most: number;
  readonly #perMs: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** `most`: at once; `perSecond`: what comes back. `now`: milliseconds of a clock that never jumps. */
  constructor(most: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#perMs = perSecond / 1000;
    this.#now = now;
    this.#left = most;
    this.#at = now();
  }

  #fill(): void {
    const now = this.#now();
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
  }

  /** Takes one. Returns 0, or the milliseconds until there is one again; then none was taken. */
  take(): number {
    this.#fill();
    if (this.#left < 1) return Math.ceil((1 - this.#left) / this.#perMs);
    this.#left -= 1;
    return 0;
  }

  /** As if it had never been used. */
  get isWhole(): boolean {
    this.#fill();
    return this.#left >= this.#most;
  }
}
