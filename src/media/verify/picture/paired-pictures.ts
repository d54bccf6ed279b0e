// Pairs the pictures of source and output, each from its own run of ffmpeg, as they arrive; only a few of each side are
// held.
import type { Tools } from "../../ffmpeg/tools.ts";
import type { ComparedForm } from "./compared-form.ts";
import type { Strips } from "./measure/strips.ts";
import { type PictureRun, streamPictures } from "./read-pictures.ts";

export type Side = "source" | "output";

/** How many pictures one side may be ahead of the other. */
const MOST_AHEAD = 8;

/** Joins two streams of pictures into pairs; the faster side waits. */
class PicturePairs {
  readonly #waiting: Record<Side, Strips[]> = { source: [], output: [] };
  readonly #counts: Record<Side, number> = { source: 0, output: 0 };
  readonly #ended = new Set<Side>();
  readonly #take: (source: Strips, output: Strips) => void;
  #wake: (() => void)[] = [];

  constructor(take: (source: Strips, output: Strips) => void) {
    this.#take = take;
  }

  get counts(): Readonly<Record<Side, number>> {
    return this.#counts;
  }

  async add(side: Side, picture: Strips): Promise<void> {
    const other = side === "source" ? "output" : "source";
    const own = this.#waiting[side];
    own.push(picture);
    this.#counts[side] += 1;
    this.#pair();
    while (own.length > MOST_AHEAD && !this.#ended.has(other)) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    // Pictures without a counterpart are only counted.
    if (this.#ended.has(other)) own.length = 0;
  }

  end(side: Side): void {
    this.#ended.add(side);
    this.#wakeAll();
  }

  #pair(): void {
    const { source, output } = this.#waiting;
    while (source.length > 0 && output.length > 0) {
      const [first, second] = [source.shift(), output.shift()];
      if (first !== undefined && second !== undefined) this.#take(first, second);
    }
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

export interface Paired {
  /** Pictures that came out of each side. */
  readonly counts: Readonly<Record<Side, number>>;
  /** Why a side stopped; null: it reached its end. */
  readonly reasons: Readonly<Record<Side, string | null>>;
}

function isRun(side: PictureRun | readonly Strips[]): side is PictureRun {
  return "args" in side;
}

/** Runs the command lines of both sides in parallel, or uses pictures decoded before. Errors: E_INTERRUPTED. */
export async function pairPictures(
  tools: Tools,
  sides: Readonly<Record<Side, PictureRun | readonly Strips[]>>,
  shown: ComparedForm,
  take: (source: Strips, output: Strips) => void,
  signal: AbortSignal | undefined,
): Promise<Paired> {
  const pairs = new PicturePairs(take);
  const read = async (side: Side) => {
    const from = sides[side];
    try {
      if (isRun(from)) return await streamPictures(tools, from, shown, (picture) => pairs.add(side, picture), signal);
      for (const picture of from) await pairs.add(side, picture);
      return null;
    } finally {
      pairs.end(side);
    }
  };
  const [source, output] = await Promise.all([read("source"), read("output")]);
  return { counts: pairs.counts, reasons: { source, output } };
}
