// What a build does, step by step: compile, and on request pack, and sum up.
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import type { Platform } from "../src/ffmpeg-install/platform.ts";
import { writeArchive } from "./archive.ts";
import { compile } from "./compile.ts";
import { buildDeb, hasDeb } from "./deb.ts";
import { type FfmpegChoice, ffmpegFor } from "./ffmpeg.ts";
import { writeInstaller } from "./installer.ts";
import { placeNpmPackages } from "./npm-packages.ts";
import { executableName, isDarwin, isWindows, type Target, UNIVERSAL } from "./platforms.ts";
import { runProgram } from "./run-program.ts";
import { stage } from "./stage.ts";
import type { Component } from "./start-scripts.ts";
import { joinUniversal } from "./universal.ts";

const ROOT = join(import.meta.dir, "..");
const DIST = join(ROOT, "dist");
const VERSION = packageJson.version;

export interface PackRequest {
  /** Null: the archives start both. */
  readonly component: Component | null;
  readonly ffmpeg: Pick<FfmpegChoice, "named" | "lock" | "mirror">;
  readonly isDeb: boolean;
  readonly isNpm: boolean;
  readonly baseUrl: string | null;
}

export interface BuildRequest {
  /** None: this machine, as dist/ffcluster. */
  readonly targets: readonly Target[];
  readonly pack: PackRequest | null;
}

interface Origin {
  readonly commit: string | null;
  /** That of every file in an archive: when the commit was made. */
  readonly time: Date;
}

/** Outside of a checkout there is no commit, and the time is the beginning of time. */
async function originOf(): Promise<Origin> {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  try {
    const [commit = "", seconds = ""] = (await runProgram("git", ["-C", ROOT, "log", "-1", "--format=%H %ct"])).split(
      " ",
    );
    return { commit, time: new Date(Number(epoch ?? seconds) * 1000) };
  } catch {
    // No git, or no checkout: an archive of the sources can be built too.
    return { commit: null, time: new Date(Number(epoch ?? 315_532_800) * 1000) };
  }
}

async function say(path: string, startedAt: number): Promise<void> {
  const megabytes = ((await stat(path)).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.error(`built ${path.slice(ROOT.length + 1)}: ${megabytes} MB in ${seconds} s`);
}

function partsOf(target: Target): readonly Platform[] {
  return target === UNIVERSAL ? ["darwin-x64", "darwin-arm64"] : [target];
}

async function compileTargets(targets: readonly Target[], commit: string | null): Promise<void> {
  for (const platform of new Set(targets.flatMap(partsOf))) {
    const startedAt = performance.now();
    const path = join(DIST, executableName(platform));
    await compile({ platform, path, commit });
    await say(path, startedAt);
  }
  if (!targets.includes(UNIVERSAL)) return;
  const startedAt = performance.now();
  const path = join(DIST, executableName(UNIVERSAL));
  const parts = partsOf(UNIVERSAL).map((platform) => join(DIST, executableName(platform)));
  await joinUniversal(parts, path);
  await chmod(path, 0o755);
  await say(path, startedAt);
}

async function archive(target: Target, pack: PackRequest, time: Date): Promise<string> {
  const startedAt = performance.now();
  const { component } = pack;
  const stem = ["ffcluster", ...(component === null ? [] : [component]), VERSION, target].join("-");
  const name = `${stem}.${isWindows(target) ? "zip" : "tar.gz"}`;
  const folder = join(DIST, `.staged-${process.pid}-${stem}`);
  const tempPath = join(DIST, `.archive-${process.pid}-${name}`);
  try {
    const ffmpegFolder = await ffmpegFor(target, { ...pack.ffmpeg, workFolder: join(DIST, ".ffmpeg") });
    const executable = join(DIST, executableName(target));
    await stage({ target, version: VERSION, executable, ffmpegFolder, component, time }, folder);
    await writeArchive(folder, tempPath, time);
    await rename(tempPath, join(DIST, name));
  } finally {
    for (const path of [folder, tempPath]) await rm(path, { recursive: true, force: true });
  }
  await say(join(DIST, name), startedAt);
  return name;
}

async function packNpm(platforms: readonly Platform[]): Promise<string[]> {
  const startedAt = performance.now();
  const folder = join(DIST, `.npm-${process.pid}`);
  try {
    const executables = new Map(platforms.map((platform) => [platform, join(DIST, executableName(platform))]));
    const names: string[] = [];
    for (const each of await placeNpmPackages(folder, VERSION, executables)) {
      const said = await runProgram("npm", ["pack", "--silent", "--pack-destination", DIST], {}, each);
      const name = said.trim();
      await say(join(DIST, name), startedAt);
      names.push(name);
    }
    return names;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function packDebs(platforms: readonly Platform[], time: Date): Promise<string[]> {
  const names: string[] = [];
  for (const platform of platforms.filter(hasDeb)) {
    const startedAt = performance.now();
    const executable = join(DIST, executableName(platform));
    const folder = join(DIST, `.deb-${process.pid}-${platform}`);
    const name = await buildDeb({ platform, version: VERSION, executable, time }, folder, DIST);
    await say(join(DIST, name), startedAt);
    names.push(name);
  }
  return names;
}

async function writeSums(names: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const name of [...names].sort()) {
    const digest = createHash("sha256")
      .update(await readFile(join(DIST, name)))
      .digest("hex");
    lines.push(`${digest}  ${name}\n`);
  }
  await writeFile(join(DIST, "SHA256SUMS"), lines.join(""));
  return lines.join("");
}

async function pack(targets: readonly Target[], request: PackRequest, time: Date): Promise<void> {
  const platforms = [...new Set(targets.flatMap(partsOf))];
  const names: string[] = [];
  for (const target of targets) names.push(await archive(target, request, time));
  if (request.isDeb) names.push(...(await packDebs(platforms, time)));
  if (request.isNpm) names.push(...(await packNpm(platforms)));
  const sums = await writeSums(names);
  await writeInstaller(join(DIST, "install.sh"), { version: VERSION, sums, baseUrl: request.baseUrl });
  console.error(`wrote dist/SHA256SUMS and dist/install.sh`);
}

export async function build({ targets, pack: packing }: BuildRequest): Promise<void> {
  const { commit, time } = await originOf();
  await mkdir(DIST, { recursive: true });
  if (targets.length === 0 && packing === null) {
    const startedAt = performance.now();
    const path = join(DIST, process.platform === "win32" ? "ffcluster.exe" : "ffcluster");
    await compile({ platform: null, path, commit });
    await say(path, startedAt);
    return;
  }
  if (targets.length === 0) throw new Error("--pack needs a platform: -p NAME or --all");
  await compileTargets(targets, commit);
  if (packing !== null) await pack(targets, packing, time);
  if (targets.some(isDarwin)) console.error("the darwin programs are signed ad hoc; none was run on a Mac");
}
