// The descendants of a process, and the processor time they use as a sign that they work. Read from /proc, so Linux only;
// null elsewhere.
import { readFileSync } from "node:fs";

/** Every Linux that Bun runs on counts process times in hundredths of a second (USER_HZ, proc(5)). */
const MS_PER_TICK = 10;
/** A guard, perhaps `nice`, a tool, and what the tool itself starts. */
const MOST_PROCESSES = 64;

/** Milliseconds of processor time that all descendants of `pid` used so far; null when that is unknown. */
export function descendantsCpuMs(pid: number): number | null {
  const descendants = descendantsOf(pid);
  if (descendants === null) return null;
  return descendants.reduce((ticks, each) => ticks + ticksOf(each), 0) * MS_PER_TICK;
}

/** Process ids; null when they are unknown. */
export function descendantsOf(pid: number): number[] | null {
  if (process.platform !== "linux") return null;
  const found = childrenOf(pid);
  if (found === null) return null;
  for (let position = 0; position < found.length && found.length < MOST_PROCESSES; position += 1) {
    found.push(...(childrenOf(found[position] ?? 0) ?? []));
  }
  return found;
}

/** Null on a kernel without this file. */
function childrenOf(pid: number): number[] | null {
  const text = read(`/proc/${pid}/task/${pid}/children`);
  return text === null ? null : text.trim().split(" ").filter(Boolean).map(Number);
}

/** User and system time: fields 14 and 15 of stat, counted after the name, which may hold spaces. */
function ticksOf(pid: number): number {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return 0; // ended meanwhile
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // the process has ended, or the kernel does not offer it
  }
}
