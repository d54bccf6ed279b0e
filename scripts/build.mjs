// `npm run build -- [options]`: gets the packages, then runs build.ts with the Bun among them. Plain Node.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { BUN, installPackages, ROOT, SetupError } from "./setup.mjs";

try {
  installPackages();
  const { status } = spawnSync(BUN, [join(ROOT, "build.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} catch (thrown) {
  if (!(thrown instanceof SetupError)) throw thrown;
  process.stderr.write(`build: ${thrown.message}\n`);
  process.exitCode = 1;
}
