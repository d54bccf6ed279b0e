// Finds the number of encodes at a time that gives one kind of work the most frames per second, by trying the numbers
// beside the one in use. Pure: told what runs and what it has made so far, it answers a number; no clock, no processes.

/** What is known of a kind of work; all its rates are of one job, so that they compare. */
export interface Learnt {
  readonly slots: number;
  /** Tried and not better: not tried again. */
  readonly refused: readonly number[];
  /** Frames per second of all encodes together, by how many there were. */
  readonly fps: Readonly<Record<string, number>>;
}

export interface SlotTunerOptions {
  /** Where it starts when nothing is known. */
  readonly rule: number;
  readonly most: number;
  readonly learnt: Learnt | null;
}

/** Told whenever something changes; the counts only grow. */
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
  /** So many at a time from now on. */
  slots(): number;
  note(sample: Sample): void;
  /** Something else took part of the time: what was measured since the number last changed does not count. */
  interrupt(): void;
  /** The job is over, and the next one can't be compared with it: a trial that is under way ends undecided. */
  abandon(): void;
  /** The same object until something is learnt. */
  learnt(): Learnt;
  /** What is being tried just now. */
  trial(): number | null;
}

/** A number is measured over whole segments, start and end included, and the pictures differ from one to the next. */
const LEAST_MS = 20_000;
const LEAST_SEGMENTS_EACH = 3;
/** What a change must win: less is within what two equal measurements differ by. */
const MARGIN = 1.04;
/** What measurements of one number may differ by: beyond it other load or the pictures decide, and not the number. */
const STEADY = 1.25;
/** Restless trials of a job; then it stays as it is. */
const MOST_RESTLESS = 3;
/** Encodes speak twice a second; after such a silence the machine slept. */
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
 * Two numbers are measured in turns, because scenes and the machine's other load change: the one in use, the other, the
 * first again. Not better: refused. Better: both once more, and taken when it is so by the margin over all turns. Each
 * number is tried once, so it comes to rest; where the measurements of one number differ too much nothing is decided.
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

  /** The number in use is measured, and the trial as often or once less. */
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

  /** Not only by one stretch of easy pictures. */
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
