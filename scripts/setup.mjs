// Gets a machine ready: packages as the lock file names them, and ffmpeg with ffprobe. Plain Node, no packages, since
// it runs before there are any. Silent when everything is there; run it as often as you like.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const WINDOWS = process.platform === "win32";
const EXE = WINDOWS ? ".exe" : "";
/** libavcodec of ffmpeg 5.1: builds from git have no number in their name, but they say this. */
const LIBAVCODEC_5_1 = [59, 37];

/** What a person can act on: printed without a stack. */
export class SetupError extends Error {}

const say = (line) => process.stderr.write(`setup: ${line}\n`);

function run(program, args, options = {}) {
  return spawnSync(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", ...options });
}

// ---- packages -------------------------------------------------------------------------------------------------------

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** True when node_modules holds what package-lock.json asks for; packages of other platforms may be absent. */
function packagesMatchLock() {
  const installedPath = join(ROOT, "node_modules/.package-lock.json");
  if (!existsSync(installedPath)) return false;
  const installed = readJson(installedPath).packages;
  return Object.entries(readJson(join(ROOT, "package-lock.json")).packages).every(([path, wanted]) => {
    if (path === "") return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true;
    return found.version === wanted.version && existsSync(join(ROOT, path));
  });
}

/** npm with install scripts switched off leaves a small text file where Bun's program belongs. */
function bunIsStub() {
  const program = join(ROOT, "node_modules/bun/bin/bun.exe");
  return !existsSync(program) || statSync(program).size < 1_000_000;
}

function runNpm(args) {
  const inherited = process.env.npm_execpath ?? "";
  if (/\.c?js$/.test(inherited) && existsSync(inherited)) return run(process.execPath, [inherited, ...args]);
  return WINDOWS ? run("cmd.exe", ["/d", "/c", "npm", ...args]) : run("npm", args);
}

export function installPackages() {
  if (!packagesMatchLock()) {
    say("installing packages (npm ci) …");
    const npm = runNpm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    if (npm.error || npm.status !== 0) {
      const words = (npm.error?.message ?? npm.stderr).trim().split("\n").slice(-15).join("\n");
      throw new SetupError(`npm ci failed:\n${words}\nIt needs the npm registry; then run this again.`);
    }
  }
  if (!bunIsStub()) return;
  say("fetching Bun's program, which npm was told not to …");
  const cure = run(process.execPath, [join(ROOT, "node_modules/bun/install.js")], {
    cwd: join(ROOT, "node_modules/bun"),
  });
  if (cure.status !== 0 || bunIsStub()) {
    throw new SetupError(`Bun could not be installed:\n${cure.stderr.trim()}\nTry \`npm ci --ignore-scripts=false\`.`);
  }
}

// ---- ffmpeg ---------------------------------------------------------------------------------------------------------

/** The version in the first line of `-version`, and whether it is 5.1 or newer. Null when the program does not run. */
function versionOf(program) {
  const answer = run(program, ["-version"]);
  if (answer.error || answer.status !== 0) return null;
  const name = /version (\S+)/.exec(answer.stdout)?.[1] ?? "unknown";
  const [, major, minor] = /libavcodec\s+(\d+)\.\s*(\d+)\./.exec(answer.stdout) ?? [];
  const number = /^n?(\d+)\.(\d+)/.exec(name);
  const [have, need] = number
    ? [
        [Number(number[1]), Number(number[2])],
        [5, 1],
      ]
    : [[Number(major ?? 0), Number(minor ?? 0)], LIBAVCODEC_5_1];
  return { name, isEnough: have[0] > need[0] || (have[0] === need[0] && have[1] >= need[1]) };
}

/** The folder that `ffcluster ffmpeg install` put in use, as src/media/ffmpeg/installed/current-build.ts finds it; null: none. */
function installedFfmpeg() {
  const { XDG_DATA_HOME: xdg, HOME, LOCALAPPDATA: local } = process.env;
  const home = HOME || homedir();
  const data = {
    win32: local || join(home, "AppData", "Local"),
    darwin: join(home, "Library", "Application Support"),
  };
  const store = join(xdg || (data[process.platform] ?? join(home, ".local", "share")), "ffcluster", "ffmpeg");
  const current = join(store, "current.json");
  const { folder } = existsSync(current) ? readJson(current) : {};
  return typeof folder === "string" && /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(folder) ? join(store, folder) : null;
}

function ffmpegFolders() {
  const own = process.env.FFCLUSTER_FFMPEG_DIR;
  const installed = installedFfmpeg();
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return [
    ...(own ? [resolve(own)] : []),
    join(ROOT, "tools"),
    join(ROOT, "dist/tools"),
    ...(installed ? [installed] : []),
    ...path,
  ];
}

/**
 * The first folder with an ffmpeg and an ffprobe of 5.1 or newer: `FFCLUSTER_FFMPEG_DIR`, `tools/`, the one that
 * `ffcluster ffmpeg install` brought, then `PATH`.
 * `tooOld` tells of one that was passed over.
 */
export function findFfmpeg() {
  let tooOld = null;
  for (const folder of ffmpegFolders()) {
    const programs = ["ffmpeg", "ffprobe"].map((name) => join(folder, name + EXE));
    if (!programs.every((program) => existsSync(program))) continue;
    const versions = programs.map(versionOf);
    if (versions.every((version) => version?.isEnough)) return { folder, version: versions[0].name, tooOld };
    tooOld ??= `${programs[0]} is ${versions[0]?.name ?? "not able to run"}`;
  }
  return { folder: null, version: null, tooOld };
}

/** The command that runs apt-get as root without asking anything, or null where that cannot work. */
function aptGet() {
  if (process.platform !== "linux" || !existsSync("/usr/bin/apt-get")) return null;
  if (process.getuid?.() === 0) return ["/usr/bin/apt-get"];
  return run("sudo", ["-n", "true"]).status === 0 ? ["sudo", "-n", "/usr/bin/apt-get"] : null;
}

function installFfmpeg(command) {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-q"],
    ["install", "-y", "-q", "ffmpeg"],
  ]) {
    const [program, ...before] = command;
    const step = run(program, [...before, ...args], { env: environment, maxBuffer: 1 << 26 });
    if (step.status !== 0) say(`apt-get ${args[0]} failed: ${step.stderr.trim().split("\n").at(-1) ?? ""}`);
  }
}

