// Where `ffcluster ffmpeg install` puts what it brings: a folder for each build, and `current.json`, which names the one in
// use. It is replaced by rename, so it never names a folder that is not whole.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { userDataDir } from "../../../base/config/user-data-dir.ts";
import { errnoOf } from "../../../base/errors.ts";

export const CURRENT_FILE = "current.json";

/** The folder of all builds that were installed. */
export function installedFolder(env: Record<string, string | undefined>): string {
  return join(userDataDir(env), "ffmpeg");
}

/** A name in that folder, never a way out of it. */
const FOLDER_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;

/** The name of the build in use; null: none was installed, or the file is not ours. */
export async function currentBuild(folder: string): Promise<string | null> {
  try {
    const document: unknown = JSON.parse(await readFile(join(folder, CURRENT_FILE), "utf8"));
    const name = typeof document === "object" && document !== null && "folder" in document ? document.folder : null;
    return typeof name === "string" && FOLDER_NAME.test(name) ? name : null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || ["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(thrown) ?? "")) return null;
    throw thrown;
  }
}
