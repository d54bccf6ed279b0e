// Suspends another process on Windows with NtSuspendProcess and NtResumeProcess of ntdll.dll. Debuggers and process
// viewers use them, though Microsoft documents only the access right that they need. Load this on Windows only.
import { dlopen } from "bun:ffi";
import type { Suspender } from "./guard-orders.ts";

const PROCESS_SUSPEND_RESUME = 0x0800;
const STATUS_PROCESS_IS_TERMINATING = 0xc000010a;

export function windowsSuspender(): Suspender {
  const kernel = dlopen("kernel32.dll", {
    OpenProcess: { args: ["u32", "i32", "u32"], returns: "ptr" },
    CloseHandle: { args: ["ptr"], returns: "i32" },
  }).symbols;
  const native = dlopen("ntdll.dll", {
    NtSuspendProcess: { args: ["ptr"], returns: "u32" },
    NtResumeProcess: { args: ["ptr"], returns: "u32" },
  }).symbols;

  /** Does nothing to a process that has ended; any other failure throws. */
  function call(name: "NtSuspendProcess" | "NtResumeProcess", pid: number): void {
    const handle = kernel.OpenProcess(PROCESS_SUSPEND_RESUME, 0, pid);
    if (handle === null) throw new Error(`process ${pid} can't be opened to suspend or resume it`);
    const status = native[name](handle);
    kernel.CloseHandle(handle);
    if (status !== 0 && status !== STATUS_PROCESS_IS_TERMINATING) {
      throw new Error(`${name} of process ${pid} failed: status 0x${status.toString(16)}`);
    }
  }
  return {
    suspendProcess: (pid) => call("NtSuspendProcess", pid),
    resumeProcess: (pid) => call("NtResumeProcess", pid),
  };
}
