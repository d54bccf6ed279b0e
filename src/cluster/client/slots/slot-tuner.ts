// Finds the number of encodes at a time that gives one kind of work the most frames per second, by trying the numbers
// next to the one in use. Pure: it gets what runs and what it has made, and answers a number. No clock, no processes.

/** What is known of a kind of work. All rates are from one job, so that they are comparable. */
export interface Learnt {
  readonly slots: number;
  /** Numbers that were tried and were not better: not tried again. */
  readonly refused: readonly number[];
  /** Frames per second of all encodes together, by their number. */
  readonly fps: Readonly<Record<string, number>>;
}

export interface SlotTunerOptions {
  /** The number to start with when nothing is known. */
  readonly rule: number;
  readonly most: number;
  readonly learnt: Learnt | null;
}

/** Given whenever something changes. The counts only grow. */
export interface Sample {
  readonly atMs: number;
  /** Encodes that run from this moment on. */
  readonly running: number;
  /** Frames that all encodes have made. */
  readonly frames: number;
  /** Encodes that have ended. */
  readonly finished: number;
}

export interface SlotTuner {
  /** The number of encodes at a time from now on. */
  slots(): number;
  note(sample: Sample): void;
  /** The encodes were interrupted: what was measured since the number last changed does not count. */
  interrupt(): void;
  /** The job has ended, and the next one can't be compared with it: a running trial ends undecided. */
  abandon(): void;
  /** The same object until something is learnt. */
  learnt(): Learnt;
  /** The number that is being tried now; null: none. */
  trial(): number | null;
}

/** A number is measured over whole segments, with start and end, because pictures differ between segments. */
const LEAST_MS = 20_000;
const LEAST_SEGMENTS_EACH = 3;
/** A change must win this much: equal measurements may differ by less. */
const MARGIN = 1.04;
/**
 * Measurements of one number may differ by this much; beyond it, other load or the pictures decide and not the number.
 */
const STEADY = 1.25;
/** After this many undecided trials of a job the number stays as it is. */
const MOST_RESTLESS = 3;
/** Encodes report twice a second; a longer silence means that the machine slept. */
const LONGEST_SILENCE_MS = 60_000;

interface Window {
  readonly ms: number;
  readonly frames: number;
  readonly segments: number;
}

const EMPTY: Window = { ms: 0, frames: 0, segments: 0 };

function isSteady(windows: readonly Window[]): boolean {
  const rates = windows.map((window) => rateOf([window]));
  return Math.max(...rates) <= STEADY * Math.min(...rates);
}

function rateOf(windows: readonly Window[]): number {
  const frames = windows.reduce((sum, window) => sum + window.frames, 0);
  return (1000 * frames) / windows.reduce((sum, window) => sum + window.ms, 0);
}

/**
 * Two numbers are measured in turns, because scenes and other load change: the one in use, the other, the first again.
 * If the other is not better, it is refused. If it is, both are measured once more, and it is taken if it wins by the
 * margin over all turns. Each number is tried once, so the search ends. If measurements of one number differ too much,
 * nothing is decided.
 */
class MeasuringTuner implements SlotTuner {
  readonly #most: number;
  #known: Learnt;
  /** What is known was measured on another job than the one that is measured now. */
  #isOldJob = true;
  #trial: number | null = null;
  #usual: Window[] = [];
  #tried: Window[] = [];
  #isTrying = false;
  #restless = 0;
  #window = EMPTY;
  #last: Sample | null = null;

  constructor({ rule, most, learnt }: SlotTunerOptions) {
    this.#most = most;
    this.#known =
      learnt !== null && learnt.slots <= most ? learnt : { slots: Math.min(rule, most), refused: [], fps: {} };
  }

  slots(): number {
    return this.trial() ?? this.#known.slots;
  }

  learnt(): Learnt {
    return this.#known;
  }

  trial(): number | null {
    return this.#isTrying ? this.#trial : null;
  }

  note(sample: Sample): void {
    const previous = this.#last;
    this.#last = sample;
    if (previous === null || previous.running !== this.slots()) return;
    const ms = sample.atMs - previous.atMs;
    if (ms > LONGEST_SILENCE_MS) {
      this.#window = EMPTY;
      return;
    }
    const window = {
      ms: this.#window.ms + ms,
      frames: this.#window.frames + sample.frames - previous.frames,
      segments: this.#window.segments + sample.finished - previous.finished,
    };
    this.#window = window;
    this.#trial ??= this.#nextTrial();
    const isEnough =
      window.ms >= LEAST_MS && window.segments >= LEAST_SEGMENTS_EACH * this.slots() && window.frames > 0;
    if (this.#trial !== null && isEnough) this.#close();
  }

  interrupt(): void {
    this.#window = EMPTY;
    this.#last = null;
  }

  abandon(): void {
    this.interrupt();
    this.#trial = null;
    this.#isTrying = false;
    this.#usual = [];
    this.#tried = [];
    this.#restless = 0;
    this.#isOldJob = true;
  }

  #nextTrial(): number | null {
    if (this.#restless === MOST_RESTLESS) return null;
    const { slots: current, refused } = this.#known;
    const isOpen = (slots: number) => slots >= 1 && slots <= this.#most && !refused.includes(slots);
    return [current + 1, current - 1].find(isOpen) ?? null;
  }

  /** The window is long enough: it counts for the number that was in use. */
  #close(): void {
    if (this.#isTrying) {
      this.#tried.push(this.#window);
      this.#isTrying = false;
    } else {
      this.#usual.push(this.#window);
      this.#closeUsual();
    }
    this.#window = EMPTY;
  }

  /** A measurement of the number in use has ended; the trial was measured as often, or once less. */
  #closeUsual(): void {
    const [usual, tried] = [this.#usual, this.#tried];
    if (this.#trial === null || tried.length === 0) {
      this.#isTrying = true;
      return;
    }
    const gain = rateOf(tried) / rateOf(usual);
    if (gain <= 1) this.#decide(false, this.#trial);
    else if (!isSteady(usual) || !isSteady(tried)) this.#leaveOpen();
    else if (tried.length > 1) this.#decide(gain > MARGIN && this.#isBetterEachTime(), this.#trial);
    else this.#isTrying = true;
  }

  /** It won in every turn, not only in one stretch of easy pictures. */
  #isBetterEachTime(): boolean {
    return this.#tried.every((window, turn) => rateOf([window]) > rateOf(this.#usual.slice(turn, turn + 2)));
  }

  #decide(isBetter: boolean, slots: number): void {
    const known = this.#known;
    const fps = { [known.slots]: rateOf(this.#usual), [slots]: rateOf(this.#tried) };
    this.#known = {
      slots: isBetter ? slots : known.slots,
      refused: [...known.refused, isBetter ? known.slots : slots],
      fps: this.#isOldJob ? fps : { ...known.fps, ...fps },
    };
    this.#isOldJob = false;
    this.#usual = isBetter ? [] : this.#usual.slice(-1);
    this.#tried = [];
    this.#trial = this.#nextTrial();
    this.#isTrying = !isBetter && this.#trial !== null;
  }

  /** It seems better, but perhaps because of what else the machine does: both are measured again. */
  #leaveOpen(): void {
    this.#restless += 1;
    this.#usual = this.#usual.slice(-1);
    this.#tried = [];
    this.#trial = this.#nextTrial();
    this.#isTrying = this.#trial !== null;
  }
}

export function createSlotTuner(options: SlotTunerOptions): SlotTuner {
  return new MeasuringTuner(options);
}
