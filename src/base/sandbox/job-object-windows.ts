// Bounds on what a program may use on Windows, by a job object (Microsoft: "Job Objects"): its committed memory, and that it
// ends with its guard, which holds the only handle. Load `boundByJob` on Windows only.
import { dlopen, ptr } from "bun:ffi";

const EXTENDED_LIMITS = 9;
const LIMIT_PROCESS_MEMORY = 0x0100;
const DIE_ON_UNHANDLED_EXCEPTION = 0x0400;
const KILL_ON_JOB_CLOSE = 0x2000;
const PROCESS_TERMINATE_AND_SET_QUOTA = 0x0101;

/** JOBOBJECT_EXTENDED_LIMIT_INFORMATION of 64-bit Windows, and where two of its fields lie. */
const BYTES = 144;
const LIMIT_FLAGS_AT = 16;
const PROCESS_MEMORY_AT = 112;

/** `memoryBytes` null: no bound of memory. */
export function jobLimits(memoryBytes: number | null): Uint8Array<ArrayBuffer> {
  const limits = new DataView(new ArrayBuffer(BYTES));
  const memory = memoryBytes === null ? 0 : LIMIT_PROCESS_MEMORY;
  limits.setUint32(LIMIT_FLAGS_AT, KILL_ON_JOB_CLOSE | DIE_ON_UNHANDLED_EXCEPTION | memory, true);
  limits.setBigUint64(PROCESS_MEMORY_AT, BigInt(memoryBytes ?? 0), true);
  return new Uint8Array(limits.buffer);
}

/** The job lives as long as this process. Errors: the system refuses. */
export function boundByJob(pid: number, memoryBytes: number | null): void {
  const kernel = dlopen("kernel32.dll", {
    CreateJobObjectW: { args: ["ptr", "ptr"], returns: "ptr" },
    SetInformationJobObject: { args: ["ptr", "i32", "ptr", "u32"], returns: "i32" },
    AssignProcessToJobObject: { args: ["ptr", "ptr"], returns: "i32" },
    OpenProcess: { args: ["u32", "i32", "u32"], returns: "ptr" },
    CloseHandle: { args: ["ptr"], returns: "i32" },
  }).symbols;
  const job = kernel.CreateJobObjectW(null, null);
  if (job === null) throw new Error("no job object can be made");
  const program = kernel.OpenProcess(PROCESS_TERMINATE_AND_SET_QUOTA, 0, pid);
  if (program === null) return void kernel.CloseHandle(job); // gone already
  const limits = jobLimits(memoryBytes);
  const isBound =
    kernel.SetInformationJobObject(job, EXTENDED_LIMITS, ptr(limits), limits.length) !== 0 &&
    kernel.AssignProcessToJobObject(job, program) !== 0;
  kernel.CloseHandle(program);
  if (!isBound) throw new Error("the job object does not take the program");
}
