// The programs of Windows itself, by their full paths: one of the same name in the current folder or on the PATH is not started.
import { win32 } from "node:path";
import type { Environment } from "../config/resolve-options.ts";

export function systemProgram(name: string, env: Environment = process.env): string {
  return win32.join(env.SystemRoot || "C:\\Windows", "System32", `${name}.exe`);
}
