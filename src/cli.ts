// The entry point: arguments → command; the one place that prints a failure and sets the exit code. `__exec` is the
// guarded child runner of base/process/run-process.ts and must start fast: nothing else loads for it.
import { execGuarded } from "./base/process/exec-guarded.ts";

if (process.argv[2] === "__exec") process.exitCode = await execGuarded(process.argv.slice(3));
else {
  const { runCli } = await import("./commands/cli/run-cli.ts");
  const exitCode = await runCli(process.argv.slice(2));
  // Something that went wrong beside the command, an answer that could not be written, has set one already.
  process.exitCode = exitCode === 0 ? process.exitCode : exitCode;
}
