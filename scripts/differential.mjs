// `npm run test:differential -- --seed S --count N [--ffmpegs DIR --version V] [--recipe FILE] [--shrink] [--keep DIR]`:
// made-up files, each held against plain ffmpeg (test/differential/). Builds the executable when a source is newer.
// Plain Node.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { isExecutableStale } from "./executable.mjs";
import { BUN, environmentWithFfmpeg, ROOT } from "./setup.mjs";

const env = environmentWithFfmpeg();
const run = (...args) => spawnSync(BUN, args, { cwd: ROOT, env, stdio: "inherit" }).status ?? 1;

const built = isExecutableStale() ? run(join(ROOT, "build.ts")) : 0;
process.exitCode = built || run(join(ROOT, "test/differential/run-seeds.ts"), ...process.argv.slice(2));
