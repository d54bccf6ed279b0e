// Small files of secrets, mode 0600, and records in them that several processes may change at once. Never prints what they
// hold.
import { chmod, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { delay } from "../clock.ts";
import { AppError, errnoOf } from "../errors.ts";
import { writeFileDurably } from "../files.ts";
import { decodeText, NotText } from "./decode-text.ts";

const OWNER_ONLY = 0o600;
const LOCK_TRIES = 100;
const LOCK_WAIT_MS = 30;
/** The lock is held for milliseconds; one this old belongs to a process that died. */
const LOCK_STALE_MS = 5000;

const recordSchema = z.record(z.string(), z.string());

/** A file of texts by name, in the user's folder. */
export interface RecordFile {
  /** `NAME.json`; the lock is `NAME.lock`. */
  readonly name: string;
  /** "tokens", for messages. */
  readonly holds: string;
}

/** Null: there is no such file. Errors: E_BAD_OPTION when it is no text. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return decodeText(await readFile(path));
  } catch (thrown) {
    if (thrown instanceof NotText) {
      throw new AppError("E_BAD_OPTION", `${path} is ${thrown.message}`, "Put the right file back, or remove it.");
    }
    if (errnoOf(thrown) === "ENOENT" || errnoOf(thrown) === "ENOTDIR") return null;
    throw thrown;
  }
}

export async function writeOwnerOnly(path: string, content: string): Promise<void> {
  await writeFileDurably(path, content, OWNER_ONLY);
  await chmod(path, OWNER_ONLY); // neither the umask nor an older file may widen it
}

/** Errors: E_BAD_OPTION when the file is damaged. */
export async function readRecord(folder: string, { name, holds }: RecordFile): Promise<Record<string, string>> {
  const path = join(folder, `${name}.json`);
  const text = await readIfThere(path);
  if (text === null) return {};
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    const hint = "Remove the file; servers write a new one when they start.";
    throw new AppError("E_BAD_OPTION", `${path} is not a list of ${holds}`, hint, { cause });
  }
}

/** Sets each of `changes`; null takes the name out. A lock file keeps processes that do so at once apart. */
export async function changeRecord(
  folder: string,
  file: RecordFile,
  changes: Readonly<Record<string, string | null>>,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await withLock(join(folder, `${file.name}.lock`), async () => {
    const record = new Map(Object.entries(await readRecord(folder, file)));
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) record.delete(name);
      else record.set(name, value);
    }
    await writeOwnerOnly(join(folder, `${file.name}.json`), `${JSON.stringify(Object.fromEntries(record), null, 2)}\n`);
  });
}

async function withLock<T>(lockPath: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      await (await open(lockPath, "wx", OWNER_ONLY)).close();
      break;
    } catch (thrown) {
      if (errnoOf(thrown) !== "EEXIST" || attempt >= LOCK_TRIES) throw thrown;
      await removeStaleLock(lockPath);
      await delay(LOCK_WAIT_MS);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lockPath, { force: true });
  }
}

async function removeStaleLock(lockPath: string): Promise<void> {
  try {
    if (Date.now() - (await stat(lockPath)).mtimeMs > LOCK_STALE_MS) await rm(lockPath, { force: true });
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown; // its holder has just released it
  }
}
