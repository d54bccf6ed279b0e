// What --sandbox asks of this machine, before anything of a file is looked at.
import { AppError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { SandboxMode } from "../../base/sandbox/confinement.ts";
import { type SandboxSupport, sandboxSupport } from "../../base/sandbox/sandbox-support.ts";
import type { Tools } from "../../media/ffmpeg/tools.ts";

/** Said once in the log. Errors: E_SANDBOX when one is required and there is none. `ask`: what this system offers. */
export async function checkSandbox(
  mode: SandboxMode,
  log: Log,
  ask: () => Promise<SandboxSupport> = sandboxSupport,
): Promise<void> {
  if (mode === "off") return log.warn("the sandbox is off: ffmpeg may read and write all that this user may");
  const { confines, words } = await ask();
  if (mode === "require" && confines.length === 0) {
    const hint =
      "Run it on Linux 5.13 or newer with Landlock (`cat /sys/kernel/security/lsm`), or without --sandbox require.";
    throw new AppError("E_SANDBOX", `--sandbox require: ${words}`, hint);
  }
  log.debug(`sandbox for ffmpeg: ${words}`);
}

/** What follows where ffmpeg gets names of files. */
export const BY_NAME = "sources are opened by name, and looked at again after they were read";

/** Says aloud what this ffmpeg does not bear. */
export function sayUnfit({ sandbox }: Tools, log: Log): void {
  const { unfit, losesOpenFiles } = sandbox;
  if (unfit !== undefined) log.warn(`the sandbox is off, because in it ${unfit}`);
  if (losesOpenFiles !== undefined) log.warn(`${losesOpenFiles}: ${BY_NAME}`);
}
