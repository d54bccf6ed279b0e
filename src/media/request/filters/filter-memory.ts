// How many neighbours a filter of finite memory sees, in frames of its own input. Measured by starting it that much
// earlier and comparing every picture; src/media/local/filters-split.test.ts repeats the measurement.
import type { FilterCall } from "../../model/encode-request.ts";
import { optionOf } from "./filter-times.ts";

export interface FilterMemory {
  /** Frames before the one that is put out. */
  readonly before: number;
  /** Frames after it. */
  readonly after: number;
}

export const NO_MEMORY: FilterMemory = { before: 0, after: 0 };

function number(call: FilterCall, name: string, byDefault: number): number {
  const value = Number(optionOf(call, name) ?? byDefault);
  return Number.isFinite(value) ? Math.max(0, Math.ceil(value)) : byDefault;
}

const MEMORY: Readonly<Record<string, (call: FilterCall) => FilterMemory>> = {
  yadif: () => ({ before: 1, after: 1 }),
  bwdif: () => ({ before: 1, after: 1 }),
  w3fdif: () => ({ before: 1, after: 1 }),
  estdif: () => ({ before: 1, after: 1 }),
  kerndeint: () => ({ before: 1, after: 0 }),
  phase: () => ({ before: 1, after: 1 }),
  dedot: () => ({ before: 2, after: 2 }),
  tmix: (call) => ({ before: Math.max(0, number(call, "frames", 3) - 1), after: 0 }),
  // It only looks ahead, yet swallows its last frames: an fps filter behind it then repeats one from as long before.
  tmedian: (call) => {
    const others = 2 * number(call, "radius", 1);
    return { before: others, after: others };
  },
  atadenoise: (call) => {
    const half = Math.floor(number(call, "s", 9) / 2);
    return { before: half, after: half };
  },
  deflicker: (call) => ({ before: 0, after: number(call, "size", 5) }),
  normalize: (call) => ({ before: number(call, "smoothing", 0), after: 0 }),
  fftdnoiz: (call) => ({ before: number(call, "prev", 0), after: number(call, "next", 0) }),
  // It repeats and drops frames, each by its own time alone.
  fps: () => ({ before: 0, after: 1 }),
};

/** Null: how much the filter remembers is not known. */
export function filterMemory(call: FilterCall): FilterMemory | null {
  return MEMORY[call.name]?.(call) ?? null;
}
