// How much of the machine's processors others use: all that is used, less what this program's own processes use.
import { cpus } from "node:os";
import { watchOwnCpu } from "./own-cpu.ts";

/** How others used the processors between two looks. */
export interface UseSample {
  /** Of the end of it; monotonic. */
  readonly atMs: number;
  readonly forMs: number;
  /** Of all processors, 0 to 1. */
  readonly share: number;
}

/** Looks closer together than this say nothing: the system counts in hundredths of a second. */
const LEAST_MS = 500;

interface Look {
  readonly atMs: number;
  readonly usedMs: number;
  readonly ownMs: number;
  readonly cores: number;
}

/** Each call: since the call before; null at the first, and where it is not known which use is our own. */
export function watchOthersCpu(): () => UseSample | null {
  const ownMs = watchOwnCpu();
  let before: Look | null = null;
  return () => {
    const own = ownMs();
    if (own === null) return null;
    const now = { atMs: performance.now(), ...machineUse(), ownMs: own };
    if (before !== null && now.atMs - before.atMs < LEAST_MS) return null;
    const sample = before === null ? null : sampleOf(before, now);
    before = now;
    return sample;
  };
}

export function sampleOf(before: Look, now: Look): UseSample {
  const forMs = now.atMs - before.atMs;
  const othersMs = now.usedMs - before.usedMs - (now.ownMs - before.ownMs);
  const share = othersMs / (forMs * Math.max(1, now.cores));
  return { atMs: now.atMs, forMs, share: Math.min(1, Math.max(0, share)) };
}

function machineUse(): { usedMs: number; cores: number } {
  const all = cpus();
  const usedMs = all.reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { usedMs, cores: all.length };
}
