// `npm run test:chaos -- --minutes N [--seed S]`: the chaos and network tests of test/chaos for so long, with accidents
// that take longer than a lease. Prints each seed. Plain Node.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

const DEFAULT_MINUTES = 5;
/** The runner of tests ends a phase after 40 minutes. */
const MOST_MINUTES = 30;

function numberAfter(name, fallback) {
  const at = process.argv.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at === -1) return fallback;
  const value = Number(process.argv[at].split("=")[1] ?? process.argv[at + 1]);
  if (Number.isFinite(value) && value > 0) return value;
  process.stderr.write(`${name} takes a number\n`);
  process.exit(2);
}

const minutes = numberAfter("--minutes", DEFAULT_MINUTES);
if (minutes > MOST_MINUTES) {
  process.stderr.write(`--minutes goes up to ${MOST_MINUTES}; run it again with another seed\n`);
  process.exit(2);
}
const seed = numberAfter("--seed", null);
const env = { ...process.env, CHAOS_MINUTES: String(minutes), ...(seed === null ? {} : { CHAOS_SEED: String(seed) }) };
const child = spawn(process.execPath, [join(ROOT, "scripts/test.mjs"), join(ROOT, "test/chaos")], {
  env,
  stdio: "inherit",
});
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => child.kill(name));
child.on("close", (code) => process.exit(code ?? 1));
