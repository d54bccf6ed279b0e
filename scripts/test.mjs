// Runs the tests: builds the executable when a source is newer, then `bun test` in two phases, and closes with
// `N passed, N failed` alone on the last line. `npm test -- ./path …` runs a part; flags go on to `bun test`.
// `--media` (`npm run test:media`) runs the whole corpus in test/media/ instead, which takes many minutes, and `--platforms`
// (`npm run test:platforms`) what needs programs of other platforms; `--hostile`
// (`npm run test:hostile`) all mutants of test/hostile/, `--fuzz` (`npm run test:fuzz`) all malformed messages of
// test/fuzz/ and `--sim` (`npm run test:sim`) many more simulated clusters, of which the usual run takes a few. `--long`
// (`npm run test:long`) runs every row of the tables of which the usual run takes one of each kind
// (test/support/long-run.ts). `--quick` (`npm run test:quick`) is for between two edits: lint, types, and the tests that
// start no program.
// Plain Node. Nothing counts as passed here that did not run: see `countsOf` and `filesWithoutTests`.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative, resolve, sep } from "node:path";
import { EXECUTABLE, filesBelow, isExecutableStale } from "./executable.mjs";
import { BUN, environmentWithFfmpeg, ROOT } from "./setup.mjs";

const MINUTE_MS = 60_000;

/**
 * Two phases. End-to-end and chaos tests often wait for processes, sockets and disks, so more of them run at a time than
 * a small machine has cores. They come last, so that their clusters do not make the quick tests late, and with more patience.
 */
const PHASES = [
  {
    name: "unit, simulation, integration",
    isHeavy: false,
    parallel: 3,
    testTimeoutMs: 3 * MINUTE_MS,
    limitMs: 20 * MINUTE_MS,
  },
  { name: "end to end", isHeavy: true, parallel: 3, testTimeoutMs: 5 * MINUTE_MS, limitMs: 40 * MINUTE_MS },
];
const HEAVY_FOLDERS = [
  "test/e2e/",
  "test/chaos/",
  "test/hostile/",
  "test/media/",
  "test/differential/",
  "test/ffmpegs/",
  "test/platforms/",
];
/** Left out unless asked for with a flag, which asks for nothing else. */
const MEDIA_FOLDER = "test/media/";
const PLATFORMS_FOLDER = "test/platforms/";
const APART = [MEDIA_FOLDER, PLATFORMS_FOLDER];
/** How a test says that it has more rows than the usual run takes. */
const HAS_MORE_ROWS = /test\/support\/long-run\.ts|"\.\.\/support\/long-run\.ts"/;
/**
 * Flags that run more of one folder, or of the files that match, than the usual run does; `counts` unless the
 * environment says otherwise.
 */
const LONG_RUNS = {
  "--long": { matches: HAS_MORE_ROWS, counts: { FFCLUSTER_TEST_LONG: "1" } },
  "--media": { folder: MEDIA_FOLDER, counts: {} },
  "--platforms": { folder: PLATFORMS_FOLDER, counts: {} },
  "--hostile": { folder: "test/hostile/", counts: { FFCLUSTER_HOSTILE_COUNT: "240", FFCLUSTER_TEST_LONG: "1" } },
  "--fuzz": { folder: "test/fuzz/", counts: { FFCLUSTER_FUZZ_COUNT: "10000" } },
  "--sim": { folder: "test/sim/", counts: { SIM_CLUSTERS: "10000" } },
};
const QUICK = "--quick";
/** What `--quick` runs of the simulation. */
const QUICK_COUNTS = { SIM_CLUSTERS: "200" };
/** How a test that starts ffmpeg or the executable gets hold of it. */
const STARTS_PROGRAMS = /\b(?:findTools|hardCase|runProcess|runTool|selfCommand|Bun\.spawn)\(|test\/support\/media/;
/** How long the slowest files take, so that they begin first. */
const TIMINGS = join(ROOT, "scripts/test-timings.json");

/** Paths from the repository's root with `/`, below the wanted paths (all of them when none is given). `apart`: a folder of those, or null. */
function testFiles(wantedPaths, apart) {
  const wanted = wantedPaths.map((path) => resolve(process.env.INIT_CWD ?? process.cwd(), path));
  return ["src", "test"]
    .flatMap((folder) => filesBelow(join(ROOT, folder), (name) => /\.test\.tsx?$/.test(name)))
    .filter((file) => wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(path + sep)))
    .map((file) => relative(ROOT, file).split(sep).join("/"))
    .filter((file) => (APART.find((folder) => file.startsWith(folder)) ?? null) === apart);
}

