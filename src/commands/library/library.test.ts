import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BadValue } from "../../base/config/option.ts";
import { AppError } from "../../base/errors.ts";
import { noteUnderWay } from "./begin-file.ts";
import { findFiles } from "./find-files.ts";
import { inParallel, Turns } from "./in-parallel.ts";
import { type LibraryEntry, LibraryState } from "./library-state.ts";
import { assignNames, type ToName } from "./names/assign-names.ts";
import { extensionIn, parseNameTemplate, renderName } from "./names/name-template.ts";
import { summaryText, type Totals } from "./report.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-library-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("templates of names", () => {
  const render = (template: string, path: string) =>
    renderName(parseNameTemplate(template), path, { codec: "hevc", extension: "mkv" });

  test("fields are filled; folders that are not there leave nothing", () => {
    expect(render("{dir}/{stem}.{codec}.{ext}", "a/b c/film.one.mp4")).toBe("a/b c/film.one.hevc.mkv");
    expect(render("{dir}/{stem}.{ext}", "film.mp4")).toBe("film.mkv");
    expect(render("{source-ext}/{name}.mp4", "a/film.MOV")).toBe("MOV/film.MOV.mp4");
  });

  test("no source's name leads out of the output folder", () => {
    expect(render("{stem}/{name}.mp4", "...mp4")).toBe("_/...mp4.mp4");
    expect(render("{stem}/x.mp4", "..")).not.toContain("..");
  });

  test.each(["{foo}.mkv", "a{.mkv", "/abs/{stem}.mkv", "C:/{stem}.mkv", "../{stem}.mkv", "{dir}/"])(
    "%s is refused",
    (text) => expect(() => parseNameTemplate(text)).toThrow(BadValue),
  );

  test("an extension that is written out chooses the container", () => {
    expect(extensionIn(parseNameTemplate("{stem}.mp4"))).toBe("mp4");
    expect(extensionIn(parseNameTemplate("{stem}.x{ext}"))).toBeNull();
    expect(extensionIn(parseNameTemplate("{stem}.{ext}"))).toBeNull();
  });
});

describe("names of outputs", () => {
  const toName = (source: string, wanted: string): ToName => ({
    source,
    sourceExtension: source.slice(source.lastIndexOf(".") + 1),
    wanted,
  });
  test("sources of one name get different ones, also where a disk does not tell letters apart", () => {
    const sources = [
      toName("a.avi", "a.mp4"),
      toName("a.mkv", "a.mp4"),
      toName("x/A.mkv", "A.mp4"),
      toName("e", "e.mp4"),
    ];
    expect([...assignNames(sources, []).values()]).toEqual(["a.mp4", "a.mkv.mp4", "A (2).mp4", "e.mp4"]);
    const forms = [toName("1", "\u00e9.mp4"), toName("2", "e\u0301.mp4")];
    expect([...assignNames(forms, []).values()]).toEqual(["\u00e9.mp4", "e\u0301.2.mp4"]);
  });

  test("a source keeps the name that it had, and one that comes later takes nobody's", () => {
    const before = [["b.mkv", "b.mp4"]] as const;
    const names = assignNames([toName("b.avi", "b.mp4"), toName("b.mkv", "b.mp4")], before);
    expect(Object.fromEntries(names)).toEqual({ "b.avi": "b.avi.mp4", "b.mkv": "b.mp4" });
  });
});

test("a folder's videos are found by their names, in order; hidden ones, outputs and folders behind links are not", async () => {
  const root = join(folder, "films");
  for (const name of ["b.mp4", "a.MKV", "in/c.ts", "in/.d.mp4", ".git/e.mp4", "out/f.mp4", "notes.txt", "._b.mp4"]) {
    await mkdir(join(root, name, ".."), { recursive: true });
    await writeFile(join(root, name), "x");
  }
  await symlink(root, join(root, "round"));
  await symlink(join(root, "b.mp4"), join(root, "link.mp4"));
  const options = {
    cwd: folder,
    isRecursive: true,
    isOurs: (path: string) => path === join(root, "out"),
    signal: new AbortController().signal,
  };
  const found = await findFiles(["films", "films/b.mp4", "missing.mp4"], options);
  expect(found.files.map(({ relative }) => relative)).toEqual(["a.MKV", "b.mp4", "in/c.ts", "link.mp4"]);
  expect(found.leftOut).toBe(2); // the text, and the link to a folder
  expect(found.bad.map(({ error }) => error.code)).toEqual(["E_SOURCE_MISSING"]);
  const flat = await findFiles(["films"], { ...options, isRecursive: false });
  expect(flat.files.map(({ relative }) => relative)).toEqual(["a.MKV", "b.mp4", "link.mp4"]);
});

