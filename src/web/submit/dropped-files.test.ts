// A drop as a browser gives it, by stand-ins for its entries: only a real mouse makes real ones.
import { expect, test } from "bun:test";
import { droppedFiles } from "./dropped-files.ts";

const fileEntry = (name: string) => ({
  isFile: true,
  file: (take: (file: File) => void) => take(new File(["x"], name)),
});

/** Its reader gives two entries at a time, then none. */
function folderEntry(entries: readonly object[]) {
  return {
    isFile: false,
    createReader() {
      let at = 0;
      const next = () => {
        at += 2;
        return entries.slice(at - 2, at);
      };
      return { readEntries: (take: (found: readonly object[]) => void) => take(next()) };
    },
  };
}

async function namesOf(entries: readonly (object | null)[]): Promise<string[]> {
  const items = entries.map((entry) => ({ webkitGetAsEntry: () => entry }));
  return (await droppedFiles({ items } as unknown as DataTransfer)).map(({ name }) => name);
}

test("films of dropped folders, to any depth and past a reader's first answer; what else lies there stays", async () => {
  const inner = folderEntry([fileEntry("c.webm"), fileEntry("cover.jpg")]);
  const folder = folderEntry([
    fileEntry("a.mp4"),
    fileEntry("notes.txt"),
    inner,
    fileEntry("B.MKV"),
    fileEntry("d.ts"),
  ]);
  expect(await namesOf([folder])).toEqual(["a.mp4", "c.webm", "B.MKV", "d.ts"]);
});

test("a file that is dropped itself is taken whatever its name; what is no file is none", async () => {
  expect(await namesOf([fileEntry("strange.bin"), null])).toEqual(["strange.bin"]);
});

test("a folder of a whole disk ends at a thousand", async () => {
  const many = Array.from({ length: 1100 }, (_, at) => fileEntry(`${at}.mp4`));
  expect(await namesOf([folderEntry(many)])).toHaveLength(1000);
});
