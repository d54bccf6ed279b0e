// The entry point. `__exec` is the guarded child runner of base/process.ts and must start fast: nothing else loads for it.
import { execGuarded } from "./base/process.ts";

if (process.argv[2] === "__exec") process.exitCode = await execGuarded(process.argv.slice(3));
