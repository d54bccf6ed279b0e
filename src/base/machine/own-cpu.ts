// Processor time of this program's own processes: this one, all that it has started, and those of other processes of the
// same executable on this machine (a server beside its client). Time of children that have ended counts on.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { cpuMsByDescendant, descendantsOf } from "../process/process-cpu.ts";

/** USER_HZ, as in process-table-linux.ts. */
const MS_PER_TICK = 10;

/** Milliseconds since the first call; it never becomes less. Null: this system does not show its processes. */
export function watchOwnCpu(): () => number | null {
  return process.platform === "linux" ? watchByFiles() : watchByTable();
}

/** The same of this process and what it has started alone; cheap enough for many looks a second. */
export function watchTreeCpu(): () => number {
  const ofTable = process.platform === "linux" ? null : watchByTable();
  if (ofTable !== null) return () => ofTable() ?? 0;
  return () => [process.pid, ...(descendantsOf(process.pid) ?? [])].reduce((sum, pid) => sum + cpuMsOf(pid), 0);
}

function cpuMsOf(pid: number): number {
  const fields = statFields(`/proc/${pid}/stat`);
  return fields === null ? 0 : cpuMsIn(fields);
}

/** Adds up what grows. What a process had used before it was seen counts; what falls away, because one has ended, does not. */
export function growing(): (now: ReadonlyMap<number, number>) => number {
  let before: ReadonlyMap<number, number> | null = null;
  let total = 0;
  return (now) => {
    for (const [pid, ms] of before === null ? [] : now) total += Math.max(0, ms - (before?.get(pid) ?? 0));
    before = now;
    return total;
  };
}

function watchByTable(): () => number | null {
  const add = growing();
  return () => {
    const descendants = cpuMsByDescendant(process.pid);
    if (descendants === null) return null;
    const { user, system } = process.cpuUsage();
    return add(descendants.set(process.pid, (user + system) / 1000));
  };
}

/** Where a process of its kind ends, the sum becomes less: that is no work undone. */
function watchByFiles(): () => number {
  let before: number | null = null;
  let total = 0;
  return () => {
    const now = ownCpuMs(processesIn("/proc"), process.pid);
    total += before === null ? 0 : Math.max(0, now - before);
    before = now;
    return total;
  };
}

export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** Its own and that of its children that have ended. */
  readonly cpuMs: number;
  /** It runs the same file as this one. */
  readonly isSame: boolean;
}

/** Of the process, its kind, and all that descends from them. */
export function ownCpuMs(processes: readonly SeenProcess[], pid: number): number {
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const own = new Set<SeenProcess>();
  const next = processes.filter((each) => each.pid === pid || each.isSame);
  for (let each = next.pop(); each !== undefined; each = next.pop()) {
    if (own.has(each)) continue;
    own.add(each);
    next.push(...(children.get(each.pid) ?? []));
  }
  return [...own].reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** All processes, by proc(5). */
export function processesIn(root: string): readonly SeenProcess[] {
  const own = Bun.isStandaloneExecutable ? linkOf(`${root}/${process.pid}/exe`) : null;
  const found: SeenProcess[] = [];
  for (const name of readdirSync(root)) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statFields(`${root}/${name}/stat`);
    if (fields === null) continue;
    const isSame = own !== null && linkOf(`${root}/${name}/exe`) === own;
    found.push({ pid: Number(name), parent: Number(fields[1]), cpuMs: cpuMsIn(fields), isSame });
  }
  return found;
}

/** Those after the name, which may hold spaces: fields[0] is the state, field 3 of proc(5). Null: it has ended. */
function statFields(path: string): readonly string[] | null {
  try {
    const text = readFileSync(path, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

/** utime, stime, cutime and cstime: fields 14 to 17. */
function cpuMsIn(fields: readonly string[]): number {
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK;
}

/** Null: it has ended, or is another user's. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
