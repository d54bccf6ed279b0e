// Puts a folder's files into one archive: .zip for Windows, .tar.gz elsewhere. The same files make the same bytes: names
// are sorted, and every file has the one given time.
import { createWriteStream } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Zippable, zipSync } from "fflate";
import { pack } from "tar-stream";

type Level = 1 | 9;
/** In a zip file's attributes: made on Unix, so that modes count. */
const UNIX = 3;

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

/** A zip file holds a wall clock's time without its zone: the same everywhere only when it is that of UTC. */
function wallClock(time: Date): Date {
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  return new Date(year, month, day, time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds());
}

async function zip(folder: string, path: string, time: Date, level: Level): Promise<void> {
  const files: Zippable = {};
  for (const name of await filesOf(folder)) {
    const { mode } = await stat(join(folder, name));
    const attributes = {
      os: UNIX,
      attrs: ((mode & 0o111) === 0 ? 0o100644 : 0o100755) * 0x10000,
      mtime: wallClock(time),
    };
    files[name] = [await readFile(join(folder, name)), attributes];
  }
  await writeFile(path, zipSync(files, { level }));
}

/** Owners are root's, so that none of this machine goes in. */
async function tarGz(folder: string, path: string, time: Date, level: Level): Promise<void> {
  const tar = pack();
  const written = pipeline(tar, createGzip({ level }), createWriteStream(path));
  for (const name of await filesOf(folder)) {
    const { mode } = await stat(join(folder, name));
    const header = { name, mode: (mode & 0o111) === 0 ? 0o644 : 0o755, mtime: time, uid: 0, gid: 0 };
    tar.entry(header, await readFile(join(folder, name)));
  }
  tar.finalize();
  await written;
}

/** Everything below `folder` goes into `path`, whose extension says how. `level`: of compression, 1 where nobody downloads it. */
export async function writeArchive(folder: string, path: string, time: Date, level: Level = 9): Promise<void> {
  await (path.endsWith(".zip") ? zip(folder, path, time, level) : tarGz(folder, path, time, level));
}