describe("the state of a library", () => {
  const entry: LibraryEntry = {
    source: "/films/a.mp4",
    bytes: 1,
    mtime_ms: 2.5,
    sha256: "00",
    request: "r",
    output: "a.mp4",
    asked: null,
    job: { server: "localhost:5001", id: "1" },
    result: null,
    former: null,
    replacing: null,
  };

  test("the last line of a source counts; a line that a kill cut off costs only itself", async () => {
    const path = join(folder, "state/lines.jsonl");
    const first = await LibraryState.open(path);
    await first.put(entry);
    await first.put({ ...entry, output: "b.mp4" });
    await appendFile(path, '{"source":"/films/cut.mp4","byt');
    const second = await LibraryState.open(path);
    expect([...second.entries()]).toEqual([{ ...entry, output: "b.mp4" }]);
    const other = { ...entry, source: "/films/other.mp4" };
    await second.put(other);
    expect([...(await LibraryState.open(path)).entries()]).toEqual([{ ...entry, output: "b.mp4" }, other]);
  });

  test("what an earlier run left under way is its source's content, before any file begins", async () => {
    const state = await LibraryState.open(join(folder, "under way.jsonl"));
    const result = { kind: "encoded", bytes: 1, mtime_ms: 1 } as const;
    await state.put({ ...entry, source: "/films/open.mp4", sha256: "open", result: null });
    await state.put({ ...entry, source: "/films/done.mp4", sha256: "done", result });
    await state.put({
      ...entry,
      source: "/films/changed.mp4",
      sha256: "changed",
      bytes: entry.bytes + 1,
      result: null,
    });
    const contents = new Map<string, string>();
    const files = ["copy of open.mp4", "open.mp4", "done.mp4", "changed.mp4"].map((name) => {
      return { path: `/films/${name}`, bytes: entry.bytes, mtimeMs: entry.mtime_ms, state };
    });
    noteUnderWay(files, { contents });
    expect([...contents]).toEqual([["open", "/films/open.mp4"]]);
  });
});

test("only so many are under way at a time; a failure ends the rest", async () => {
  async function* numbers() {
    for (let number = 0; number < 20; number++) yield number;
  }
  let now = 0;
  let most = 0;
  const seen: number[] = [];
  await inParallel(numbers(), 3, async (number) => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(number);
    now -= 1;
  });
  expect({ most, seen: seen.length }).toEqual({ most: 3, seen: 20 });
  const failing = inParallel(numbers(), 2, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  const turns = new Turns(1);
  const order: string[] = [];
  await Promise.all(
    ["a", "b"].map((name) =>
      turns.take(async () => {
        order.push(`${name} in`);
        await Promise.resolve();
        order.push(`${name} out`);
      }),
    ),
  );
  expect(order).toEqual(["a in", "a out", "b in", "b out"]);
});

test("the summary counts, and names every failure; names of files obey no control characters", () => {
  const totals: Totals = {
    counts: { encoded: 2, kept: 0, submitted: 0, skipped: 1, failed: 1 },
    leftOut: 3,
    seconds: 3723,
    bytesIn: 3 * 1024 ** 2,
    bytesOut: 1024 ** 2,
    skipped: new Map([["made before", 1]]),
    failed: [
      { source: "bad\u001b[2J\n.mp4", error: new AppError("E_SOURCE_REFUSED", "it is no video", "Try another.") },
    ],
  };
  expect(summaryText(totals)).toBe(
    [
      "4 files: 2 encoded, 1 skipped, 1 failed; 1h02m of video; 2.0 MiB saved (3.0 MiB became 1.0 MiB); 3 left out that are no videos",
      "skipped 1: made before",
      "failed bad?.mp4: it is no video (E_SOURCE_REFUSED)",
      "  hint: Try another.",
      "",
    ].join("\n"),
  );
});
