// The guard of a program that this one runs: passes signals on, ends as the program ends, and says what killed it.

import { errnoOf } from "../errors.ts";
import { boundProgram, confineSelf, NOT_CONFINED_STATUS, NOT_CONFINED_TEXT } from "../sandbox/confine-self.ts";
import { CONFINED_TO, confinementIn } from "../sandbox/confinement.ts";
import { deathWords } from "./death.ts";
import { GUARDED_FOR, NOT_FOUND_STATUS, NOT_FOUND_TEXT } from "./guard.ts";
import { takeOrders } from "./guard-orders.ts";
import { inheritedFiles } from "./inherited-files.ts";
import { handDownPriority } from "./priority.ts";

/** The body of the hidden `__exec` command: run the given program, pass signals on, exit as it exits. */
export async function execGuarded(command: readonly string[]): Promise<number> {
  // The runtime ends the guard when its parent dies, but misses a parent that died before the runtime was up, which takes
  // a second on a busy machine. Asked here, such a parent is noticed too.
  const parent = process.env[GUARDED_FOR];
  if (parent !== undefined && parent !== String(process.ppid)) return 1;
  const confinement = confinementIn(process.env);
  try {
    if (confinement !== null) await confineSelf(confinement);
  } catch (thrown) {
    process.stderr.write(`${NOT_CONFINED_TEXT} ${command[0]}: ${thrown instanceof Error ? thrown.message : thrown}\n`);
    return NOT_CONFINED_STATUS;
  }
  let child: Bun.Subprocess;
  try {
    const env = withoutOrders(process.env);
    const { descriptors } = inheritedFiles(command);
    const stdio = ["ignore", "inherit", "inherit", ...descriptors] as const;
    child = Bun.spawn([...command], { env, stdio: [...stdio], windowsHide: true });
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT" && errnoOf(thrown) !== "EACCES") throw thrown;
    process.stderr.write(`${NOT_FOUND_TEXT} ${command[0]}\n`);
    return NOT_FOUND_STATUS;
  }
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => child.kill(name));
  if (confinement !== null) await boundProgram(child.pid, confinement);
  if (process.platform !== "win32") return await endOf(child, command[0] ?? "");
  handDownPriority(child.pid);
  const { windowsSuspender } = await import("./suspend-windows.ts");
  const orders = Bun.stdin.stream().getReader();
  // An order that can't be obeyed ends the guard and its program: a failure that is seen, not a program that is believed
  // to be suspended.
  await Promise.race([child.exited, takeOrders(orders, child.pid, windowsSuspender).then(() => child.exited)]);
  await orders.cancel();
  return await endOf(child, command[0] ?? "");
}

/** What the guard itself is told by its environment is not for its program. */
function withoutOrders(env: Record<string, string | undefined>): Record<string, string | undefined> {
  return { ...env, [CONFINED_TO]: undefined, [GUARDED_FOR]: undefined };
}

/** The exit status. How the program died becomes the last line of its own stderr. */
async function endOf(child: Bun.Subprocess, program: string): Promise<number> {
  const exitCode = await child.exited;
  const words = deathWords(program, exitCode, child.signalCode);
  if (words !== null) process.stderr.write(`${words}\n`);
  return exitCode;
}
