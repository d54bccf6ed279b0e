// Groups of pictures on their way from the index to its listener: in batches, and held while it is open whether there are
// groups at all.
import type { Gop } from "../model/source.ts";
import type { FrameIndex } from "./frame-index.ts";

const BATCH_GOPS = 64;
const BATCH_MS = 250;

/** What has to be answered first: whether the packets' times are true, and whether pictures that share one are refused. */
type OpenQuestion = "times" | "doubles";

export class PassingGroups {
  readonly #index: FrameIndex;
  readonly #onGops: (gops: readonly Gop[], index: FrameIndex) => void;
  readonly #open = new Set<OpenQuestion>();
  #waiting: Gop[] = [];
  #handedOnAt = Number.NEGATIVE_INFINITY;

  constructor(index: FrameIndex, onGops: (gops: readonly Gop[], index: FrameIndex) => void) {
    this.#index = index;
    this.#onGops = onGops;
  }

  get isFirst(): boolean {
    return this.#handedOnAt === Number.NEGATIVE_INFINITY;
  }

  get isHeld(): boolean {
    return this.#open.size > 0;
  }

  hold(question: OpenQuestion): void {
    this.#open.add(question);
  }

  release(question: OpenQuestion): void {
    this.#open.delete(question);
  }

  add(gops: readonly Gop[]): void {
    if (gops.length > 0) this.#waiting.push(...gops);
  }

  get isDue(): boolean {
    const { length } = this.#waiting;
    return length >= BATCH_GOPS || (length > 0 && performance.now() - this.#handedOnAt >= BATCH_MS);
  }

  handOn(): void {
    if (this.#waiting.length === 0 || this.isHeld || !this.#index.seekable) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#handedOnAt = performance.now();
    this.#onGops(batch, this.#index);
  }
}
