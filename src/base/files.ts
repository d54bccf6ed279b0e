// Writes files durably: temp name → fsync → rename → fsync of the folder. Also removes them and asks for free space.
import { constants } from "node:fs";
import { access, link, mkdir, open, rm, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "./errors.ts";
import { newId } from "./ids.ts";
import { renameWhenFree, whenFree } from "./windows/busy-files.ts";
import { closeToOthers } from "./windows/owner-only.ts";

export function tempNameFor(finalPath: string): string {
  return join(dirname(finalPath), `.${basename(finalPath)}.${newId().slice(0, 8)}.tmp`);
}

/** Makes new and removed names in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // a folder handle cannot be flushed there
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Moves a finished temp file to its final name durably: data synced, renamed, folder synced. */
export async function landFile(tempPath: string, finalPath: string): Promise<void> {
  await syncFile(tempPath);
  await renameWhenFree(tempPath, finalPath);
  await syncFolder(dirname(finalPath));
}

/**
 * Like landFile, but never replaces a file: if the final name is taken it returns false and the temp file stays. A hard
 * link fails where a rename would replace; on disks without hard links (exFAT) it looks first.
 */
export async function landNewFile(tempPath: string, finalPath: string): Promise<boolean> {
  await syncFile(tempPath);
  try {
    await link(tempPath, finalPath);
  } catch (thrown) {
    if (errnoOf(thrown) === "EEXIST" || (await exists(finalPath))) return false;
    await renameWhenFree(tempPath, finalPath);
  }
  await whenFree(() => rm(tempPath, { force: true }));
  await syncFolder(dirname(finalPath));
  return true;
}

const OTHERS = 0o077;

/**
 * Writes a small file so that a crash leaves either the old content or the new, never half. A mode without others' rights
 * becomes an access list on Windows.
 */
export async function writeFileDurably(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const tempPath = tempNameFor(path);
  const handle = await open(tempPath, "w", mode);
  try {
    // Before it holds anything. Where the disk can't, the start of the server or client has said so of its folder.
    if (process.platform === "win32" && (mode & OTHERS) === 0) await closeToOthers(tempPath, "file");
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
  await landFile(tempPath, path);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT" || errnoOf(thrown) === "ENOTDIR") return false;
    throw thrown;
  }
}

/** Removes a file, or a folder and everything in it; one that does not exist is no error. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Of the file system that holds `path`: bytes that an ordinary user may still write, and all. */
export async function diskRoom(path: string): Promise<{ readonly free: number; readonly all: number }> {
  const { bavail, bsize, blocks } = await statfs(path);
  return { free: bavail * bsize, all: blocks * bsize };
}

/** Bytes that an ordinary user may still write on the file system that holds `path`. */
export async function freeBytes(path: string): Promise<number> {
  const stats = await statfs(path);
  return stats.bavail * stats.bsize;
}
