// The platforms that are released, and the names under which people ask for them.

import { PLATFORMS, type Platform } from "../src/ffmpeg-install/platform.ts";

/** Both darwin platforms in one file. */
export const UNIVERSAL = "darwin-universal";
export type Target = Platform | typeof UNIVERSAL;

const ALIASES: Readonly<Record<string, Target>> = {
  "linux-x86_64": "linux-x64",
  "linux-aarch64": "linux-arm64",
  "linux-x86_64-musl": "linux-x64-musl",
  "linux-aarch64-musl": "linux-arm64-musl",
  "macos-x86_64": "darwin-x64",
  "macos-x64": "darwin-x64",
  "macos-aarch64": "darwin-arm64",
  "macos-arm64": "darwin-arm64",
  "macos-universal2": UNIVERSAL,
  "macos-universal": UNIVERSAL,
  "windows-x86_64": "windows-x64",
};

/** Errors: a plain one that lists every name. */
export function parseTarget(name: string): Target {
  const targets: readonly Target[] = [...PLATFORMS, UNIVERSAL];
  const known = targets.find((target) => target === name) ?? ALIASES[name];
  if (known !== undefined) return known;
  const names = [...targets, ...Object.keys(ALIASES)].join(", ");
  throw new Error(`unknown platform ${name}; known are ${names}`);
}

export function isDarwin(target: Target): boolean {
  return target.startsWith("darwin");
}

export function isWindows(target: Target): boolean {
  return target.startsWith("windows");
}

/** The program's name inside an archive. */
export function programName(target: Target): string {
  return isWindows(target) ? "ffcluster.exe" : "ffcluster";
}

/** The program's name in dist/, where those of all platforms lie side by side. */
export function executableName(target: Target): string {
  return `ffcluster-${target}${isWindows(target) ? ".exe" : ""}`;
}
