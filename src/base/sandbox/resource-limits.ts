// Bounds on what a program may use, by prlimit(2). Linux only; load it nowhere else.
import { ptr } from "bun:ffi";
import { openLibc } from "./libc.ts";

const RLIMIT_FSIZE = 1;
/** Private memory that can be written: what a program allocates, and the stacks of its threads (getrlimit(2)). */
const RLIMIT_DATA = 2;
const RLIMIT_CORE = 4;

export interface ResourceLimits {
  /** Null: no bound. */
  readonly memoryBytes?: number | null;
  /** The largest file that may be written. */
  readonly fileBytes?: number;
  /** The largest picture of its memory that a crash leaves behind. */
  readonly coreBytes?: number;
}

/** `pid` 0: this process. Does nothing to one that has ended, and never raises a bound. */
export function limitResources(pid: number, { memoryBytes, fileBytes, coreBytes }: ResourceLimits): void {
  const libc = openLibc();
  const wanted = [
    [RLIMIT_DATA, memoryBytes],
    [RLIMIT_FSIZE, fileBytes],
    [RLIMIT_CORE, coreBytes],
  ] as const;
  for (const [resource, most] of wanted) {
    if (most === undefined || most === null) continue;
    const limit = new BigUint64Array(2);
    if (libc.prlimit(pid, resource, null, ptr(limit)) !== 0) return; // gone already
    const bound = BigInt(most);
    for (const which of [0, 1]) if ((limit[which] ?? 0n) > bound) limit[which] = bound;
    libc.prlimit(pid, resource, ptr(limit), null);
  }
}
