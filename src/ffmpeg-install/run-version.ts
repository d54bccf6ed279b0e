// Runs what was unpacked, once, before it gets its place: both programs must say their version, and the same one.
import { basename, join } from "node:path";
import { AppError } from "../base/errors.ts";
import { ProgramNotFound, runProcess } from "../base/process/run-process.ts";
import { isTooOld } from "../media/ffmpeg/releases.ts";
import { parseVersion, type Version } from "../media/ffmpeg/version.ts";

const WITHIN_MS = 60_000;

const OTHER_WAYS =
  "Nothing was installed. Take another source with --source, or your system's own package; Linux builds need glibc.";

async function versionOf(path: string, signal: AbortSignal | undefined): Promise<Version> {
  const name = basename(path);
  try {
    const result = await runProcess({ program: path, args: ["-version"], timeoutMs: WITHIN_MS, signal });
    signal?.throwIfAborted();
    const version = result.exitCode === 0 ? parseVersion(result.stdout) : null;
    if (version !== null) return version;
    const words = result.stderrTail.trim().split("\n").at(-1) ?? "";
    throw new AppError(
      "E_FFMPEG_MISSING",
      `the downloaded ${name} does not run here${words && `: ${words}`}`,
      OTHER_WAYS,
    );
  } catch (thrown) {
    if (!(thrown instanceof ProgramNotFound)) throw thrown;
    throw new AppError("E_FFMPEG_MISSING", `the downloaded ${name} cannot be started here`, OTHER_WAYS, {
      cause: thrown,
    });
  }
}

/** As ffmpeg says it. Errors: E_FFMPEG_MISSING when one does not run, or they are of two versions; E_FFMPEG_OLD. */
export async function versionOfPrograms(
  folder: string,
  programs: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const versions: Version[] = [];
  for (const name of programs) versions.push(await versionOf(join(folder, name), signal));
  const [first, second] = versions;
  if (first === undefined || first.version !== second?.version) {
    const words = versions.map(({ version }) => version).join(" and ");
    throw new AppError("E_FFMPEG_MISSING", `the two programs are of two versions: ${words}`, OTHER_WAYS);
  }
  if (isTooOld(first))
    throw new AppError("E_FFMPEG_OLD", `the downloaded ffmpeg is version ${first.version}`, OTHER_WAYS);
  return first.version;
}
