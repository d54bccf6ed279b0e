// `--replace`: puts a proven output in the place of its source. The source goes to the library's trash first; at every moment,
// also between two steps that a kill parts, its bytes are at their place or in the trash.
import { chmod, link, lstat, mkdir, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, errnoOf } from "../../base/errors.ts";
import { exists, landFile, landNewFile, syncFolder } from "../../base/files.ts";
import { openElsewhere, renameWhenFree, whenFree } from "../../base/windows/busy-files.ts";
import type { LibraryEntry, LibraryState } from "./library-state.ts";
import type { PlannedFile } from "./outcome.ts";

/** Hidden, so that no walk takes it for a part of the library. */
export const TRASH_FOLDER = ".ffcluster-trash";
const PERMISSIONS = 0o777;

/** Where the output waits until it takes the place. */
export function stagedPath(target: string): string {
  return join(dirname(target), `.${basename(target)}.ffcluster-new`);
}

/** Errors: E_SOURCE_CHANGED, E_SOURCE_REFUSED for a link, whose file belongs to another place. */
export async function requireReplaceable(file: PlannedFile): Promise<void> {
  const stats = await lstat(file.path);
  if (stats.isSymbolicLink()) {
    throw new AppError("E_SOURCE_REFUSED", "a link is not replaced", "Submit the file that it names.");
  }
  if (stats.size === file.bytes && stats.mtimeMs === file.mtimeMs) return;
  throw new AppError("E_SOURCE_CHANGED", "it changed while it was encoded, and was kept", "Submit it again.");
}

async function isSameFile(path: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(path, { bigint: true }), stat(other, { bigint: true })]);
  return a.ino === b.ino && a.dev === b.dev;
}

/** A name in the trash that nothing else has, or that the source has already. */
async function trashPath(source: string, wanted: string): Promise<string> {
  await mkdir(dirname(wanted), { recursive: true });
  for (let number = 1; ; number++) {
    const path = number === 1 ? wanted : `${wanted}.${number}`;
    if (!(await exists(path)) || (await isSameFile(path, source))) return path;
  }
}

/** A second name for the source's bytes; where the disk has no hard links, its new one. */
async function toTrash(file: PlannedFile, trashed: string): Promise<void> {
  try {
    await link(file.path, trashed);
  } catch (thrown) {
    if (errnoOf(thrown) === "EXDEV") throw thrown;
    if (errnoOf(thrown) === "EEXIST" && (await isSameFile(file.path, trashed))) return;
    await renameWhenFree(file.path, trashed);
  }
  await syncFolder(dirname(trashed));
}

/** The trash of the library, or where that is another disk than the file's, of its own folder. `note` comes before each try. */
async function throwAway(file: PlannedFile, note: (path: string) => Promise<void>): Promise<void> {
  const inLibrary = await trashPath(file.path, join(file.home, TRASH_FOLDER, file.relative));
  await note(inLibrary);
  try {
    return await toTrash(file, inLibrary);
  } catch (thrown) {
    if (errnoOf(thrown) !== "EXDEV") throw thrown;
  }
  const inFolder = await trashPath(file.path, join(dirname(file.path), TRASH_FOLDER, basename(file.path)));
  await note(inFolder);
  await toTrash(file, inFolder);
}

/** The proven output lies at `stagedPath(target)`. Returns the entry at its end. */
export async function replaceSource(
  file: PlannedFile,
  { entry, target, keepsDate }: { readonly entry: LibraryEntry; readonly target: string; readonly keepsDate: boolean },
): Promise<LibraryEntry> {
  const staged = stagedPath(target);
  await requireReplaceable(file);
  await chmod(staged, (await stat(file.path)).mode & PERMISSIONS);
  if (keepsDate) await utimes(staged, file.mtimeMs / 1000, file.mtimeMs / 1000);
  const { size, mtimeMs } = await stat(staged);
  const output = { bytes: size, mtime_ms: mtimeMs };
  await throwAway(file, (path) => file.state.put({ ...entry, replacing: { ...output, trash: path } }));
  try {
    await takePlace(file.path, target);
  } catch (thrown) {
    throw asKept(thrown, file.path);
  }
  return { ...entry, replacing: null, result: { kind: "replaced", ...output } };
}

/** A source that a player has open stays where it is, and the next run replaces it. */
function asKept(thrown: unknown, path: string): unknown {
  const words = openElsewhere(thrown);
  if (words === "") return thrown;
  const hint = "Close it there, then run the same command again: the output waits beside it.";
  return new AppError("E_OUTPUT", `${path} was not replaced${words}`, hint, { cause: thrown });
}

async function takePlace(source: string, target: string): Promise<void> {
  const staged = stagedPath(target);
  if (source === target) return await landFile(staged, target);
  if (!(await landNewFile(staged, target))) {
    throw new AppError("E_OUTPUT_EXISTS", `${target} exists`, "Move it away; the source is in the trash folder.");
  }
  await whenFree(() => rm(source, { force: true }));
  await syncFolder(dirname(source));
}

async function holds(path: string, { bytes, mtime_ms }: { readonly bytes: number; readonly mtime_ms: number }) {
  if (!(await exists(path))) return false;
  const { size, mtimeMs } = await stat(path);
  return size === bytes && mtimeMs === mtime_ms;
}

/** Ends what a kill interrupted: a source in the trash whose output did not take its place, or is there and not noted. */
export async function endReplacements(home: string, state: LibraryState): Promise<void> {
  for (const entry of [...state.entries()]) {
    const { replacing, source } = entry;
    if (replacing === null || !(await exists(replacing.trash))) continue;
    const target = join(home, entry.output);
    if (!(await holds(target, replacing))) {
      // With the source still in its place the whole step is done again.
      if ((await exists(source)) || !(await holds(stagedPath(target), replacing))) continue;
      await takePlace(source, target);
    } else if (source !== target && (await exists(source)) && (await isSameFile(source, replacing.trash))) {
      await rm(source);
    }
    const { bytes, mtime_ms } = replacing;
    await state.put({ ...entry, replacing: null, result: { kind: "replaced", bytes, mtime_ms } });
  }
}
