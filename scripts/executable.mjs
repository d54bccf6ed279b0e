// The executable in dist/ and whether it is older than what it is built from. Plain Node.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

export const EXECUTABLE = join(ROOT, "dist", process.platform === "win32" ? "ffcluster.exe" : "ffcluster");

/** The files below `folder` whose name is accepted, sorted; none when there is no such folder. */
export function filesBelow(folder, accept) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && accept(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** True when dist/ has no executable, or one that is older than a source. */
export function isExecutableStale() {
  if (!existsSync(EXECUTABLE)) return true;
  const builtAt = statSync(EXECUTABLE).mtimeMs;
  const inputs = [
    ...filesBelow(join(ROOT, "src"), (name) => !name.includes(".test.")),
    join(ROOT, "packaging/compile.ts"),
    ...["build.ts", "package.json", "package-lock.json", "tsconfig.json"].map((name) => join(ROOT, name)),
  ];
  return inputs.some((path) => statSync(path).mtimeMs > builtAt);
}
