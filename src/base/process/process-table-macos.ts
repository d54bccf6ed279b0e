// Processes as macOS shows them: proc_listpids and proc_pid_rusage of libproc (Apple's libproc.h, sys/proc_info.h and
// sys/resource.h). Call `macosProcesses` on macOS only.
import { dlopen, ptr } from "bun:ffi";
import type { ProcessTable } from "./process-table.ts";

const BY_PARENT = 6;
const PID_BYTES = 4;
/** More children than any tool has. */
const MOST_CHILDREN = 256;

/** rusage_info_v0: 16 bytes of UUID, then ten counters of 8 bytes, of which the first two are the times. */
const RUSAGE_V0 = 0;
const RUSAGE_BYTES = 96;
const USER_TIME_AT = 16;
const SYSTEM_TIME_AT = 24;

const NS_PER_MS = 1e6;

/** Nanoseconds in a tick, as a fraction: 1/1 on Intel, 125/3 on Apple silicon. */
export interface Timebase {
  readonly numerator: number;
  readonly denominator: number;
}

/** `bytes`: a rusage_info_v0, whose times are in ticks. */
export function rusageCpuMs(bytes: Uint8Array, { numerator, denominator }: Timebase): number {
  const usage = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ticks = usage.getBigUint64(USER_TIME_AT, true) + usage.getBigUint64(SYSTEM_TIME_AT, true);
  return (Number(ticks) * numerator) / denominator / NS_PER_MS;
}

/** The first `count` ids of a list of 32-bit numbers; 0 stands for none. */
export function pidsIn(bytes: Uint8Array, count: number): number[] {
  const list = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, at) => list.getInt32(at * PID_BYTES, true)).filter((pid) => pid > 0);
}

export function macosProcesses(): ProcessTable {
  const system = dlopen("/usr/lib/libSystem.B.dylib", {
    proc_listpids: { args: ["u32", "u32", "ptr", "i32"], returns: "i32" },
    proc_pid_rusage: { args: ["i32", "i32", "ptr"], returns: "i32" },
    mach_timebase_info: { args: ["ptr"], returns: "i32" },
  }).symbols;
  const info = new Uint32Array(2);
  system.mach_timebase_info(ptr(info));
  const timebase: Timebase = { numerator: info[0] || 1, denominator: info[1] || 1 };
  return {
    childrenOf(pid) {
      const bytes = new Uint8Array(MOST_CHILDREN * PID_BYTES);
      const filled = system.proc_listpids(BY_PARENT, pid, ptr(bytes), bytes.length); // in bytes
      return filled < 0 ? null : pidsIn(bytes, Math.floor(filled / PID_BYTES));
    },
    cpuMsOf(pid) {
      const bytes = new Uint8Array(RUSAGE_BYTES);
      return system.proc_pid_rusage(pid, RUSAGE_V0, ptr(bytes)) === 0 ? rusageCpuMs(bytes, timebase) : 0;
    },
  };
}
