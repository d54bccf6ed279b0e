// A measured lag, or why there is none. Pure.
import type { Stretch } from "./align-sound.ts";
import { measureLag } from "./audio-lag.ts";

export interface Measured {
  readonly lagMs: number | null;
  readonly reason: string | null;
}

/** Sound shorter than what is decoded of its beginning: its second half is its end. */
export function lagOfSecondHalf(source: Int16Array, output: Int16Array, overlaps: readonly Stretch[] = []): Measured {
  const half = Math.floor(Math.min(source.length, output.length) / 2);
  const moved = overlaps.map(({ from, to }) => ({ from: from - half, to: to - half }));
  return reasoned(measureLag(source.subarray(half), output.subarray(half), moved));
}

export function reasoned(measured: ReturnType<typeof measureLag>): Measured {
  return measured.lagMs === null ? { lagMs: null, reason: measured.reason } : { lagMs: measured.lagMs, reason: null };
}
