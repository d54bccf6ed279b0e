// Runs the tests: builds the executable when a source is newer, then `bun test` in two phases, and closes with
// `N passed, N failed` alone on the last line. `npm test -- ./path …` runs a part; flags go on to `bun test`.
// `--media` (`npm run test:media`) runs the whole corpus in test/media/ instead, which takes many minutes; `--hostile`
// (`npm run test:hostile`) all mutants of test/hostile/, of which the usual run takes a few.
// Plain Node. Nothing counts as passed here that did not run: see `countsOf` and `filesWithoutTests`.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve, sep } from "node:path";
import { filesBelow, isExecutableStale } from "./executable.mjs";
import { BUN, environmentWithFfmpeg, ROOT } from "./setup.mjs";

const MINUTE_MS = 60_000;

/**
 * Two phases, each two files at a time: end-to-end and chaos tests often wait for processes, sockets and disks. They come
 * last, so that their clusters do not make the quick tests late, and with more patience.
 */
const PHASES = [
  {
    name: "unit, simulation, integration",
    isHeavy: false,
    parallel: 2,
    testTimeoutMs: 3 * MINUTE_MS,
    limitMs: 20 * MINUTE_MS,
  },
  { name: "end to end", isHeavy: true, parallel: 2, testTimeoutMs: 5 * MINUTE_MS, limitMs: 40 * MINUTE_MS },
];
const HEAVY_FOLDERS = [
  "test/e2e/",
  "test/chaos/",
  "test/hostile/",
  "test/media/",
  "test/differential/",
  "test/ffmpegs/",
];
/** Left out unless asked for with `--media`, which asks for nothing else. */
const MEDIA_FOLDER = "test/media/";
const HOSTILE_FOLDER = "test/hostile/";
/** What `--hostile` runs unless FFCLUSTER_HOSTILE_COUNT says otherwise. */
const ALL_MUTANTS = "240";

/** Paths from the repository's root with `/`, below the wanted paths (all of them when none is given). */
function testFiles(wantedPaths, isMedia) {
  const wanted = wantedPaths.map((path) => resolve(process.env.INIT_CWD ?? process.cwd(), path));
  return ["src", "test"]
    .flatMap((folder) => filesBelow(join(ROOT, folder), (name) => /\.test\.tsx?$/.test(name)))
    .filter((file) => wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(path + sep)))
    .map((file) => relative(ROOT, file).split(sep).join("/"))
    .filter((file) => file.startsWith(MEDIA_FOLDER) === isMedia);
}

let interrupted = false;

