// The descendants of a process, and the processor time they use as a sign that they work.
import type { ProcessTable } from "./process-table.ts";
import { linuxProcesses } from "./process-table-linux.ts";
import { macosProcesses } from "./process-table-macos.ts";
import { windowsProcesses } from "./process-table-windows.ts";

/** A guard, perhaps `nice`, a tool, and what the tool itself starts. */
const MOST_PROCESSES = 64;

const TABLES: Readonly<Partial<Record<NodeJS.Platform, () => ProcessTable>>> = {
  linux: () => linuxProcesses,
  win32: windowsProcesses,
  darwin: macosProcesses,
};
const opened = new Map<NodeJS.Platform, ProcessTable | null>();

/** Null: this system does not show its processes in a way that is known here. */
function ownTable({ platform } = process): ProcessTable | null {
  const known = opened.get(platform);
  if (known !== undefined) return known;
  const table = openTable(TABLES[platform]);
  opened.set(platform, table);
  return table;
}

function openTable(open: (() => ProcessTable) | undefined): ProcessTable | null {
  try {
    return open?.() ?? null;
  } catch {
    return null; // an edition of the system without these functions: of a hanging program only its silence tells then
  }
}

/** Milliseconds of processor time that all descendants of `pid` used so far; null when that is unknown. */
export function descendantsCpuMs(pid: number, table: ProcessTable | null = ownTable()): number | null {
  const descendants = descendantsOf(pid, table);
  if (descendants === null || table === null) return null;
  return descendants.reduce((total, each) => total + table.cpuMsOf(each), 0);
}

/**
 * The same of a guard's program, and of the guard itself until it has started that: on a machine with much more to do than
 * it can, its runtime alone takes long.
 */
export function programCpuMs(guard: number, table: ProcessTable | null = ownTable()): number | null {
  const hasStarted = descendantsOf(guard, table)?.length !== 0;
  return hasStarted || table === null ? descendantsCpuMs(guard, table) : table.cpuMsOf(guard);
}

/** Of each descendant of `pid` that runs; null when they are unknown. */
export function cpuMsByDescendant(pid: number, table: ProcessTable | null = ownTable()): Map<number, number> | null {
  const descendants = descendantsOf(pid, table);
  return table === null ? null : descendants && new Map(descendants.map((each) => [each, table.cpuMsOf(each)]));
}

/** Process ids; null when they are unknown. */
export function descendantsOf(pid: number, table: ProcessTable | null = ownTable()): number[] | null {
  const children = table?.childrenOf(pid) ?? null;
  if (children === null) return null;
  const found = [...children];
  for (let position = 0; position < found.length && found.length < MOST_PROCESSES; position += 1) {
    found.push(...(table?.childrenOf(found[position] ?? 0) ?? []));
  }
  return found;
}
