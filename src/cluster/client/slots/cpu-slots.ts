// The CPU's slots: as many as the user asks for, or as the rule says until measurements find a better number. Reports
// what runs to the tuner of that kind of work. Knows nothing of the server or of devices.
import type { Log } from "../../../base/log.ts";
import type { Pausable } from "../../../base/process/pause.ts";
import type { LearntSlots } from "./learnt-slots.ts";
import { createSlotTuner, type Learnt, type SlotTuner } from "./slot-tuner.ts";
import { createSlotPool, type Machine, mostSlots, planSlots, type SlotPool, threadsOf } from "./slots.ts";
import { type HeldSlot, TakeOver, type Wanted } from "./take-over.ts";

/** What the slots need to know of an encode. */
export interface Work {
  /** Speeds in frames per second are comparable only within one job and one kind of pass. */
  readonly jobId: string;
  readonly pass: string;
  readonly encoder: string;
  readonly preset: string | null;
  /** Size of the source's picture. */
  readonly width: number;
  readonly height: number;
  /** It takes over a slot rather than wait for one. */
  readonly isUrgent?: boolean;
  /** More work comes to its slot after it. */
  readonly isFollowed?: boolean;
}

export interface CpuPlace {
  /** Encoder threads. */
  readonly threads: number;
  /** Reports the frames of this encode so far. */
  made(frames: number): void;
  /** Suspends the encode while another one has its slot. */
  readonly pausable: Pausable;
  free(): void;
}

export interface CpuSlots {
  readonly pool: SlotPool;
  /** Waits for a slot, first come, first served. Throws the abort reason. */
  take(work: Work, signal: AbortSignal): Promise<CpuPlace>;
  /** Why there are this many slots, for people. */
  reason(): string;
  /** Ends the measuring. */
  stop(): void;
}

export interface CpuSlotsOptions {
  /** `--slots`. */
  readonly wanted: number | "auto";
  readonly machine: Machine;
  readonly learnt: LearntSlots;
  readonly pausable: Pausable;
  readonly log: Log;
  /** The number or its reason has changed. */
  readonly onChange: () => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** One encode with its slot. */
interface Run {
  readonly work: Work;
  frames: number;
  hasMade: boolean;
}

interface Kind {
  readonly name: string;
  readonly tuner: SlotTuner;
  kept: Learnt;
}

const SIZE_CLASSES: readonly (readonly [most: number, name: string])[] = [
  [500_000, "SD"],
  [1_000_000, "720p"],
  [2_300_000, "1080p"],
  [4_000_000, "1440p"],
  [9_000_000, "4K"],
];

function kindOf({ encoder, preset, width, height }: Work): string {
  const [, size] = SIZE_CLASSES.find(([most]) => width * height <= most) ?? [0, "8K"];
  return `${encoder} ${preset === null ? "" : `${preset} `}${size}`;
}

const wantedFor = ({ isUrgent = false, width, height }: Work): Wanted => ({ isUrgent, pixels: width * height });

export function createCpuSlots(options: CpuSlotsOptions): CpuSlots {
  const { wanted, machine } = options;
  const plan = planSlots(wanted, machine);
  if (wanted === "auto") return new MeasuredSlots(options, plan);
  const pool = createSlotPool(plan.slots);
  const takeOver = new TakeOver(pool, machine);
  return {
    pool,
    reason: () => plan.reason,
    async take(work, signal) {
      const threads = threadsOf(plan.slots, machine, work.isFollowed);
      return { threads, made: () => {}, ...(await takeOver.take(wantedFor(work), signal)) };
    },
    stop: () => {},
  };
}

/** As many slots as measuring shows to be best for the work that runs. */
class MeasuredSlots implements CpuSlots {
  readonly pool: SlotPool;
  readonly stop: () => void;
  readonly #options: CpuSlotsOptions;
  readonly #plan: ReturnType<typeof planSlots>;
  readonly #now: () => number;
  readonly #takeOver: TakeOver;
  readonly #kinds = new Map<string, Kind>();
  readonly #runs = new Set<Run>();
  /** What is measured now: the only kind of work that runs. */
  #measured: { readonly key: string; readonly kind: Kind } | null = null;
  /** The kind of work that the current number is for. */
  #shown: Kind | null = null;
  #frames = 0;
  #finished = 0;

