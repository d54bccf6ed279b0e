// One run at a time over a folder of outputs. The system drops the lock with its process, so a run that was killed leaves none.
import { join } from "node:path";
import { AppError, errnoOf } from "../../base/errors.ts";
import { acquireFolderLock } from "../../db/folder-lock.ts";

/** Beside the outputs; it holds the lock and the name of who has it. */
export const LOCK_FOLDER = ".ffcluster-lock";

/** Null: this disk takes no locks. Errors: E_WORK_DIR_LOCKED with who has it. */
export function lockLibrary(home: string, command: string): Disposable | null {
  const lock = acquired(home, command);
  if (lock === null || !("holder" in lock)) return lock;
  const hint = "Wait for its end, or choose another --output-dir; a file goes to the same folder by itself with -o.";
  throw new AppError("E_WORK_DIR_LOCKED", `${home} is in use by ${lock.holder}`, hint);
}

function acquired(home: string, command: string) {
  try {
    return acquireFolderLock(join(home, LOCK_FOLDER), command);
  } catch (thrown) {
    // Network mounts without locks, folders that can't be written: what follows says so where it matters.
    if (errnoOf(thrown) === null) throw thrown;
    return null;
  }
}
