// Locks a folder for one process; the operating system drops the lock with the process, kill -9 included. The lock is an
// exclusive SQLite transaction on a tiny file, which works everywhere; a text file next to it names the holder.
import { Database } from "bun:sqlite";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { errnoOf } from "../base/errors.ts";

const LOCK_FILE = ".lock";
const HOLDER_FILE = ".lock-holder";

/** Held until released or until the process ends. Keep a reference: garbage collection releases it. */
export interface FolderLock extends Disposable {
  release(): void;
}

/** Who holds the folder, for the message: "ffcluster serve (process 4711 on host alpha since …)". */
export interface FolderLockRefusal {
  readonly holder: string;
}

/**
 * Locks the folder (made when absent), or says who has it; never waits.
 * `description` is what the holder does, e.g. "ffcluster serve".
 */
export function acquireFolderLock(folder: string, description: string): FolderLock | FolderLockRefusal {
  mkdirSync(folder, { recursive: true });
  const database = new Database(join(folder, LOCK_FILE), { create: true, strict: true });
  try {
    database.run("PRAGMA busy_timeout = 0");
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    database.run("BEGIN EXCLUSIVE");
  } catch (thrown) {
    database.close();
    if (errnoOf(thrown) !== "SQLITE_BUSY") throw thrown;
    return { holder: readHolder(folder) };
  }
  const since = new Date().toISOString();
  writeFileSync(
    join(folder, HOLDER_FILE),
    `${description} (process ${process.pid} on host ${hostname()}, since ${since})\n`,
  );
  let isHeld = true;
  const release = () => {
    if (!isHeld) return;
    isHeld = false;
    database.run("ROLLBACK");
    database.close();
  };
  return { release, [Symbol.dispose]: release };
}

function readHolder(folder: string): string {
  try {
    return readFileSync(join(folder, HOLDER_FILE), "utf8").trim() || "another process";
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
    return "another process"; // locked a moment ago, not named yet
  }
}
