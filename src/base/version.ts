// The version of this program, from package.json, bundled into the executable, and the kind of machine that it runs on.
import packageJson from "../../package.json" with { type: "json" };

export const VERSION: string = packageJson.version;

/** The commit that an executable was built from: build.ts writes it in. Null when that is not known. */
export const COMMIT: string | null = process.env.FFCLUSTER_COMMIT || null;

/** A machine by its system and processor, as releases name them: `windows-x64`, `linux-arm64`, `darwin-arm64`. */
export function machineKind(platform: NodeJS.Platform = process.platform, arch: string = process.arch): string {
  return `${platform === "win32" ? "windows" : platform}-${arch}`;
}
