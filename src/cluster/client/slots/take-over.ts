// Slots of the CPU for encodes that can't wait: an urgent one gets the slot of another encode, which is suspended and waits
// for the next free slot before all others. Nothing is encoded twice.
import { createPauseSwitch, type Pausable, type PauseSwitch } from "../../../base/process/pause.ts";
import { fitsMemory, type Machine, type SlotPool } from "./slots.ts";

export interface HeldSlot {
  /** Suspends the encode in it. */
  readonly pausable: Pausable;
  free(): void;
}

/** What a slot is wanted for. */
export interface Wanted {
  readonly isUrgent: boolean;
  /** Of the source's picture. */
  readonly pixels: number;
}

interface Holder extends Wanted {
  readonly pause: PauseSwitch;
  /** Null: it is suspended and has no slot. */
  giveBack: (() => void) | null;
  readonly ended: AbortController;
  timesSuspended: number;
}

export class TakeOver {
  readonly #pool: SlotPool;
  readonly #machine: Machine;
  readonly #holders = new Set<Holder>();

  constructor(pool: SlotPool, machine: Machine) {
    this.#pool = pool;
    this.#machine = machine;
  }

  /** Waits for a slot; an urgent encode takes one over if it can, else it is the next. Throws the abort reason. */
  async take(wanted: Wanted, signal: AbortSignal): Promise<HeldSlot> {
    signal.throwIfAborted();
    const { isUrgent, pixels } = wanted;
    const taken = isUrgent && this.#pool.held() >= this.#pool.limit() ? this.#suspendOne(pixels) : null;
    return this.#hold(wanted, taken ?? (await this.#pool.take(signal, isUrgent)));
  }

  #hold(wanted: Wanted, giveBack: () => void): HeldSlot {
    const pause = createPauseSwitch();
    const holder: Holder = { ...wanted, pause, giveBack, ended: new AbortController(), timesSuspended: 0 };
    this.#holders.add(holder);
    return {
      pausable: pause,
      free: () => {
        this.#holders.delete(holder);
        holder.ended.abort();
        holder.giveBack?.();
      },
    };
  }

  /** The slot of an encode that is suspended now; null: there is none, or no memory for one more, running or suspended. */
  #suspendOne(pixels: number): (() => void) | null {
    const largest = Math.max(pixels, ...Array.from(this.#holders, (holder) => holder.pixels));
    if (!fitsMemory(this.#machine, largest, this.#holders.size + 1)) return null;
    let chosen: Holder | null = null;
    for (const holder of this.#holders) {
      if (holder.isUrgent || holder.giveBack === null) continue;
      // Each in turn; the youngest first.
      if (chosen === null || holder.timesSuspended <= chosen.timesSuspended) chosen = holder;
    }
    const slot = chosen?.giveBack ?? null;
    if (chosen !== null) this.#suspend(chosen);
    return slot;
  }

  #suspend(holder: Holder): void {
    holder.giveBack = null;
    holder.timesSuspended += 1;
    holder.pause.set(true);
    const goOn = (giveBack: () => void) => {
      holder.giveBack = giveBack;
      holder.pause.set(false);
    };
    this.#pool.take(holder.ended.signal, true).then(goOn, () => undefined); // it ended while it was suspended
  }
}
