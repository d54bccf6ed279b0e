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
export function createSlotTuner({ rule, most, learnt: before }: SlotTunerOptions): SlotTuner {
  let known: Learnt =
    before !== null && before.slots <= most ? before : { slots: Math.min(rule, most), refused: [], fps: {} };
  /** Its rates are of another job than the one that is measured now. */
  let isOldJob = true;
  let trial: number | null = null;
  let usual: Window[] = [];
  let tried: Window[] = [];
  let isTrying = false;
  let restless = 0;
  let window = EMPTY;
  let last: Sample | null = null;

  const level = () => (isTrying && trial !== null ? trial : known.slots);
  const nextTrial = (): number | null => {
    if (restless === MOST_RESTLESS) return null;
    const isOpen = (slots: number) => slots >= 1 && slots <= most && !known.refused.includes(slots);
    return [known.slots + 1, known.slots - 1].find(isOpen) ?? null;
  };

  const decide = (isBetter: boolean, slots: number) => {
    const rates = { [known.slots]: rateOf(usual), [slots]: rateOf(tried) };
    known = {
      slots: isBetter ? slots : known.slots,
      refused: [...known.refused, isBetter ? known.slots : slots],
      fps: isOldJob ? rates : { ...known.fps, ...rates },
    };
    isOldJob = false;
    usual = isBetter ? [] : usual.slice(-1);
    tried = [];
    trial = nextTrial();
    isTrying = !isBetter && trial !== null;
  };

  /** Better, it seems, but perhaps by what else the machine does: it is measured anew. */
  const leaveOpen = () => {
    restless += 1;
    usual = usual.slice(-1);
    tried = [];
    trial = nextTrial();
    isTrying = trial !== null;
  };

  /** Not only by one stretch of easy pictures. */
  const isBetterEachTime = () => tried.every((window, turn) => rateOf([window]) > rateOf(usual.slice(turn, turn + 2)));

  /** The number in use is measured, and the trial as often or once less. */
  const closeUsual = () => {
    if (trial === null || tried.length === 0) {
      isTrying = true;
      return;
    }
    const gain = rateOf(tried) / rateOf(usual);
    if (gain <= 1) decide(false, trial);
    else if (!isSteady(usual) || !isSteady(tried)) leaveOpen();
    else if (tried.length > 1) decide(gain > MARGIN && isBetterEachTime(), trial);
    else isTrying = true;
  };

  const close = () => {
    if (isTrying) {
      tried.push(window);
      isTrying = false;
    } else {
      usual.push(window);
      closeUsual();
    }
    window = EMPTY;
  };

  return {
    slots: level,
    note(sample) {
      const previous = last;
      last = sample;
      if (previous === null || previous.running !== level()) return;
      const ms = sample.atMs - previous.atMs;
      if (ms > LONGEST_SILENCE_MS) {
        window = EMPTY;
        return;
      }
      window = {
        ms: window.ms + ms,
        frames: window.frames + sample.frames - previous.frames,
        segments: window.segments + sample.finished - previous.finished,
      };
      trial ??= nextTrial();
      const isEnough = window.ms >= LEAST_MS && window.segments >= LEAST_SEGMENTS_EACH * level() && window.frames > 0;
      if (trial !== null && isEnough) close();
    },
    interrupt() {
      window = EMPTY;
      last = null;
    },
    abandon() {
      trial = null;
      isTrying = false;
      usual = [];
      tried = [];
      window = EMPTY;
      last = null;
      restless = 0;
      isOldJob = true;
    },
    learnt: () => known,
    trial: () => (isTrying ? trial : null),
  };
}
