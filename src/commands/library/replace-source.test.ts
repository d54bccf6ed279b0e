// Every moment at which a kill may part a replacement: the source's bytes are in their place or in the trash, and the next
// run comes to the same end.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { link, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exists } from "../../base/files.ts";
import { type LibraryEntry, LibraryState, STATE_FILE } from "./library-state.ts";
import type { PlannedFile } from "./outcome.ts";
import { endReplacements, replaceSource, stagedPath } from "./replace-source.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "ffcluster-replace-"));
});
afterEach(async () => {
  await rm(home, { recursive: true });
});

const open = () => LibraryState.open(join(home, STATE_FILE));
const at = (name: string) => join(home, name);
const trash = () => at(".ffcluster-trash/in/film.mkv");
const textOf = (path: string) => readFile(path, "utf8");

/** A source and its output, which waits for its place. */
async function prepare(output: string): Promise<{ file: PlannedFile; entry: LibraryEntry; target: string }> {
  const path = at("in/film.mkv");
  await mkdir(at("in"));
  await writeFile(path, "old bytes", { mode: 0o640 });
  const { size, mtimeMs } = await stat(path);
  const target = at(output);
  await writeFile(stagedPath(target), "new");
  const file = { path, root: home, relative: "in/film.mkv", bytes: size, mtimeMs, home, state: await open(), output };
  const entry = {
    ...{ source: path, bytes: size, mtime_ms: mtimeMs, sha256: "00", request: "r", output },
    ...{ asked: null, job: null, result: null, former: null, replacing: null },
  };
  return { file, entry, target };
}

test.each(["in/film.mkv", "in/film.mp4"])("the output becomes %s; the source is in the trash", async (output) => {
  const { file, entry, target } = await prepare(output);
  const done = await replaceSource(file, { entry, target, keepsDate: true });
  expect([await textOf(target), await textOf(trash())]).toEqual(["new", "old bytes"]);
  expect(await exists(file.path)).toBe(output === file.relative);
  const made = await stat(target);
  expect(made.mode & 0o777).toBe(0o640);
  expect(Math.abs(made.mtimeMs - file.mtimeMs)).toBeLessThan(1);
  expect(done.result).toMatchObject({ kind: "replaced", bytes: 3 });
  expect(await exists(stagedPath(target))).toBe(false);
});

test("a source that changed, and a link, stay as they are", async () => {
  const { file, entry, target } = await prepare("in/film.mp4");
  const replace = (each: PlannedFile) => replaceSource(each, { entry, target, keepsDate: false });
  await expect(replace({ ...file, bytes: 1 })).rejects.toThrow("changed while it was encoded");
  await symlink(file.path, at("link.mkv"));
  await expect(replace({ ...file, path: at("link.mkv") })).rejects.toThrow("a link is not replaced");
  expect(await textOf(file.path)).toBe("old bytes");
});

test("something else in the trash under that name, or in the output's place, is not overwritten", async () => {
  const { file, entry, target } = await prepare("in/film.mp4");
  await mkdir(at(".ffcluster-trash/in"), { recursive: true });
  await writeFile(trash(), "older");
  await writeFile(target, "somebody's");
  const taken = replaceSource(file, { entry, target, keepsDate: false });
  await expect(taken).rejects.toThrow("exists");
  await unlink(target);
  await replaceSource(file, { entry, target, keepsDate: false });
  expect([await textOf(trash()), await textOf(`${trash()}.2`), await textOf(target)]).toEqual([
    "older",
    "old bytes",
    "new",
  ]);
});

/** What is done when the kill comes, after the note of it. */
const KILLS: readonly { name: string; output: string; done: (source: string, target: string) => Promise<void> }[] = [
  {
    name: "moved to the trash, on a disk without hard links",
    output: "in/film.mkv",
    done: (source) => rename(source, trash()),
  },
  {
    name: "the output in the place of the same name",
    output: "in/film.mkv",
    async done(source, target) {
      await link(source, trash());
      await rename(stagedPath(target), target);
    },
  },
  {
    name: "the output beside its source",
    output: "in/film.mp4",
    async done(source, target) {
      await link(source, trash());
      await rename(stagedPath(target), target);
    },
  },
];

test.each(KILLS)("killed with $name: the next run ends it", async ({ output, done }) => {
  const { file, entry, target } = await prepare(output);
  const staged = await stat(stagedPath(target));
  await mkdir(at(".ffcluster-trash/in"), { recursive: true });
  await file.state.put({
    ...entry,
    replacing: { bytes: staged.size, mtime_ms: staged.mtimeMs, trash: trash() },
  });
  await done(file.path, target);
  const state = await open();
  await endReplacements(home, state);
  expect([await textOf(target), await textOf(trash())]).toEqual(["new", "old bytes"]);
  expect(await exists(file.path)).toBe(output === file.relative);
  expect(state.get(file.path)).toMatchObject({ replacing: null, result: { kind: "replaced", bytes: 3 } });
});

test("killed before the output has its place while the source has its own: nothing is touched", async () => {
  const { file, entry, target } = await prepare("in/film.mp4");
  const { size, mtimeMs } = await stat(stagedPath(target));
  await mkdir(at(".ffcluster-trash/in"), { recursive: true });
  await link(file.path, trash());
  await file.state.put({ ...entry, replacing: { bytes: size, mtime_ms: mtimeMs, trash: trash() } });
  const state = await open();
  await endReplacements(home, state);
  expect([await textOf(file.path), await exists(target)]).toEqual(["old bytes", false]);
  expect(state.get(file.path)?.result).toBeNull();
  await replaceSource(file, { entry, target, keepsDate: false }); // as that run goes on
  expect([await textOf(target), await textOf(trash()), await exists(`${trash()}.2`)]).toEqual([
    "new",
    "old bytes",
    false,
  ]);
});
