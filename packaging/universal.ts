// Joins the two darwin programs into one that runs on both kinds of Mac.
import { runProgram } from "./run-program.ts";

const TOOLS = ["lipo", "llvm-lipo", ...Array.from({ length: 12 }, (_, index) => `llvm-lipo-${22 - index}`)];

/** Each half keeps its own signature. Errors: a plain one that names the tools, when none of them is here. */
export async function joinUniversal(executables: readonly string[], path: string): Promise<void> {
  const tool = TOOLS.find((name) => Bun.which(name) !== null);
  if (tool === undefined) {
    throw new Error("no lipo is here to join the darwin programs; install Xcode's tools, or Debian's llvm (llvm-lipo)");
  }
  await runProgram(tool, ["-create", "-output", path, ...executables]);
}
