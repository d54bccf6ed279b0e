// What the first server of a run asks its ffmpeg for is given to those after it, as a server keeps it itself from start to
// start. The file says which program it is of, so it serves no other.
import { copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../src/base/files.ts";

/** Of one run of scripts/test.mjs; without it every server asks by itself. */
const FOLDER = process.env.FFCLUSTER_TEST_CACHE;
const NAME = "ffmpeg-lists.json";

const listsIn = (workDir: string) => join(workDir, "db", NAME);

/** Before a server's first start in `workDir`. */
export async function giveKeptLists(workDir: string): Promise<void> {
  if (FOLDER === undefined || !(await exists(join(FOLDER, NAME))) || (await exists(listsIn(workDir)))) return;
  await mkdir(join(workDir, "db"), { recursive: true, mode: 0o700 });
  await copyFile(join(FOLDER, NAME), listsIn(workDir));
}

/** After its last end. */
export async function keepLists(workDir: string): Promise<void> {
  if (FOLDER === undefined || (await exists(join(FOLDER, NAME))) || !(await exists(listsIn(workDir)))) return;
  const own = join(FOLDER, `${NAME}.${process.pid}`);
  await copyFile(listsIn(workDir), own);
  await rename(own, join(FOLDER, NAME));
}