function howToGetFfmpeg() {
  if (process.platform === "darwin") return "brew install ffmpeg";
  if (WINDOWS) return "winget install Gyan.FFmpeg";
  if (existsSync("/usr/bin/apt-get")) return "sudo apt-get update && sudo apt-get install -y ffmpeg";
  if (existsSync("/usr/bin/dnf")) return "sudo dnf install -y ffmpeg (Fedora: ffmpeg-free, or ffmpeg from RPM Fusion)";
  if (existsSync("/usr/bin/pacman")) return "sudo pacman -S ffmpeg";
  if (existsSync("/sbin/apk")) return "sudo apk add ffmpeg";
  return "install ffmpeg with the package manager of this system";
}

/** Errors: SetupError with one line that says what to do. */
function requireFfmpeg() {
  const present = findFfmpeg();
  const own = process.env.FFCLUSTER_FFMPEG_DIR;
  if (own && present.folder !== null && present.folder !== resolve(own)) {
    say(`FFCLUSTER_FFMPEG_DIR=${own} holds no ffmpeg and ffprobe of 5.1 or newer; taking ${present.folder}`);
  }
  if (present.folder !== null) return;
  const apt = aptGet();
  if (apt !== null) {
    say("installing ffmpeg (apt-get) …");
    installFfmpeg(apt);
  }
  const { folder, tooOld } = findFfmpeg();
  if (folder !== null) return;
  const what = tooOld ? `${tooOld}, and 5.1 or newer is needed` : "ffmpeg and ffprobe 5.1 or newer are needed";
  const isPackageOld = apt !== null && tooOld !== null;
  const cure = isPackageOld ? "this system's package is too old; put newer ones into tools/" : howToGetFfmpeg();
  throw new SetupError(`${what}: ${cure}  (or set FFCLUSTER_FFMPEG_DIR to a folder that has both)`);
}

/** The environment in which ffcluster, and scripts that call plain `ffmpeg`, find the ffmpeg that was found here. */
export function environmentWithFfmpeg() {
  const { folder } = findFfmpeg();
  if (folder === null) throw new SetupError(`no ffmpeg: ${howToGetFfmpeg()}`);
  const onPath = (process.env.PATH ?? "").split(delimiter).find((one) => existsSync(join(one, `ffmpeg${EXE}`)));
  const own = process.env.FFCLUSTER_FFMPEG_DIR;
  if (own ? resolve(own) === folder : onPath === folder) return process.env;
  return { ...process.env, PATH: [folder, process.env.PATH ?? ""].join(delimiter), FFCLUSTER_FFMPEG_DIR: folder };
}

/** The Bun that package-lock.json names. */
export const BUN = join(ROOT, "node_modules/bun/bin/bun.exe");

function main() {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new SetupError(`Node ${process.versions.node} is too old: install Node 20 or newer (nodejs.org).`);
  }
  installPackages();
  requireFfmpeg();
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (thrown) {
    if (!(thrown instanceof SetupError)) throw thrown;
    say(thrown.message);
    process.exitCode = 1;
  }
}
