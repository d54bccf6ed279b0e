import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestMember, tarGzOf, tarXzOf, zipOf } from "../../test/support/archives.ts";
import { canHaveSmallDisks, SmallDisk } from "../../test/support/small-disk.ts";
import type { Layout } from "./lock.ts";
import { leadsOut } from "./member.ts";
import { unpackPrograms } from "./unpack.ts";

const folder = await mkdtemp(join(tmpdir(), "ffcluster-unpack-"));
const into = join(folder, "deep/into");
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  await rm(join(folder, "deep"), { recursive: true, force: true });
  await mkdir(into, { recursive: true });
});

const hasXz = Bun.which("xz") !== null;
const LAYOUTS: readonly Layout[] = ["tar.gz", "zip", ...(hasXz ? (["tar.xz"] as const) : [])];

async function pack(layout: Layout, members: readonly TestMember[]): Promise<Uint8Array> {
  if (layout === "zip") return zipOf(members);
  return layout === "tar.gz" ? await tarGzOf(members) : await tarXzOf(members);
}

async function unpack(layout: Layout, bytes: Uint8Array, target = into): Promise<readonly string[]> {
  const archive = join(folder, `archive.${layout}`);
  await writeFile(archive, bytes);
  return await unpackPrograms({ archive, layout, programs: ["ffmpeg", "ffprobe"], into: target });
}

const refusal = (what: string) => ({ code: "E_ARCHIVE", message: expect.stringContaining(what) });
/** Larger than any buffer on the way. */
const LARGE = new Uint8Array(3_000_000).map((_, at) => (at * at) >> 7);

test.each(LAYOUTS)("the two programs and the licence come out of a %s, wherever they stand in it", async (layout) => {
  const members = [
    ...(layout === "zip" ? [] : [{ name: "ff-8.1/", type: "directory" as const }]),
    { name: "ff-8.1/doc/ffmpeg.html", content: "manual" },
    { name: "ff-8.1/bin/ffmpeg", content: LARGE },
    { name: "ff-8.1/bin/ffplay", content: "not wanted" },
    { name: "ff-8.1/bin/ffprobe", content: "probe" },
    { name: "ff-8.1/LICENSE.txt", content: "GPL" },
  ];
  expect(await unpack(layout, await pack(layout, members))).toEqual(["ffmpeg", "ffprobe"]);
  expect((await readdir(into)).sort()).toEqual(["LICENSE.txt", "ffmpeg", "ffprobe"]);
  expect(new Uint8Array(await readFile(join(into, "ffmpeg")))).toEqual(LARGE);
  expect(((await stat(join(into, "ffprobe"))).mode & 0o111) !== 0 || process.platform === "win32").toBe(true);
});

const ESCAPES: readonly [string, TestMember][] = [
  ["a parent folder", { name: "../ffmpeg", content: "x" }],
  ["a parent folder inside", { name: "a/../../ffmpeg", content: "x" }],
  ["an absolute path", { name: "/tmp/ffmpeg", content: "x" }],
  ["a backslash", { name: "..\\ffmpeg", content: "x" }],
  ["a drive", { name: "C:/ffmpeg", content: "x" }],
  ["a link", { name: "ffmpeg", type: "symlink", linkname: "/etc/passwd" }],
  ["a harmless link", { name: "docs", type: "symlink", linkname: "doc" }],
  ["a pipe", { name: "ffmpeg", type: "fifo" }],
  ["a second program of the name", { name: "other/ffprobe", content: "x" }],
];

test.each(ESCAPES)("an archive with %s is refused, whatever its form", async (_, member) => {
  for (const layout of ["tar.gz", "zip"] as const) {
    const bytes = await pack(layout, [{ name: "ffprobe", content: "probe" }, member]);
    await expect(unpack(layout, bytes)).rejects.toMatchObject({ code: "E_ARCHIVE" });
  }
  expect(await readdir(into)).toEqual(["ffprobe"]); // whoever called removes the folder
  expect(await readdir(join(folder, "deep"))).toEqual(["into"]);
});

test("a hard link is refused", async () => {
  const bytes = await tarGzOf([{ name: "ffmpeg", type: "link", linkname: "/etc/passwd" }]);
  await expect(unpack("tar.gz", bytes)).rejects.toMatchObject(refusal("is a link"));
});

test("names that lead out", () => {
  for (const name of ["..", "a/..", "/a", "\\\\host\\a", "c:a", "", "a\0b"]) expect(leadsOut(name)).not.toBeNull();
  for (const name of ["a", "a/b", "./a", "..a", "a..b/c", "a b"]) expect(leadsOut(name)).toBeNull();
});

/** Whole ones may have come out before the end was found to be missing; half ones never stay. */
const SIZES: Readonly<Record<string, number>> = { ffmpeg: LARGE.length, ffprobe: 1 };

test.each(LAYOUTS)("a %s that ends too soon or is damaged is refused, and ends", async (layout) => {
  const bytes = await pack(layout, [
    { name: "ffmpeg", content: LARGE },
    { name: "ffprobe", content: "x" },
  ]);
  for (const length of [0, 5, 600, Math.floor(bytes.length / 2), bytes.length - 5]) {
    await rm(into, { recursive: true });
    await mkdir(into);
    await expect(unpack(layout, bytes.subarray(0, length))).rejects.toMatchObject({ code: "E_ARCHIVE" });
  }
  for (const name of await readdir(into)) expect((await stat(join(into, name))).size).toBe(SIZES[name] ?? -1);
  const damaged = bytes.slice();
  damaged.fill(0x5a, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 40);
  await rm(into, { recursive: true });
  await mkdir(into);
  await expect(unpack(layout, damaged)).rejects.toMatchObject({ code: "E_ARCHIVE" });
  expect(await readdir(into)).toEqual([]);
});

test("lengths that are lies, and sizes beyond what a program may have", async () => {
  const lying = (claims: number) => zipOf([{ name: "ffmpeg", content: "twelve bytes", claims }]);
  for (const claims of [5, 50]) await expect(unpack("zip", lying(claims))).rejects.toMatchObject({ code: "E_ARCHIVE" });
  await expect(unpack("zip", lying(2 ** 31))).rejects.toMatchObject(refusal("larger than a program may be"));
  const many = Array.from({ length: 4 }, (_, at) => ({ name: `ballast${at}`, claims: 2 ** 31 }));
  await expect(unpack("zip", zipOf(many))).rejects.toMatchObject(refusal("more than it may"));
  expect(await readdir(into)).toEqual([]);
});

test.skipIf(!canHaveSmallDisks())("a full disk leaves no half program", async () => {
  const bytes = await tarGzOf([{ name: "ffmpeg", content: LARGE }]);
  using disk = new SmallDisk(join(folder, "disk"), 1);
  await expect(unpack("tar.gz", bytes, disk.folder)).rejects.toMatchObject({ code: "E_NO_SPACE" });
  expect(await readdir(disk.folder)).toEqual([]);
});
