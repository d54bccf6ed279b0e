// Brings the programs of one pinned build into a folder: each archive downloaded, checked, unpacked. Runs nothing, so it
// serves every platform: the installer of this machine and the build of a release.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../base/errors.ts";
import { downloadPinned } from "./download.ts";
import type { PinnedArchive, PinnedBuild } from "./lock.ts";
import { refuseArchive } from "./member.ts";
import { type Platform, programNames } from "./platform.ts";
import { unpackPrograms } from "./unpack.ts";
import { sourceUrl } from "./urls.ts";

export interface BringOptions {
  readonly build: PinnedBuild;
  readonly platform: Platform;
  /** Null: where the lock says. */
  readonly mirror: URL | null;
  /** For archives, whole and half. */
  readonly downloads: string;
  /** An existing folder that gets the programs. */
  readonly into: string;
  readonly signal?: AbortSignal | undefined;
  onBytes?(file: string, have: number, total: number | null): void;
  onBroken?(have: number): void;
  /** All of it is here; a large .tar.xz takes seconds to unpack. */
  onUnpack?(file: string): void;
  /** Default: as a person would wait. */
  readonly waitsMs?: readonly number[];
}

/** What helps where a host does not answer: another host, or by hand. */
function otherWays({ url, file, sha256 }: PinnedArchive, { downloads, mirror }: BringOptions): string {
  const first =
    mirror === null
      ? `Name a mirror that has ${file} with --mirror URL (FFCLUSTER_FFMPEG_MIRROR)`
      : `Check that the mirror has ${file}, or name another one with --mirror URL (FFCLUSTER_FFMPEG_MIRROR)`;
  return `${first}. By hand: download ${url} elsewhere (sha256 ${sha256}), save it as ${join(downloads, sha256)}, and run this again.`;
}

async function archiveOf(pinned: PinnedArchive, options: BringOptions): Promise<string> {
  const { onBytes, onBroken, waitsMs } = options;
  return await downloadPinned(
    { url: sourceUrl(pinned, options.mirror), sha256: pinned.sha256, bytes: pinned.bytes },
    {
      ...{ folder: options.downloads, hint: otherWays(pinned, options), signal: options.signal },
      ...(waitsMs === undefined ? {} : { waitsMs }),
      ...(onBroken === undefined ? {} : { onBroken }),
      ...(onBytes === undefined ? {} : { onBytes: (have, total) => onBytes(pinned.file, have, total) }),
    },
  );
}

/**
 * Returns the names of the programs, ffmpeg first. The archives are removed when all is unpacked; after a failure they stay,
 * so that another try needs no download.
 * Errors: E_DOWNLOAD, E_DIGEST, E_ARCHIVE, E_NO_SPACE; the reason of the signal.
 */
export async function bringPrograms(options: BringOptions): Promise<readonly string[]> {
  const { build, platform, into, signal } = options;
  const wanted = programNames(platform);
  const taken: string[] = [];
  const archives: string[] = [];
  for (const pinned of build.archives) {
    const archive = await archiveOf(pinned, options);
    archives.push(archive);
    const programs = wanted.filter((name) => !taken.includes(name));
    options.onUnpack?.(pinned.file);
    try {
      taken.push(...(await unpackPrograms({ archive, layout: pinned.layout, programs, into, signal })));
    } catch (thrown) {
      // It is what the lock names and can't be used: a second try must not find it again.
      if (thrown instanceof AppError && thrown.code === "E_ARCHIVE") await rm(archive, { force: true });
      throw thrown;
    }
  }
  const missing = wanted.find((name) => !taken.includes(name));
  if (missing !== undefined) throw refuseArchive(build.archives[0]?.file ?? build.source, `it holds no ${missing}`);
  for (const archive of archives) await rm(archive, { force: true });
  return wanted;
}
