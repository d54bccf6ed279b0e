import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fontFolders, listFontFiles } from "./font-files.ts";

test("each system has its folders, and each user", () => {
  expect(fontFolders({ SystemRoot: "D:\\WIN" }, "win32", "C:\\Users\\me")).toEqual([
    "D:\\WIN\\Fonts",
    "C:\\Users\\me\\AppData\\Local\\Microsoft\\Windows\\Fonts",
  ]);
  expect(fontFolders({}, "darwin", "/Users/me")).toContain("/Users/me/Library/Fonts");
  expect(fontFolders({ XDG_DATA_HOME: "/data" }, "linux", "/home/me")).toContain("/data/fonts");
});

test("the same fonts are the same list wherever they lie; another size is another font", async () => {
  const root = await mkdtemp(join(tmpdir(), "ffcluster-fonts-"));
  const placed = async (folder: string, name: string, bytes: number) => {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, name), new Uint8Array(bytes));
  };
  await placed("a/truetype/x", "Sans.ttf", 10);
  await placed("a", "Serif.OTF", 20);
  await placed("a", "fonts.dir", 5);
  await placed("b", "Serif.OTF", 20);
  await placed("b/c", "Sans.ttf", 10);
  await placed("d", "Sans.ttf", 11);
  const listed = (...folders: string[]) => listFontFiles(folders.map((folder) => join(root, folder)));
  expect(await listed("a")).toEqual(["Sans.ttf|10", "Serif.OTF|20"]);
  expect(await listed("b", "nowhere")).toEqual(await listed("a"));
  expect(await listed("d")).toEqual(["Sans.ttf|11"]);
  await rm(root, { recursive: true });
});
