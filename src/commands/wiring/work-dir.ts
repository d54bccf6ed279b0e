// Makes the folders of a work directory and checks that they are writable before anything else begins, so that a wrong
// --work-dir, or one of another user, is reported as that.
import { constants } from "node:fs";
import { access, chmod, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "../../base/errors.ts";
import { pathObjection } from "../../base/windows/file-names.ts";
import { closeToOthers } from "../../base/windows/owner-only.ts";

/** Sources and results are for the user who runs it alone. */
const OWNER_ONLY = 0o700;
const OTHERS = 0o077;

/** Windows: names that it can't keep end in an error that says nothing. */
function requirePossible(workDir: string): void {
  const objection = process.platform === "win32" ? pathObjection(workDir) : null;
  if (objection === null) return;
  const message = `the work directory ${workDir} cannot be made: ${JSON.stringify(objection.part)} ${objection.why}`;
  throw new AppError("E_WORK_DIR", message, "Choose another folder with --work-dir.");
}

/** Closes folders of ours to others, those too that an earlier version made; answers those that stay open. */
async function closeFolders(folders: readonly string[]): Promise<string[]> {
  const open: string[] = [];
  for (const folder of folders) {
    const isClosed = process.platform === "win32" ? await closeToOthers(folder, "folder") : await closeByMode(folder);
    if (!isClosed) open.push(folder);
  }
  return open;
}

async function closeByMode(folder: string): Promise<boolean> {
  await chmod(folder, OWNER_ONLY).catch(() => undefined); // the mode tells, and whether it can be written
  return ((await stat(folder)).mode & OTHERS) === 0;
}

/**
 * `part`: whose folder and database. What is there already is closed to others, too; the answer names the folders where that
 * is not possible (a disk without modes). Errors: E_WORK_DIR.
 */
export async function makeWorkDir(workDir: string, part: "server" | "client"): Promise<readonly string[]> {
  requirePossible(workDir);
  const folders = [join(workDir, part), join(workDir, "db")];
  const fail = (what: string, cause: unknown) => {
    const errno = errnoOf(cause) ?? "unknown error";
    const hint = "Choose a writable folder with --work-dir.";
    return new AppError("E_WORK_DIR", `the work directory ${workDir} cannot be ${what} (${errno})`, hint, { cause });
  };
  const made: string[] = [];
  for (const folder of [workDir, ...folders]) {
    const first = await mkdir(folder, { recursive: true, mode: OWNER_ONLY }).catch((thrown: unknown) => {
      throw fail("made", thrown);
    });
    if (first !== undefined) made.push(folder);
  }
  // One that was there may hold what is not ours.
  const open = await closeFolders(made.includes(workDir) ? [workDir, ...folders] : folders);
  for (const path of [...folders, join(workDir, "db", `${part}.db`)]) {
    await access(path, constants.W_OK).catch((thrown: unknown) => {
      if (errnoOf(thrown) !== "ENOENT") throw fail("written", thrown);
    });
  }
  return open;
}

/** In words, for the log. */
export function openToOthers(folder: string): string {
  return `other users of this machine can read ${folder}: its disk keeps no modes or access lists, or another user owns it; choose another --work-dir`;
}
