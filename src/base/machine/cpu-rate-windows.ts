// The CPU rate of a job object of Windows (Microsoft: "JOBOBJECT_CPU_RATE_CONTROL_INFORMATION"): this process and all that it
// starts get so much of all processors and no more. Load `capByJob` on Windows only.
import { dlopen, ptr } from "bun:ffi";

const CPU_RATE_CONTROL = 15;
const ENABLE = 0x1;
const HARD_CAP = 0x4;

/** Its two fields: flags, and hundredths of a percent of all processors. */
export function cpuRateInfo(share: number): Uint8Array<ArrayBuffer> {
  const info = new DataView(new ArrayBuffer(8));
  info.setUint32(0, ENABLE | HARD_CAP, true);
  info.setUint32(4, Math.min(10_000, Math.max(1, Math.round(10_000 * share))), true);
  return new Uint8Array(info.buffer);
}

/** False: Windows refuses. The job lives as long as this process. */
export function capByJob(share: number): boolean {
  const kernel = dlopen("kernel32.dll", {
    CreateJobObjectW: { args: ["ptr", "ptr"], returns: "ptr" },
    SetInformationJobObject: { args: ["ptr", "i32", "ptr", "u32"], returns: "i32" },
    AssignProcessToJobObject: { args: ["ptr", "ptr"], returns: "i32" },
    GetCurrentProcess: { args: [], returns: "ptr" },
  }).symbols;
  const job = kernel.CreateJobObjectW(null, null);
  if (job === null) return false;
  const info = cpuRateInfo(share);
  return (
    kernel.SetInformationJobObject(job, CPU_RATE_CONTROL, ptr(info), info.length) !== 0 &&
    kernel.AssignProcessToJobObject(job, kernel.GetCurrentProcess()) !== 0
  );
}
