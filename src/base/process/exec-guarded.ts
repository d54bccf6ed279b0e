// The guard of a program that this one runs: it passes signals on, ends as the program ends, and says what killed it.

import { errnoOf } from "../errors.ts";
import { deathWords } from "./death.ts";
import { takeOrders } from "./guard-orders.ts";
import { GUARDED_FOR } from "./run-process.ts";

/** The body of the hidden `__exec` command: run the given program, pass signals on, exit as it exits. */
export async function execGuarded(command: readonly string[]): Promise<number> {
  // Who died before the guard's runtime asked to be told of it is never told: on a machine with much to do that is a
  // second. Asked here, it is either this late, or the runtime ends the guard.
  const parent = process.env[GUARDED_FOR];
  if (parent !== undefined && parent !== String(process.ppid)) return 1;
  let child: Bun.Subprocess;
  try {
    child = Bun.spawn([...command], { stdin: "ignore", stdout: "inherit", stderr: "inherit", windowsHide: true });
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT" && errnoOf(thrown) !== "EACCES") throw thrown;
    process.stderr.write(`ffcluster: cannot start ${command[0]}\n`);
    return 127;
  }
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => child.kill(name));
  if (process.platform !== "win32") return await endOf(child, command[0] ?? "");
  const { windowsSuspender } = await import("./suspend-windows.ts");
  const orders = Bun.stdin.stream().getReader();
  // What can't be obeyed ends the guard, and its program with it: it is seen as a failure, not taken for suspended.
  await Promise.race([child.exited, takeOrders(orders, child.pid, windowsSuspender).then(() => child.exited)]);
  await orders.cancel();
  return await endOf(child, command[0] ?? "");
}

/** Its exit status; how it died is said in its own stderr. */
async function endOf(child: Bun.Subprocess, program: string): Promise<number> {
  const exitCode = await child.exited;
  const words = deathWords(program, exitCode, child.signalCode);
  if (words !== null) process.stderr.write(`${words}\n`);
  return exitCode;
}
