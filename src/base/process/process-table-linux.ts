// Processes as /proc shows them (proc(5)).
import { readdirSync, readFileSync } from "node:fs";
import type { ProcessTable } from "./process-table.ts";

/** Every Linux that Bun runs on counts process times in hundredths of a second (USER_HZ). */
const MS_PER_TICK = 10;

export const linuxProcesses: ProcessTable = {
  childrenOf(pid) {
    const text = read(`/proc/${pid}/task/${pid}/children`); // a kernel may be without this file
    return text === null ? null : text.trim().split(" ").filter(Boolean).map(Number);
  },
  /** Fields 14 and 15 of stat, counted after the name, which may hold spaces. */
  cpuMsOf(pid) {
    const text = read(`/proc/${pid}/stat`);
    if (text === null) return 0;
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MS_PER_TICK + waitedMs(pid);
  },
};

const NS_PER_MS = 1e6;

/** How long a thread was ready to run and others did: the second number of its schedstat, in ns (0 where it is not kept). */
export function waitedMsIn(schedstat: string): number {
  return Number(schedstat.trim().split(" ")[1] ?? 0) / NS_PER_MS;
}

/** A thread that waits for a processor works as soon as it may: on a busy machine, at low priority, it may get next to none. */
function waitedMs(pid: number): number {
  return threadsOf(pid).reduce((sum, id) => sum + waitedMsIn(read(`/proc/${pid}/task/${id}/schedstat`) ?? ""), 0);
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // the process has ended
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // the process has ended, or the kernel does not offer it
  }
}
