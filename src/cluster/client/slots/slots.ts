// How many encodes this machine runs at a time by rule, with how many threads each, and the queue for their slots.
import { availableParallelism, totalmem } from "node:os";

/** A 1080p x265 or AV1 encode peaks around 1 GiB; a slot that swaps costs more than it brings. */
const BYTES_PER_SLOT = 1.5 * 1024 ** 3;

const PIXELS_OF_1080P = 1920 * 1080;

export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** What this process may use: respects CPU affinity and a container's memory limit. */
export function thisMachine(): Machine {
  const limit = process.constrainedMemory();
  return { cores: availableParallelism(), memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem() };
}

/** The part of a machine that a client may use, in whole cores: slots and threads go by it. */
export function partOf(machine: Machine, share: number): Machine {
  return { ...machine, cores: Math.max(1, Math.round(machine.cores * share)) };
}

export interface SlotPlan {
  readonly slots: number;
  /** Encoder threads of each. */
  readonly threads: number;
  /** Why this many, for people. */
  readonly reason: string;
}

/**
 * `auto`: one slot per two cores, two on a two-core machine (segments side by side beat an encoder's own frame threads:
 * 0.87 of the time), bounded by memory.
 */
export function planSlots(wanted: number | "auto", machine: Machine): SlotPlan {
  const byCores = machine.cores === 2 ? 2 : Math.max(1, Math.floor(machine.cores / 2));
  const byMemory = Math.max(1, Math.floor(machine.memoryBytes / BYTES_PER_SLOT));
  const slots = wanted === "auto" ? Math.min(byCores, byMemory) : wanted;
  return { slots, threads: threadsOf(slots, machine), reason: reasonOf(wanted, machine, byMemory < byCores) };
}

function reasonOf(wanted: number | "auto", { cores, memoryBytes }: Machine, isByMemory: boolean): string {
  if (wanted !== "auto") return "set by --slots";
  if (isByMemory) return `rule: ${(memoryBytes / 1024 ** 3).toFixed(1)} GiB of memory, 1.5 GiB for each encode`;
  if (cores === 1) return "rule: 1 core";
  return `rule: ${cores} cores, ${cores === 2 ? "one encode for each" : "one encode for two"}`;
}

/**
 * Encoder threads of each of this many encodes: twice its share of the cores, because one encode fills the gaps of the
 * other, and the last one has the machine. An encode whose share is one core, and after which another one comes, has no
 * gaps to fill: on one thread it costs 5 to 10 % less processor time (docs/MEASURED.md §4).
 */
export function threadsOf(slots: number, { cores }: Machine, isFollowed = false): number {
  const share = Math.max(1, Math.ceil(cores / slots));
  return share === 1 && isFollowed ? 1 : Math.min(cores, 2 * share);
}

function bytesOfEncode(pixels: number): number {
  return BYTES_PER_SLOT * Math.max(1, pixels / PIXELS_OF_1080P);
}

/**
 * The most that is tried for pictures of this size: twice the cores, or what fits into memory; never below the rule.
 */
export function mostSlots(machine: Machine, pixels: number): number {
  const tried = Math.min(2 * machine.cores, Math.floor(machine.memoryBytes / bytesOfEncode(pixels)));
  return Math.max(planSlots("auto", machine).slots, tried);
}

/** Whether this many encodes of pictures of this size fit into memory. */
export function fitsMemory(machine: Machine, pixels: number, encodes: number): boolean {
  return encodes * bytesOfEncode(pixels) <= machine.memoryBytes;
}

export interface SlotPool {
  /**
   * Waits for a free slot, first come, first served; `isNext`: before all that wait. The returned function frees it. Throws
   * the abort reason.
   */
  take(signal: AbortSignal, isNext?: boolean): Promise<() => void>;
  /** Slots in use. */
  held(): number;
  /** Encodes that run or wait, per slot. */
  busyness(): number;
  limit(): number;
  /** Changes the number of slots, at least one. What runs goes on; what waits begins if there is a free slot now. */
  limitTo(slots: number): void;
}

export function createSlotPool(slots: number): SlotPool {
  let limit = slots;
  let held = 0;
  const queue: (() => void)[] = [];
  const giveBack = () => {
    held -= 1;
    if (held < limit) queue.shift()?.();
  };
  const takeSlot = () => {
    held += 1;
    let isHeld = true;
    return () => {
      if (isHeld) giveBack();
      isHeld = false;
    };
  };
  return {
    held: () => held,
    busyness: () => (held + queue.length) / limit,
    limit: () => limit,
    limitTo(wanted) {
      limit = Math.max(1, wanted);
      while (held < limit && queue.length > 0) queue.shift()?.();
    },
    take(signal, isNext = false) {
      signal.throwIfAborted();
      if (held < limit) return Promise.resolve(takeSlot());
      return new Promise((resolve, reject) => {
        const onTurn = () => {
          signal.removeEventListener("abort", onAbort);
          resolve(takeSlot());
        };
        const onAbort = () => {
          queue.splice(queue.indexOf(onTurn), 1);
          reject(signal.reason);
        };
        if (isNext) queue.unshift(onTurn);
        else queue.push(onTurn);
        signal.addEventListener("abort", onAbort, { once: true });
      });
    },
  };
}
