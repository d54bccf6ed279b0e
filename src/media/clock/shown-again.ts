// Watches the packets of the picture for a clock that goes back by so little that ffmpeg takes it for none (a tenth of a
// second): times that were shown already come again, and the decoder's pictures are put a tick apart. Pure.

/** How many packets before and after such a place are looked at: more than any decoder holds back. */
const LOOK = 40;

/** Ticks. */
interface Limits {
  /** A clock that goes back further is another recording's. */
  readonly mostBack: number;
  /** Pictures that stand no further apart are at one time in the output. */
  readonly close: number;
}

export interface ShownAgain {
  /** Decoding time where the clock goes back, and by how much; ticks. */
  readonly at: number;
  readonly by: number;
  /** So many pictures come after a later one was shown. */
  readonly pictures: number;
  /** So many of them at a time that no other picture has: the packets do not tell that these come at once. */
  readonly untold: number;
}

interface Place {
  readonly at: number;
  readonly by: number;
  readonly before: readonly Packet[];
  readonly after: Packet[];
}

interface Packet {
  readonly pts: number;
  readonly dts: number;
}

/** Pictures that stand closer than this share of the usual distance do not belong to one clock. */
const CLOSE_SHARE = 0.6;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function stepsOf(sorted: readonly number[]): number[] {
  return sorted.slice(1).map((value, at) => value - (sorted[at] ?? 0));
}

/** Decoding times alone may go back: then the pictures stand as they always did. */
function areOnOneClock({ by, before, after }: Place): boolean {
  const sorted = [...before, ...after].map(({ pts }) => pts).toSorted((a, b) => a - b);
  const latest = Math.max(...before.map(({ pts }) => pts));
  const usual = median(stepsOf(before.map(({ pts }) => pts).toSorted((a, b) => a - b)));
  const near = sorted.filter((pts) => pts >= latest - by - usual && pts <= latest + usual);
  return stepsOf(near).every((step) => step >= CLOSE_SHARE * usual);
}

/** The order in which pictures are shown is that of the clock as it would have gone on. */
function judge(place: Place, close: number): ShownAgain {
  const { at, by, before, after } = place;
  if (areOnOneClock(place)) return { at, by, pictures: 0, untold: 0 };
  const shift = by + median(stepsOf(before.map(({ dts }) => dts)));
  const shown = [
    ...before.map(({ pts }) => ({ pts, order: pts })),
    ...after.map(({ pts }) => ({ pts, order: pts + shift })),
  ].toSorted((a, b) => a.order - b.order);
  const taken: number[] = [];
  let [latest, pictures, untold] = [Number.NEGATIVE_INFINITY, 0, 0];
  for (const { pts } of shown) {
    if (pts <= latest) {
      pictures += 1;
      if (!taken.some((other) => Math.abs(other - pts) <= close)) untold += 1;
    }
    taken.push(pts);
    latest = Math.max(latest, pts);
  }
  return { at, by, pictures, untold };
}

export class ShownAgainWatch {
  readonly #limits: Limits;
  #lacksTimes = false;
  #highest = Number.NEGATIVE_INFINITY;
  #recent: Packet[] = [];
  #open: Place | null = null;
  #most: ShownAgain | null = null;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** In the order of the file, ticks; NaN: not stated. */
  add(pts: number, dts: number): void {
    if (Number.isNaN(pts)) this.#lacksTimes = true;
    if (Number.isNaN(pts) || Number.isNaN(dts)) return;
    if (dts < this.#highest - this.#limits.mostBack) {
      this.#close();
      this.#recent = [];
      this.#highest = dts;
    }
    if (dts <= this.#highest && this.#open === null && this.#recent.length > 0) {
      this.#open = { at: this.#highest, by: this.#highest - dts, before: [...this.#recent], after: [] };
    }
    this.#highest = Math.max(this.#highest, dts);
    this.#recent.push({ pts, dts });
    if (this.#recent.length > LOOK) this.#recent.shift();
    this.#open?.after.push({ pts, dts });
    if (this.#open?.after.length === LOOK) this.#close();
  }

  #close(): void {
    if (this.#open === null) return;
    const found = judge(this.#open, this.#limits.close);
    this.#open = null;
    if (found.pictures > 0 && found.untold >= (this.#most?.untold ?? 0)) this.#most = found;
  }

  /**
   * The place with the most untold such pictures, at the end of the file; null: there is none, or packets lack their times, which
   * ffmpeg then guesses.
   */
  worst(): ShownAgain | null {
    this.#close();
    return this.#lacksTimes ? null : this.#most;
  }
}
