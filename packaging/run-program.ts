// Runs a program that a build needs, and says which one is missing.

/** Returns what it printed. Errors: a plain one when it is not here, or with its last words when it fails. */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = process.cwd(),
): Promise<string> {
  const path = Bun.which(program);
  if (path === null) throw new Error(`${program} is not installed here; it is needed for this part of the build`);
  const child = Bun.spawn([path, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) === 0) return out;
  throw new Error(`${program} failed: ${err.trim().split("\n").slice(-5).join("\n")}`);
}