  constructor(options: CpuSlotsOptions, plan: ReturnType<typeof planSlots>) {
    this.#options = options;
    this.#plan = plan;
    this.#now = options.now ?? (() => performance.now());
    this.pool = createSlotPool(plan.slots);
    this.#takeOver = new TakeOver(this.pool, options.machine);
    this.stop = options.pausable.onChange(() => this.#measured?.kind.tuner.interrupt());
  }

  async take(work: Work, signal: AbortSignal): Promise<CpuPlace> {
    if (this.pool.held() === 0) this.#use(this.#kindFor(work));
    return this.#begin(work, await this.#takeOver.take(wantedFor(work), signal));
  }

  reason(): string {
    const shown = this.#shown;
    if (shown === null) return this.#plan.reason;
    const trial = shown.tuner.trial();
    const reason = Object.keys(shown.kept.fps).length === 0 ? this.#plan.reason : measuredText(shown);
    return trial === null ? reason : `${reason}; trying ${count(trial)}`;
  }

  #kindFor(work: Work): Kind {
    const { machine, learnt } = this.#options;
    const name = kindOf(work);
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    const most = mostSlots(machine, work.width * work.height);
    const tuner = createSlotTuner({ rule: this.#plan.slots, most, learnt: learnt.get(name) });
    const kind = { name, tuner, kept: tuner.learnt() };
    this.#kinds.set(name, kind);
    return kind;
  }

  #use(kind: Kind): void {
    const { learnt, log } = this.#options;
    const slots = kind.tuner.slots();
    const isOther = this.pool.limit() !== slots || this.#shown !== kind;
    this.#shown = kind;
    if (this.pool.limit() !== slots) {
      log.info(`${count(slots)} at a time`, { kind: kind.name, trial: kind.tuner.trial() !== null });
      this.pool.limitTo(slots);
    }
    if (kind.kept !== kind.tuner.learnt()) {
      kind.kept = kind.tuner.learnt();
      learnt.keep(kind.name, kind.kept);
      log.info(`encodes at a time, ${measuredText(kind)}`);
    } else if (!isOther) return;
    this.#options.onChange();
  }

  /** Ends the measurement: the next work can't be compared with it. */
  #leave(): void {
    this.#measured?.kind.tuner.abandon();
    this.#measured = null;
  }

  /** Something has changed: notes it for the tuner and follows what that answers. */
  #update(): void {
    const [first, ...others] = this.#runs;
    if (first === undefined) {
      if (this.pool.held() > 0) return; // the next encode has its slot and is about to begin
      this.#leave();
      if (this.#shown !== null) this.#use(this.#shown);
      return;
    }
    const key = keyOf(first.work);
    if (others.some(({ work }) => keyOf(work) !== key)) {
      this.#leave();
      const [least = this.#kindFor(first.work)] = [...this.#runs]
        .map(({ work }) => this.#kindFor(work))
        .sort((a, b) => a.tuner.slots() - b.tuner.slots());
      return this.#use(least);
    }
    if (this.#measured?.key !== key) {
      this.#leave();
      this.#measured = { key, kind: this.#kindFor(first.work) };
    }
    const { kind } = this.#measured;
    if (this.#options.pausable.isPaused()) kind.tuner.interrupt();
    else
      kind.tuner.note({
        atMs: this.#now(),
        running: this.#runs.size,
        frames: this.#frames,
        finished: this.#finished,
      });
    this.#use(kind);
  }

  #begin(work: Work, slot: HeldSlot): CpuPlace {
    const run: Run = { work, frames: 0, hasMade: false };
    const threads = threadsOf(this.pool.limit(), this.#options.machine, work.isFollowed);
    this.#runs.add(run);
    this.#update();
    return {
      threads,
      pausable: slot.pausable,
      made: (made) => {
        // An encode of two passes begins again.
        this.#frames += made >= run.frames ? made - run.frames : made;
        run.frames = made;
        run.hasMade ||= made > 0;
        if (this.#runs.has(run)) this.#update();
      },
      free: () => {
        slot.free();
        if (!this.#runs.delete(run)) return;
        if (run.hasMade) this.#finished += 1;
        this.#update();
      },
    };
  }
}

function keyOf({ jobId, pass }: Work): string {
  return `${jobId} ${pass}`;
}

function count(slots: number): string {
  return slots === 1 ? "1 encode" : `${slots} encodes`;
}

/** "measured, libx264 1080p: 2 encodes 41.0 fps, 1 encode 38.2 fps"; the number in use comes first. */
function measuredText({ name, kept }: Kind): string {
  const levels = Object.keys(kept.fps).map(Number);
  levels.sort(
    (a, b) =>
      Number(b === kept.slots) - Number(a === kept.slots) || Math.abs(a - kept.slots) - Math.abs(b - kept.slots),
  );
  const texts = levels.slice(0, 4).map((level) => `${count(level)} ${kept.fps[level]?.toFixed(1)} fps`);
  return `measured, ${name}: ${texts.join(", ")}`;
}
