// Runs a self-test for a version of ffmpeg that is newer than all proven ones, before this machine serves or joins, so
// that no job finds out by failing.
import { AppError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { isUnproven, knownReleases } from "../ffmpeg/releases.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { selfTest } from "./self-test.ts";

/**
 * Does nothing for a known version. `workDir`: a folder for the clip, which is removed again. Errors: E_FFMPEG_UNPROVEN
 * with the line of the self-test that fails, E_INTERRUPTED.
 */
export async function proveVersion(tools: Tools, workDir: string, log: Log, signal?: AbortSignal): Promise<void> {
  if (!isUnproven(tools)) return;
  log.info(`ffmpeg ${tools.version} is newer than those proven (${knownReleases()}): a self-test decides`);
  const { checks } = await selfTest(tools, workDir, signal);
  if (signal?.aborted === true) throw new AppError("E_INTERRUPTED", "the self-test was stopped", "Start it again.");
  const failed = checks.find((check) => !check.ok);
  if (failed === undefined) return;
  throw new AppError(
    "E_FFMPEG_UNPROVEN",
    `ffmpeg ${tools.version} is newer than those proven (${knownReleases()}) and fails the self-test: ${failed.name}: ${failed.detail}`,
    "Name the folder of an older ffmpeg in FFCLUSTER_FFMPEG_DIR, or install a newer ffcluster; `ffcluster doctor` shows the whole self-test.",
  );
}
