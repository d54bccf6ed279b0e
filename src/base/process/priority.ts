// Lower scheduling priority for children, so that the machine stays usable for its owner.
import { getPriority, setPriority } from "node:os";
import { descendantsOf } from "./process-cpu.ts";

/** As `nice` without a number; "below normal" on Windows. */
const LOW_PRIORITY = 10;

/** A guard that has not started its program yet hands its priority down to it. */
export function lowerPriority(pid: number): void {
  try {
    setPriority(pid, LOW_PRIORITY);
  } catch (thrown) {
    // Gone already, or not allowed here: it runs at the usual priority.
    const isHarmless = thrown instanceof Error && /ESRCH|EACCES|EPERM|no such process|permission/i.test(thrown.message);
    if (!isHarmless) throw thrown;
  }
}

/** Of a guard on Windows to its program: Windows does so by itself, wine does not. */
export function handDownPriority(pid: number): void {
  if (getPriority() === LOW_PRIORITY) lowerPriority(pid);
}

/** Of what runs already; does nothing where the descendants of a process can't be listed (process-cpu.ts). */
export function lowerPriorityOfDescendants(pid: number): void {
  for (const descendant of descendantsOf(pid) ?? []) lowerPriority(descendant);
}
