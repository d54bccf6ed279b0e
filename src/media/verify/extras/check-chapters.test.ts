import { describe, expect, test } from "bun:test";
import type { Chapter } from "./chapter-list.ts";
import { metadataFile } from "./chapters-as-written.ts";
import { compareChapters } from "./check-chapters.ts";

const at = (start: number, end: number, title = ""): Chapter => ({ startUs: start * 1e6, endUs: end * 1e6, title });

/** The film begins at 10 s of the source and at 0 of the output. */
async function compared(source: Chapter[], output: Chapter[], written: Chapter[] | null = null, container = "mkv") {
  const found = await compareChapters(
    { source, output, firstFrameUs: { source: 10e6, output: 0 } },
    { container: container as "mkv" | "mp4", hasTitles: true },
    async () => written,
  );
  if (found === null) throw new Error("nothing was compared");
  return { ok: found.check.ok, lost: found.lost, detail: found.check.detail };
}

describe("chapters of the source and of the output", () => {
  test("each at its time", async () => {
    const source = [at(10, 12, "A"), at(12, 16, "B")];
    expect(await compared(source, [at(0, 2, "A"), at(2, 6, "B")])).toMatchObject({ ok: true, lost: [] });
  });
  test.each([
    ["a second late", [at(0, 2, "A"), at(3, 6, "B")]],
    ["another title", [at(0, 2, "A"), at(2, 6, "C")]],
    ["missing", [at(0, 6, "A")]],
    ["one too many", [at(0, 2, "A"), at(2, 6, "B"), at(4, 6, "C")]],
  ])("%s fails", async (_, output) => {
    const source = [at(10, 12, "A"), at(12, 16, "B")];
    expect((await compared(source, output)).ok).toBe(false);
    expect((await compared(source, output, [at(0, 2, "A"), at(2, 6, "B")])).ok).toBe(false);
  });
  test("one that ends before the film is named, one that begins before it is cut", async () => {
    const source = [at(0, 5, "before"), at(5, 12, "over the start"), at(12, 16, "inside")];
    expect(await compared(source, [at(0, 2, "over the start"), at(2, 6, "inside")])).toEqual({
      ok: true,
      lost: ['chapter 1 "before" is left out: it ends before the film begins'],
      detail: expect.stringContaining("2 of 3"),
    });
  });
  test("what this ffmpeg writes otherwise is lost, and said, and fails nothing", async () => {
    const source = [at(10, 12, "A"), at(12, 12), at(19, 22, "late")];
    const written = [at(0, 9, "A"), at(9, 12, "late"), at(9, 12, "late")];
    const found = await compared(source, written, written, "mp4");
    expect(found).toMatchObject({ ok: true, lost: ['chapter 2 at 2.000 s is 9.000 s "late" in mp4'] });
  });
  test("in MP4 the first one reaches back to zero", async () => {
    expect((await compared([at(11, 12, "A")], [at(0, 2, "A")], null, "mp4")).ok).toBe(true);
    expect((await compared([at(11, 12, "A")], [at(0, 2, "A")], null, "mkv")).ok).toBe(false);
  });
});

test("ffmpeg's metadata format: what has a meaning there is escaped", () => {
  expect(metadataFile([at(0, 1.5, "a=b; #c\\d\ne")])).toBe(
    ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000000\nSTART=0\nEND=1500000\ntitle=a\\=b\\; \\#c\\\\d\\\ne\n",
  );
});
