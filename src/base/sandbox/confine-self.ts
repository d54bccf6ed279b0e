// What a guard does before and after it starts a program that is to be confined. Elsewhere than on Linux there is no
// such thing: the program then only has an environment of its own.
import type { Confinement } from "./confinement.ts";

/** The guard's exit status and message when it can't confine its program; it then starts nothing. */
export const NOT_CONFINED_STATUS = 126;
export const NOT_CONFINED_TEXT = "ffcluster: cannot confine";

/** Before the program starts. Errors: the system has no sandbox and one is required, or it refuses the rules. */
export async function confineSelf(confinement: Confinement): Promise<void> {
  if (process.platform !== "linux") {
    if (confinement.isRequired) throw new Error("this system has no sandbox");
    return;
  }
  const { restrictSelf } = await import("./landlock.ts");
  const { limitResources } = await import("./resource-limits.ts");
  if (restrictSelf(confinement) === 0 && confinement.isRequired) throw new Error("this kernel has no Landlock");
  const writesNothing = confinement.writes.length === 0 && confinement.devices.length === 0;
  limitResources(0, { coreBytes: 0, ...(writesNothing ? { fileBytes: 0 } : {}) });
}

/** Says why Windows bounds nothing; the program runs on, as on systems without such bounds. */
async function boundOnWindows(pid: number, memoryBytes: number | null): Promise<void> {
  const { boundByJob } = await import("./job-object-windows.ts");
  try {
    boundByJob(pid, memoryBytes);
  } catch (thrown) {
    process.stderr.write(`ffcluster: no bounds: ${thrown instanceof Error ? thrown.message : thrown}\n`);
  }
}

/** Once the program runs: its memory must not be the guard's bound too. */
export async function boundProgram(pid: number, { memoryBytes }: Confinement): Promise<void> {
  if (process.platform === "win32") return await boundOnWindows(pid, memoryBytes);
  if (process.platform !== "linux" || memoryBytes === null) return;
  const { limitResources } = await import("./resource-limits.ts");
  limitResources(pid, { memoryBytes });
}
