// Compiles the one executable for a platform. The runtimes of other platforms come from the npm registry, and Bun keeps
// them in its cache.
import { chmod, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import type { Platform } from "../src/ffmpeg-install/platform.ts";
import { checkSignature, signAdHoc } from "./mach-o.ts";
import { isDarwin, isWindows } from "./platforms.ts";
import { setVersionResource } from "./version-resource.ts";

const ROOT = join(import.meta.dir, "..");
const ENTRY = join(ROOT, "src/cli.ts");
const SIGNED_AS = "ffcluster";

export interface CompileRequest {
  /** Null: this machine. */
  readonly platform: Platform | null;
  readonly path: string;
  /** What `ffcluster version` names; null outside of a checkout. */
  readonly commit: string | null;
}

/** Bun writes another signature for arm64 than for x64, whose hashes are those of the runtime without the program. */
async function sign(path: string): Promise<void> {
  const bytes = await readFile(path);
  const { wrongPages, isWhole } = checkSignature(bytes);
  if (wrongPages > 0 || !isWhole) await writeFile(path, signAdHoc(bytes, SIGNED_AS));
  const report = checkSignature(await readFile(path));
  if (report.wrongPages > 0 || !report.isWhole) throw new Error(`${path}: the signature does not hold`);
}

/** Bun leaves its own name in a program for Windows that is made elsewhere. */
async function nameProgram(path: string): Promise<void> {
  const bytes = await readFile(path);
  setVersionResource(bytes, packageJson.version);
  await writeFile(path, bytes);
}

/** By rename, so that an executable that is running, or a build beside this one, is not disturbed. */
export async function compile({ platform, path, commit }: CompileRequest): Promise<void> {
  // The extension stays last: for Windows the compiler adds ".exe" to any other name.
  const tempPath = join(dirname(path), `.building-${process.pid}-${basename(path)}`);
  try {
    await Bun.build({
      entrypoints: [ENTRY],
      // Identifiers are kept, so that a stack trace in a bug report can be read.
      minify: { whitespace: true, syntax: true, identifiers: false },
      // Halves the time to start (measured: 67 ms to 29 ms); works with ES modules only.
      bytecode: true,
      // The guard of every ffmpeg loads its own few lines instead of the whole program: 26 ms of CPU become 8.
      splitting: true,
      format: "esm",
      target: "bun",
      define: { "process.env.FFCLUSTER_COMMIT": JSON.stringify(commit ?? "") },
      compile: {
        ...(platform === null ? {} : { target: `bun-${platform}` as const }),
        outfile: tempPath,
        // A stranger's .env or bunfig.toml in the current folder must not run inside ffcluster.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
    });
    if (platform !== null && isDarwin(platform)) await sign(tempPath);
    if (platform === null ? process.platform === "win32" : isWindows(platform)) await nameProgram(tempPath);
    if (platform !== null && !isWindows(platform)) await chmod(tempPath, 0o755);
    await rename(tempPath, path);
  } finally {
    await rm(tempPath, { force: true });
  }
}
