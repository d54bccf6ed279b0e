// Installs a pinned build of ffmpeg for this user. It gets its folder by rename, when both programs have run, and is in use
// from the moment that `current.json` names it: a crash at any point leaves what was there before. The caller holds a lock.
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../base/digest.ts";
import { AppError } from "../base/errors.ts";
import { exists, writeFileDurably } from "../base/files.ts";
import { newId } from "../base/ids.ts";
import { asNoSpace } from "../base/no-space.ts";
import { renameWhenFree } from "../base/windows/busy-files.ts";
import { type BringOptions, bringPrograms } from "./bring.ts";
import type { PinnedBuild } from "./lock.ts";
import type { Platform } from "./platform.ts";
import {
  type InstalledBuild,
  type InstallRecord,
  isIntact,
  isOf,
  leftBehind,
  listInstalled,
  makeCurrent,
  RECORD_FILE,
  STAGING_PREFIX,
} from "./record.ts";
import { versionOfPrograms } from "./run-version.ts";
import { shownUrl, sourceUrl } from "./urls.ts";

export interface InstallOptions extends Pick<BringOptions, "mirror" | "signal" | "onBytes" | "onBroken" | "waitsMs"> {
  /** The folder of all builds. */
  readonly store: string;
  readonly platform: Platform;
  /** The wanted one, then those that stand in for it when its host can't be reached. */
  readonly builds: readonly PinnedBuild[];
  /** Keep a build that is in use and intact, whatever the lock names. */
  readonly keepsCurrent: boolean;
  onNote(line: string): void;
}

export interface Installed {
  readonly build: InstalledBuild;
  /** It was there already. */
  readonly wasThere: boolean;
}

interface Present {
  /** Intact, and the one to be used. */
  readonly build: InstalledBuild | null;
  readonly damaged: readonly InstalledBuild[];
}

async function lookForBuild({ store, builds, keepsCurrent, signal, onNote }: InstallOptions): Promise<Present> {
  const [wanted] = builds;
  const fits = (build: InstalledBuild) =>
    (keepsCurrent && build.isCurrent) || (wanted !== undefined && isOf(build, wanted));
  const found = (await listInstalled(store)).filter(fits).sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent));
  const damaged: InstalledBuild[] = [];
  for (const build of found) {
    if (await isIntact(build, signal)) return { build, damaged };
    onNote(`${build.folder} is damaged, and installed anew`);
    damaged.push(build);
  }
  return { build: null, damaged };
}

/** A name that nothing has: "jellyfin-8.1.3-1", then "jellyfin-8.1.3-1-2". */
async function freeName(store: string, { source, version }: PinnedBuild): Promise<string> {
  const name = `${source}-${version}`;
  for (let count = 1; ; count++) {
    const tried = count === 1 ? name : `${name}-${count}`;
    if (!(await exists(join(store, tried)))) return tried;
  }
}

async function recordOf(staging: string, build: PinnedBuild, options: InstallOptions, ffmpegVersion: string) {
  const files: InstallRecord["files"] = [];
  for (const name of (await readdir(staging)).sort()) {
    const path = join(staging, name);
    files.push({ name, bytes: (await stat(path)).size, sha256: await sha256OfFile(path) });
  }
  const { source, version, licence, source_code, archives } = build;
  const came = archives.map((one) => ({ url: shownUrl(sourceUrl(one, options.mirror)), sha256: one.sha256 }));
  const record: InstallRecord = {
    ...{ format: 1, source, version, licence, source_code, platform: options.platform, archives: came },
    ...{ ffmpeg_version: ffmpegVersion, files, installed_at: new Date().toISOString() },
  };
  return record;
}

async function installOne(build: PinnedBuild, options: InstallOptions): Promise<InstalledBuild> {
  const { store, platform, mirror, signal, onBytes, onBroken, waitsMs } = options;
  const staging = join(store, `${STAGING_PREFIX}${newId().slice(0, 8)}`);
  await mkdir(staging, { recursive: true });
  try {
    const programs = await bringPrograms({
      ...{ build, platform, mirror, downloads: join(store, "downloads"), into: staging, signal },
      ...(onBytes === undefined ? {} : { onBytes }),
      ...(onBroken === undefined ? {} : { onBroken }),
      onUnpack: (file) => options.onNote(`Unpacking ${file}`),
      ...(waitsMs === undefined ? {} : { waitsMs }),
    });
    const version = await versionOfPrograms(staging, programs, signal);
    const record = await recordOf(staging, build, options, version);
    await writeFileDurably(join(staging, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
    const name = await freeName(store, build);
    const folder = join(store, name);
    await renameWhenFree(staging, folder);
    return { folder, name, isCurrent: false, record };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** The first build whose host answers. Errors: those of the first one. */
async function installFirst(options: InstallOptions): Promise<InstalledBuild> {
  let first: AppError | null = null;
  for (const build of options.builds) {
    try {
      if (first !== null) options.onNote(`Taking ${build.source} ${build.version} instead: ${first.message}`);
      return await installOne(build, options);
    } catch (thrown) {
      options.signal?.throwIfAborted();
      if (!(thrown instanceof AppError) || thrown.code !== "E_DOWNLOAD") throw thrown;
      first ??= thrown;
    }
  }
  throw first;
}

/**
 * Installs what is wanted, or finds that it is there; from then on it is in use.
 * Errors: E_DOWNLOAD, E_DIGEST, E_ARCHIVE, E_NO_SPACE, E_FFMPEG_MISSING and E_FFMPEG_OLD for one that does not run here;
 * the reason of the signal. After each, what was in use still is.
 */
export async function installFfmpeg(options: InstallOptions): Promise<Installed> {
  const { store } = options;
  await mkdir(store, { recursive: true });
  for (const name of await leftBehind(store)) await rm(join(store, name), { recursive: true, force: true });
  try {
    const present = await lookForBuild(options);
    const build = present.build ?? (await installFirst(options));
    if (!build.isCurrent) await makeCurrent(store, build.name);
    for (const { folder } of present.damaged) await rm(folder, { recursive: true, force: true });
    return { build: { ...build, isCurrent: true }, wasThere: present.build !== null };
  } catch (thrown) {
    throw asNoSpace(thrown, store, "Free some space and run this again.");
  }
}
