// The npm packages: one for each platform with the executable alone, and one that everybody installs, which starts the
// right one. No install script: npm itself leaves out the packages of other platforms.
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Platform } from "../src/ffmpeg-install/platform.ts";
import { OWN_LICENCE, thirdPartyNotices } from "./licences.ts";
import { programName } from "./platforms.ts";

const DESCRIPTION = "One video, many machines, one exact file back.";
const NODE_SYSTEMS: Readonly<Record<string, string>> = { linux: "linux", darwin: "darwin", windows: "win32" };

function packageName(platform: Platform): string {
  return `@ffcluster/${platform}`;
}

/** npm's names for what a package runs on. */
function conditionsOf(platform: Platform): { os: string[]; cpu: string[]; libc?: string[] } {
  const [system = "", cpu = "", libc] = platform.split("-");
  const base = { os: [NODE_SYSTEMS[system] ?? system], cpu: [cpu] };
  return system === "linux" ? { ...base, libc: [libc ?? "glibc"] } : base;
}

async function writeJson(path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

async function placePlatform(folder: string, platform: Platform, version: string, executable: string): Promise<void> {
  const program = programName(platform);
  await mkdir(folder, { recursive: true });
  await copyFile(executable, join(folder, program));
  await chmod(join(folder, program), 0o755);
  await copyFile(OWN_LICENCE, join(folder, "LICENSE"));
  await writeFile(join(folder, "THIRD-PARTY.txt"), await thirdPartyNotices());
  await writeJson(join(folder, "package.json"), {
    name: packageName(platform),
    version,
    description: `${DESCRIPTION} The executable for ${platform}.`,
    license: "MIT",
    ...conditionsOf(platform),
    files: [program, "THIRD-PARTY.txt"],
    preferUnplugged: true,
  });
}

async function placeLauncher(folder: string, platforms: readonly Platform[], version: string): Promise<void> {
  await mkdir(join(folder, "bin"), { recursive: true });
  await copyFile(join(import.meta.dir, "npm/launcher.cjs"), join(folder, "bin/ffcluster.cjs"));
  await copyFile(OWN_LICENCE, join(folder, "LICENSE"));
  await writeFile(join(folder, "THIRD-PARTY.txt"), await thirdPartyNotices());
  // Loaded when a package is made: a plain build needs no contract.
  await (await import("./npm/client-library.ts")).placeClientLibrary(folder);
  await writeJson(join(folder, "package.json"), {
    name: "ffcluster",
    version,
    description: DESCRIPTION,
    license: "MIT",
    type: "module",
    bin: { ffcluster: "bin/ffcluster.cjs" },
    exports: { "./client": { types: "./client.d.ts", default: "./client.js" }, "./package.json": "./package.json" },
    files: ["bin", "client.js", "client.d.ts", "THIRD-PARTY.txt"],
    engines: { node: ">=20" },
    optionalDependencies: Object.fromEntries(platforms.map((platform) => [packageName(platform), version])),
  });
}

/**
 * Lays the packages out below `folder`, ready for `npm pack`, and returns their folders.
 * `executables`: by platform, where each compiled program is.
 */
export async function placeNpmPackages(
  folder: string,
  version: string,
  executables: ReadonlyMap<Platform, string>,
): Promise<string[]> {
  const launcher = join(folder, "ffcluster");
  await placeLauncher(launcher, [...executables.keys()], version);
  const folders = [launcher];
  for (const [platform, executable] of executables) {
    const own = join(folder, platform);
    await placePlatform(own, platform, version, executable);
    folders.push(own);
  }
  return folders;
}
