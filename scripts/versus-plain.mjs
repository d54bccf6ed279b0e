// `npm run test:differential` and `npm run test:ffmpegs` (docs/TESTING.md): made-up files, or the identity corpus on
// several versions of ffmpeg, each held against plain ffmpeg. Builds the executable when a source is newer, then runs the
// program named first with the options behind it. Plain Node.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { isExecutableStale } from "./executable.mjs";
import { BUN, environmentWithFfmpeg, ROOT } from "./setup.mjs";

const env = environmentWithFfmpeg();
const run = (...args) => spawnSync(BUN, args, { cwd: ROOT, env, stdio: "inherit" }).status ?? 1;

const [program, ...options] = process.argv.slice(2);
const built = isExecutableStale() ? run(join(ROOT, "build.ts")) : 0;
process.exitCode = built || run(join(ROOT, program), ...options);
