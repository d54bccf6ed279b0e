// Keeps this process, with all that it starts, to a part of the processors: by the system where that does it, else by the
// caller's own throttle.
import { availableParallelism } from "node:os";
import { type Cap, capByCgroup } from "./cap-by-cgroup.ts";

/** `share`: of all processors, 0 to 1. Null: this system does not do it. */
export async function capBySystem(share: number): Promise<Cap | null> {
  if (process.platform === "linux") return await capByCgroup(share * availableParallelism());
  if (process.platform !== "win32") return null;
  const { capByJob } = await import("./cpu-rate-windows.ts");
  return capByJob(share) ? { by: "a job object", release: () => Promise.resolve() } : null;
}