function run(command, { env, onStderr, limitMs }) {
  return new Promise((resolveRun) => {
    const [program, ...args] = command;
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ["ignore", "inherit", "pipe"] });
    const stop = (signal) => child.kill(signal);
    const forward = () => {
      interrupted = true;
      stop("SIGINT");
    };
    process.on("SIGINT", forward);
    process.on("SIGTERM", forward);
    let isLate = false;
    let killer;
    const limit = setTimeout(() => {
      isLate = true;
      stop("SIGTERM");
      killer = setTimeout(stop, 10_000, "SIGKILL");
    }, limitMs);
    child.stderr.on("data", (chunk) => {
      process.stderr.write(chunk);
      onStderr?.(chunk);
    });
    const end = (exitCode) => {
      clearTimeout(limit);
      clearTimeout(killer);
      process.off("SIGINT", forward);
      process.off("SIGTERM", forward);
      resolveRun({ exitCode, isLate });
    };
    child.on("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      end(1);
    });
    child.on("close", (code) => end(code ?? 1));
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours come as escape sequences
const COLOURS = /\u001b\[[0-9;]*m/g;

/** Bun's closing lines on stderr, such as ` 4 pass`. `ran` is false when Bun never came to write them. */
function countsOf(stderr) {
  const text = stderr.replace(COLOURS, "");
  const closing = text.slice(-1000);
  const last = (pattern) => Number([...closing.matchAll(pattern)].at(-1)?.[1] ?? 0);
  return {
    ran: /^Ran \d+ tests? across \d+ files?/m.test(closing),
    passed: last(/^ (\d+) pass$/gm),
    failed: last(/^ (\d+) fail$/gm),
    skipped: last(/^ (\d+) skip$/gm) + last(/^ (\d+) todo$/gm),
    // Files that could not be loaded; Bun counts them in `failed` too.
    unloadable: last(/^ (\d+) errors?$/gm),
  };
}

/** Bun ends with 0 for a file that holds no test; such a file is a mistake. */
function filesWithoutTests(files, junitPath) {
  const report = existsSync(junitPath) ? readFileSync(junitPath, "utf8") : "";
  const plain = (text) => text.replaceAll("&quot;", '"').replaceAll("&apos;", "'").replaceAll("&amp;", "&");
  const reported = new Set([...report.matchAll(/<testcase [^>]*\bfile="([^"]*)"/g)].map((match) => plain(match[1])));
  return files.filter((file) => !reported.has(file));
}

async function runPhase(phase, files, flags, env) {
  process.stderr.write(`\n== ${phase.name}: ${files.length} ${files.length === 1 ? "file" : "files"}\n`);
  const folder = mkdtempSync(join(tmpdir(), "ffcluster-tests-"));
  const junitPath = join(folder, "junit.xml");
  let stderr = "";
  try {
    const command = [BUN, "test", `--parallel=${phase.parallel}`, `--timeout=${phase.testTimeoutMs}`];
    command.push("--reporter=junit", `--reporter-outfile=${junitPath}`, ...flags, ...files.map((file) => `./${file}`));
    const { exitCode, isLate } = await run(command, {
      env,
      limitMs: phase.limitMs,
      onStderr: (chunk) => {
        stderr += chunk.toString();
      },
    });
    const counts = countsOf(stderr);
    const empty = flags.length > 0 ? [] : filesWithoutTests(files, junitPath);
    if (isLate) process.stderr.write(`stopped after ${phase.limitMs / MINUTE_MS} minutes\n`);
    for (const file of empty) process.stderr.write(`no test ran in ${file}\n`);
    let failed = counts.failed + Math.max(0, empty.length - counts.unloadable);
    if (failed === 0 && (exitCode !== 0 || isLate || !counts.ran)) failed = 1;
    return { passed: counts.passed, failed, skipped: counts.skipped };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  const args = process.argv.slice(2);
  // A flag's value must be joined to it with "=", so that a path is always a path.
  const flags = args.filter((arg) => arg.startsWith("-") && !["--media", "--hostile"].includes(arg));
  const isHostile = args.includes("--hostile");
  const paths = isHostile ? [join(ROOT, HOSTILE_FOLDER)] : args.filter((arg) => !arg.startsWith("-"));
  const files = testFiles(paths, args.includes("--media"));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const hostile = isHostile ? { FFCLUSTER_HOSTILE_COUNT: process.env.FFCLUSTER_HOSTILE_COUNT || ALL_MUTANTS } : {};
  const env = { ...environmentWithFfmpeg(), ...hostile };
  if (files.length === 0) process.stderr.write("no test file there\n");
  else if (isExecutableStale()) {
    const { exitCode } = await run([BUN, join(ROOT, "build.ts")], { env, limitMs: 5 * MINUTE_MS });
    if (exitCode !== 0) total.failed += 1;
  }
  for (const phase of PHASES) {
    const own = files.filter((file) => HEAVY_FOLDERS.some((folder) => file.startsWith(folder)) === phase.isHeavy);
    if (own.length === 0 || interrupted) continue;
    const counts = await runPhase(phase, own, flags, env);
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
  if (interrupted) total.failed += 1;
  const skipped = total.skipped > 0 ? `${total.skipped} skipped\n` : "";
  process.stdout.write(`\n${skipped}${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

await main();
