// Makes the folders of a work directory and checks that they are writable before anything else begins, so that a wrong
// --work-dir, or one of another user, is reported as that.
import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "../../base/errors.ts";

/** `part`: whose folder and database. Errors: E_WORK_DIR. */
export async function makeWorkDir(workDir: string, part: "server" | "client"): Promise<void> {
  const folders = [join(workDir, part), join(workDir, "db")];
  const fail = (what: string, cause: unknown) => {
    const errno = errnoOf(cause) ?? "unknown error";
    const hint = "Choose a writable folder with --work-dir.";
    return new AppError("E_WORK_DIR", `the work directory ${workDir} cannot be ${what} (${errno})`, hint, { cause });
  };
  for (const folder of folders) {
    await mkdir(folder, { recursive: true }).catch((thrown: unknown) => {
      throw fail("made", thrown);
    });
  }
  for (const path of [...folders, join(workDir, "db", `${part}.db`)]) {
    await access(path, constants.W_OK).catch((thrown: unknown) => {
      if (errnoOf(thrown) !== "ENOENT") throw fail("written", thrown);
    });
  }
}
