// Joins `ffcluster ffmpeg …` to the installer, under a lock on the folder of builds, so that two installs at once become one.
import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { delay } from "../../base/clock.ts";
import type { Environment } from "../../base/config/resolve-options.ts";
import { AppError, errnoOf } from "../../base/errors.ts";
import { asNoSpace, isNoSpace } from "../../base/no-space.ts";
import { acquireFolderLock, type FolderLock, type FolderLockRefusal } from "../../db/folder-lock.ts";
import { builtInLock } from "../../ffmpeg-install/built-in-lock.ts";
import { installFfmpeg } from "../../ffmpeg-install/install.ts";
import { buildsFor, type PinnedBuild, readLock } from "../../ffmpeg-install/lock.ts";
import { thisPlatform } from "../../ffmpeg-install/platform.ts";
import { type FileVerdict, type InstalledBuild, listInstalled, verifyBuild } from "../../ffmpeg-install/record.ts";
import { parseMirror } from "../../ffmpeg-install/urls.ts";
import { installedFolder } from "../../media/ffmpeg/installed/current-build.ts";
import { type FoundBy, findTools, locatePrograms } from "../../media/ffmpeg/tools.ts";

const ASK_LOCK_EVERY_MS = 250;

export interface InstallRequest {
  readonly env: Environment;
  /** Null: the lock of this executable. */
  readonly lockPath: string | null;
  readonly source: string | null;
  readonly mirror: string | null;
  /** Bring what the lock names even where another build is in use. */
  readonly isUpdate: boolean;
  readonly signal: AbortSignal;
  onBytes(file: string, have: number, total: number | null): void;
  onNote(line: string): void;
}

export interface InstallAnswer {
  readonly folder: string;
  readonly version: string;
  readonly source: string;
  readonly licence: string;
  readonly source_code: string;
  readonly was_there: boolean;
  /** The lock names another build; `update` brings it. */
  readonly newer: string | null;
  /** What is used instead of it, and why; null: it is used. */
  readonly hidden_by: FoundBy | null;
  /** Folders of builds that are no longer in use. */
  readonly unused: readonly string[];
}

/** Makes the folder of builds and asks for its lock. Errors: E_NO_SPACE; E_WORK_DIR for a folder that is not ours to write. */
async function askLock(store: string): Promise<FolderLock | FolderLockRefusal> {
  try {
    await mkdir(store, { recursive: true });
    await access(store, constants.W_OK);
    return acquireFolderLock(store, "ffcluster ffmpeg");
  } catch (thrown) {
    const hint = "Free some space, or set XDG_DATA_HOME to a folder on another disk.";
    if (isNoSpace(thrown)) throw asNoSpace(thrown, store, hint);
    const errno = errnoOf(thrown);
    if (errno === null) throw thrown;
    const words = `the folder ${store} cannot be made or written (${errno})`;
    throw new AppError("E_WORK_DIR", words, "Set XDG_DATA_HOME to a folder that is yours.", { cause: thrown });
  }
}

/** Runs `work` when no other process installs. Errors: those of `askLock`; the reason of `signal`. */
async function underLock<T>(store: string, { onNote, signal }: InstallRequest, work: () => Promise<T>): Promise<T> {
  for (let isFirst = true; ; isFirst = false) {
    const lock = await askLock(store);
    if ("release" in lock) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (isFirst) onNote(`Waiting for ${lock.holder}`);
    await delay(ASK_LOCK_EVERY_MS, signal);
    signal.throwIfAborted();
  }
}

/** The source of the build in use, if the lock still has it. */
function sourceInUse(installed: readonly InstalledBuild[], builds: readonly PinnedBuild[]): string | null {
  const source = installed.find((build) => build.isCurrent)?.record.source;
  return builds.some((build) => build.source === source) ? (source ?? null) : null;
}

const nameOf = ({ source, version }: PinnedBuild) => `${source} ${version}`;

/** Errors: E_BAD_OPTION for the lock, the mirror or the source; those of the installer. */
export async function installBuild(request: InstallRequest): Promise<InstallAnswer> {
  const { env, lockPath, isUpdate, signal, onNote } = request;
  const lock = lockPath === null ? builtInLock() : await readLock(lockPath);
  const mirror = request.mirror === null ? null : parseMirror(request.mirror);
  const platform = thisPlatform();
  const store = installedFolder(env);
  const all = buildsFor(lock, platform, request.source);
  if (platform === null) throw new AppError("E_FFMPEG_MISSING", "no build is pinned for this platform", "");
  return await underLock(store, request, async () => {
    const source = isUpdate ? sourceInUse(await listInstalled(store), all) : null;
    const builds = source === null ? all : buildsFor(lock, platform, source);
    const { build, wasThere } = await installFfmpeg({
      ...{ store, platform, builds, mirror, signal, onNote, onBytes: request.onBytes },
      keepsCurrent: !isUpdate && request.source === null && lockPath === null,
      onBroken: () => onNote("The link broke; the download goes on"),
    });
    const { record, folder } = build;
    const [wanted] = builds;
    const isWanted = wanted !== undefined && record.source === wanted.source && record.version === wanted.version;
    const found = await locatePrograms(env);
    return {
      ...{ folder, version: record.ffmpeg_version, source: record.source, licence: record.licence },
      ...{ source_code: record.source_code, was_there: wasThere },
      newer: isWanted || wanted === undefined || !wasThere ? null : nameOf(wanted),
      hidden_by: found.foundBy === "installed" ? null : found.foundBy,
      unused: (await listInstalled(store)).filter((one) => !one.isCurrent).map((one) => one.folder),
    };
  });
}

export interface VerifiedBuild {
  readonly folder: string;
  readonly source: string;
  readonly version: string;
  readonly in_use: boolean;
  readonly ok: boolean;
  readonly files: readonly FileVerdict[];
}

/** Hashes every installed build again. */
export async function verifyBuilds(env: Environment, signal: AbortSignal): Promise<readonly VerifiedBuild[]> {
  const verified: VerifiedBuild[] = [];
  for (const build of await listInstalled(installedFolder(env))) {
    const files = await verifyBuild(build, signal);
    const { source, version } = build.record;
    const ok = files.every(({ verdict }) => verdict === "ok");
    verified.push({ folder: build.folder, source, version, in_use: build.isCurrent, ok, files });
  }
  return verified;
}

export interface FfmpegPlace {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly version: string;
  readonly found_by: FoundBy;
}

/** Errors: E_FFMPEG_MISSING, E_FFMPEG_OLD, E_SANDBOX. */
export async function ffmpegInUse(env: Environment): Promise<FfmpegPlace> {
  const { foundBy } = await locatePrograms(env);
  const { ffmpeg, ffprobe, version } = await findTools(env);
  return { ffmpeg, ffprobe, version, found_by: foundBy };
}
