// Carries a plan out: writes its files, runs its commands, and says what failed.
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../../base/errors.ts";
import { ProgramNotFound, runProcess, succeeded } from "../../base/process/run-process.ts";
import type { ServiceFile, ServicePlan } from "./definition.ts";

const PATIENCE_MS = 90_000;

async function run(command: readonly string[]): Promise<string> {
  const [program = "", ...args] = command;
  const words = command.join(" ");
  try {
    const result = await runProcess({ program, args, timeoutMs: PATIENCE_MS });
    if (succeeded(result)) return result.stdout;
    const said = (result.stderrTail || result.stdout).trim();
    throw new AppError("E_SERVICE", `\`${words}\` failed: ${said}`, "`--print` shows what would be installed.");
  } catch (thrown) {
    if (!(thrown instanceof ProgramNotFound)) throw thrown;
    const hint = "`--print` shows the definition, for this system's own way of starting programs.";
    throw new AppError("E_SERVICE", `${program} is not here`, hint, { cause: thrown });
  }
}

/** By rename: a file is there whole, with its mode, or not at all. */
async function place({ path, text, mode, encoding }: ServiceFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const tempPath = `${path}.new`;
  await writeFile(tempPath, text, { mode, encoding: encoding ?? "utf8" });
  await chmod(tempPath, mode); // the umask may have taken bits away
  await rename(tempPath, path);
}

/** Errors: E_SERVICE with the command that failed and its words. */
export async function installService({ files, install }: ServicePlan): Promise<void> {
  for (const file of files) await place(file);
  for (const command of install) await run(command);
}

/** What is not there counts as removed. Errors: E_SERVICE. */
export async function removeService({ files, uninstall, afterRemoval }: ServicePlan): Promise<void> {
  for (const command of uninstall) await run(command);
  for (const { path } of files) await rm(path, { force: true });
  for (const command of afterRemoval) await run(command);
}

/** What the system says of it, and its exit status. Errors: E_SERVICE where the system has no such program. */
export async function serviceStatus({ status }: ServicePlan): Promise<{ text: string; exitCode: number }> {
  const [program = "", ...args] = status;
  try {
    const { stdout, stderrTail, exitCode } = await runProcess({ program, args, timeoutMs: PATIENCE_MS });
    return { text: stdout || stderrTail, exitCode };
  } catch (thrown) {
    if (!(thrown instanceof ProgramNotFound)) throw thrown;
    throw new AppError("E_SERVICE", `${program} is not here`, "Use this system's own means.", { cause: thrown });
  }
}
