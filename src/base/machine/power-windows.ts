// GetSystemPowerStatus of Windows (Microsoft: "Power Management Functions"). Load this on Windows only.
import { dlopen, ptr } from "bun:ffi";

/** SYSTEM_POWER_STATUS has 12 bytes. */
const BYTES = 12;

/** Null: Windows does not say. */
export function windowsPowerStatus(): Uint8Array | null {
  const { symbols, close } = dlopen("kernel32.dll", { GetSystemPowerStatus: { args: ["ptr"], returns: "i32" } });
  try {
    const status = new Uint8Array(BYTES);
    return symbols.GetSystemPowerStatus(ptr(status)) === 0 ? null : status;
  } finally {
    close();
  }
}
