// The entry point: runs the command that the arguments name and sets the exit code. `__exec` is the guard that
// base/process/run-process.ts starts programs under; it must start fast, so nothing else loads for it.
import { execGuarded } from "./base/process/exec-guarded.ts";

if (process.argv[2] === "__exec") process.exitCode = await execGuarded(process.argv.slice(3));
else {
  const { runCli } = await import("./commands/cli/run-cli.ts");
  const exitCode = await runCli(process.argv.slice(2));
  // An answer that could not be written has set a code already.
  process.exitCode = exitCode === 0 ? process.exitCode : exitCode;
}