/** The simulation, and tests beside the code that start no program. */
function isQuick(file) {
  if (file.startsWith("test/sim/")) return true;
  return file.startsWith("src/") && !STARTS_PROGRAMS.test(readFileSync(join(ROOT, file), "utf8"));
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

/** `folder`: of this run of all phases. What tests make or find out once for all of them is kept there. */
async function runPhase(phase, files, { flags, env, folder }) {
  process.stderr.write(`\n== ${phase.name}: ${files.length} ${files.length === 1 ? "file" : "files"}\n`);
  const junitPath = join(folder, "junit.xml");
  rmSync(junitPath, { force: true });
  let stderr = "";
  const command = [BUN, "test", `--parallel=${phase.parallel}`, `--timeout=${phase.testTimeoutMs}`];
  if (existsSync(TIMINGS)) command.push(`--timings=${TIMINGS}`);
  command.push("--reporter=junit", `--reporter-outfile=${junitPath}`, ...flags, ...files.map((file) => `./${file}`));
  const { exitCode, isLate } = await run(command, {
    env: { ...env, FFCLUSTER_TEST_CACHE: folder },
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
}

/**
 * A distribution's ffmpeg is linked with two hundred libraries, and half of the 80 ms of its start goes by in looking
 * through all of them for each symbol of the last ones. Those three have most symbols; loaded first, which changes nothing
 * else, they are found at once: a start is an eighth shorter. An ffmpeg that has none of them is started as it is, and so are all where
 * others are named besides.
 */
function withQuickStarts(env) {
  if (process.platform !== "linux" || env.LD_PRELOAD || env.FFCLUSTER_FFMPEGS) return env;
  const ffmpeg = (env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "ffmpeg"))
    .find(existsSync);
  const linked = ffmpeg === undefined ? "" : (spawnSync("ldd", [ffmpeg], { encoding: "utf8" }).stdout ?? "");
  const libraries = [...linked.matchAll(/^\s*(lib(?:epoxy|crypto|lapack)\.so\.\d+) => \//gm)].map((match) => match[1]);
  return libraries.length === 0 ? env : { ...env, LD_PRELOAD: libraries.join(" ") };
}

/** What the arguments ask for. A flag's value must be joined to it with "=", so that a path is always a path. */
function readArguments(args) {
  const long = LONG_RUNS[args.find((arg) => Object.hasOwn(LONG_RUNS, arg))];
  const quick = args.includes(QUICK);
  const flags = args.filter((arg) => arg.startsWith("-") && arg !== QUICK && !Object.hasOwn(LONG_RUNS, arg));
  const asked = args.filter((arg) => !arg.startsWith("-"));
  const paths = long?.folder === undefined || asked.length > 0 ? asked : [join(ROOT, long.folder)];
  const matches = long?.matches ?? /^/;
  const files = testFiles(paths, APART.find((folder) => folder === long?.folder) ?? null)
    .filter((file) => !quick || isQuick(file))
    .filter((file) => matches.test(readFileSync(join(ROOT, file), "utf8")));
  return { files, flags, quick, counts: long?.counts ?? (quick ? QUICK_COUNTS : {}) };
}

/** Programs that tests start from the source have the guard of the executable, which is as new (base/process/guard.ts). */
function withBuiltGuard(env) {
  return { FFCLUSTER_BUILT_GUARD: EXECUTABLE, ...env };
}

/** Variables of the environment that are empty or absent get these values. */
function withCounts(env, counts) {
  return { ...env, ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, env[name] || count])) };
}

async function main() {
  const { files, flags, quick, counts: asked } = readArguments(process.argv.slice(2));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const usual = withQuickStarts(withCounts(environmentWithFfmpeg(), asked));
  const env = quick ? usual : withBuiltGuard(usual);
  if (files.length === 0) process.stderr.write("no test file there\n");
  else if (quick || isExecutableStale()) {
    const first = quick ? [BUN, "run", "check"] : [BUN, join(ROOT, "build.ts")];
    const { exitCode } = await run(first, { env, limitMs: 5 * MINUTE_MS });
    if (exitCode !== 0) total.failed += 1;
  }
  const folder = mkdtempSync(join(tmpdir(), "ffcluster-tests-"));
  try {
    for (const phase of PHASES) {
      const own = files.filter((file) => HEAVY_FOLDERS.some((heavy) => file.startsWith(heavy)) === phase.isHeavy);
      if (own.length === 0 || interrupted) continue;
      const counts = await runPhase(phase, own, { flags, env, folder });
      for (const key of Object.keys(total)) total[key] += counts[key];
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (interrupted) total.failed += 1;
  const skipped = total.skipped > 0 ? `${total.skipped} skipped\n` : "";
  process.stdout.write(`\n${skipped}${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

await main();
