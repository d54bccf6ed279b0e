// The platforms that ffmpeg is pinned for, by the names that releases of ffcluster have.
import { existsSync } from "node:fs";
import { machineKind } from "../base/version.ts";

export const PLATFORMS = [
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "windows-x64",
] as const;
export type Platform = (typeof PLATFORMS)[number];

/** The loader of musl, where a libc of GNU is not there too. */
function isMusl(arch: string): boolean {
  const name = arch === "arm64" ? "aarch64" : "x86_64";
  const hasGlibc = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].some((path) => existsSync(path));
  return !hasGlibc && existsSync(`/lib/ld-musl-${name}.so.1`);
}

/** Null: no release of ffcluster is for this machine. */
export function thisPlatform(): Platform | null {
  const name = `${machineKind()}${process.platform === "linux" && isMusl(process.arch) ? "-musl" : ""}`;
  return PLATFORMS.find((platform) => platform === name) ?? null;
}

/** The names of the two programs on a platform. */
export function programNames(platform: Platform): readonly string[] {
  const suffix = platform.startsWith("windows") ? ".exe" : "";
  return [`ffmpeg${suffix}`, `ffprobe${suffix}`];
}
