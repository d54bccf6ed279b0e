// Processes as Windows shows them: a snapshot (Microsoft: CreateToolhelp32Snapshot) names each one's parent, GetProcessTimes
// says what it used. Call `windowsProcesses` on Windows only.
import { dlopen, ptr } from "bun:ffi";
import type { ProcessTable } from "./process-table.ts";

const SNAPSHOT_OF_PROCESSES = 0x2;
const NO_SNAPSHOT = 0xffff_ffff_ffff_ffffn;
const QUERY_LIMITED_INFORMATION = 0x1000;

/** PROCESSENTRY32W of 64-bit Windows, and where two of its fields lie. */
const ENTRY_BYTES = 568;
const PROCESS_ID_AT = 8;
const PARENT_ID_AT = 32;

/** A FILETIME counts tenths of a microsecond. */
const FILETIMES_PER_MS = 10_000;
const FILETIME_BYTES = 8;

export interface ProcessTimes {
  /** A FILETIME. */
  readonly createdAt: bigint;
  readonly cpuMs: number;
}

/** `bytes`: creation, exit, kernel and user time, as GetProcessTimes writes them one after the other. */
export function processTimes(bytes: Uint8Array): ProcessTimes {
  const times = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (position: number) => times.getBigUint64(position * FILETIME_BYTES, true);
  return { createdAt: at(0), cpuMs: Number(at(2) + at(3)) / FILETIMES_PER_MS };
}

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
}

export function processEntry(bytes: Uint8Array): ProcessEntry {
  const entry = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { pid: entry.getUint32(PROCESS_ID_AT, true), parent: entry.getUint32(PARENT_ID_AT, true) };
}

/** Windows gives the id of a dead parent to another process: a child is not older than its parent. */
export function childrenIn(
  entries: readonly ProcessEntry[],
  pid: number,
  createdAt: (pid: number) => bigint | null,
): number[] {
  const parentsTime = createdAt(pid);
  if (parentsTime === null) return [];
  return entries
    .filter(({ parent, pid: child }) => parent === pid && child !== pid && (createdAt(child) ?? -1n) >= parentsTime)
    .map(({ pid: child }) => child);
}

export function windowsProcesses(): ProcessTable {
  const kernel = dlopen("kernel32.dll", {
    CreateToolhelp32Snapshot: { args: ["u32", "u32"], returns: "u64" },
    Process32FirstW: { args: ["u64", "ptr"], returns: "i32" },
    Process32NextW: { args: ["u64", "ptr"], returns: "i32" },
    OpenProcess: { args: ["u32", "i32", "u32"], returns: "u64" },
    GetProcessTimes: { args: ["u64", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
    CloseHandle: { args: ["u64"], returns: "i32" },
  }).symbols;

  function entries(): ProcessEntry[] | null {
    const snapshot = kernel.CreateToolhelp32Snapshot(SNAPSHOT_OF_PROCESSES, 0);
    if (snapshot === NO_SNAPSHOT) return null;
    const bytes = new Uint8Array(ENTRY_BYTES);
    new DataView(bytes.buffer).setUint32(0, ENTRY_BYTES, true);
    const found: ProcessEntry[] = [];
    for (let more = kernel.Process32FirstW(snapshot, ptr(bytes)); more !== 0; ) {
      found.push(processEntry(bytes));
      more = kernel.Process32NextW(snapshot, ptr(bytes));
    }
    kernel.CloseHandle(snapshot);
    return found;
  }

  /** Null: it has ended, or may not be asked. */
  function timesOf(pid: number): ProcessTimes | null {
    const handle = kernel.OpenProcess(QUERY_LIMITED_INFORMATION, 0, pid);
    if (handle === 0n) return null;
    const bytes = new Uint8Array(4 * FILETIME_BYTES);
    const at = (position: number) => ptr(bytes, position * FILETIME_BYTES);
    const isKnown = kernel.GetProcessTimes(handle, at(0), at(1), at(2), at(3)) !== 0;
    kernel.CloseHandle(handle);
    return isKnown ? processTimes(bytes) : null;
  }

  return {
    childrenOf(pid) {
      const all = entries();
      return all === null ? null : childrenIn(all, pid, (each) => timesOf(each)?.createdAt ?? null);
    },
    cpuMsOf: (pid) => timesOf(pid)?.cpuMs ?? 0,
  };
}
