// Whether others keep the machine busy, from how much of its processors they used since the last look. A peak is no work, and
// a moment's rest is no end of it: busy is known soon, calm only after a while. Pure.
import type { UseSample } from "../../../base/machine/others-cpu.ts";

export interface Busyness {
  readonly isBusy: boolean;
  /** Mean share of the last ten seconds, or the last minute while it is busy. */
  readonly share: number;
  readonly samples: readonly UseSample[];
}

/** Busy after this long above the bound, calm after this long below a part of it. */
export const BUSY_AFTER_MS = 10_000;
export const CALM_AFTER_MS = 60_000;
const CALM_BELOW = 0.7;
/** Of a window, that samples must cover: the looks do not fall on its edges. */
const COVERED = 0.8;

export const NOT_BUSY: Busyness = { isBusy: false, share: 0, samples: [] };

export function noteUse(before: Busyness, sample: UseSample, busyAbove: number): Busyness {
  const samples = [...before.samples, sample].filter(({ atMs }) => sample.atMs - atMs < CALM_AFTER_MS);
  const [windowMs, bound] = before.isBusy ? [CALM_AFTER_MS, CALM_BELOW * busyAbove] : [BUSY_AFTER_MS, busyAbove];
  const { share, coveredMs } = meanOf(samples, sample.atMs - windowMs);
  const isKnown = coveredMs >= COVERED * windowMs;
  const isBusy = isKnown ? share > bound : before.isBusy;
  // What was before it became busy says nothing of when that ends.
  const kept = isBusy === before.isBusy ? samples : samples.filter(({ atMs }) => atMs > sample.atMs - BUSY_AFTER_MS);
  return { isBusy, share, samples: kept };
}

function meanOf(samples: readonly UseSample[], afterMs: number): { share: number; coveredMs: number } {
  let used = 0;
  let coveredMs = 0;
  for (const { atMs, forMs, share } of samples) {
    if (atMs <= afterMs) continue;
    used += share * forMs;
    coveredMs += forMs;
  }
  return { share: coveredMs === 0 ? 0 : used / coveredMs, coveredMs };
}
