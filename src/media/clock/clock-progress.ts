// Adds up how far a stream's clock advances, packet by packet in file order, however often the clock restarts. Pure.

/**
 * A longer step in either direction can't belong to one recording (ffmpeg's -dts_delta_threshold; half a second back).
 */
const MOST_FORWARD_SECONDS = 10;
const MOST_BACK_SECONDS = 0.5;

export class ClockProgress {
  /** Ticks. */
  total = 0;
  /** Steps counted. */
  steps = 0;
  /** A step belonged to no single recording. */
  isBroken = false;
  /** Most packets in a row that come one tick later than the one before, which says that it lasts no longer. */
  ticksInARow = 0;
  #row = 0;
  #last: { readonly at: number; readonly duration: number } | null = null;
  readonly #forward: number;
  readonly #back: number;

  /** `tickSeconds`: of the stream's clock. */
  constructor(tickSeconds: number) {
    this.#forward = MOST_FORWARD_SECONDS / tickSeconds;
    this.#back = MOST_BACK_SECONDS / tickSeconds;
  }

  /** `at`: when it is decoded, or shown; `duration`: 0 where the packet states none. */
  add(at: number, duration: number): void {
    if (this.#last !== null) {
      const step = at - this.#last.at;
      const isOneRecording = step >= -this.#back && step <= this.#forward;
      this.total += isOneRecording ? step : this.#last.duration;
      this.isBroken ||= !isOneRecording;
      this.steps += 1;
      this.#row = step === 1 && this.#last.duration === 1 ? this.#row + 1 : 0;
      this.ticksInARow = Math.max(this.ticksInARow, this.#row);
    }
    this.#last = { at, duration };
  }
}
