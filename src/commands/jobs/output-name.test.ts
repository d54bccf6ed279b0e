// Names that a server would have a person write into the current folder.
import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { requirePossiblePath, safeOutputName } from "./output-name.ts";
import { targetFor } from "./save-output.ts";

const HOSTILE = [
  ".bash_login",
  ".hidden.mp4",
  "x.sh",
  "film.mp4.exe",
  "film",
  "CON.mp4",
  "con",
  "nul .mkv",
  "COM1.mp4",
  "lpt9.webm",
  "film.mp4:stream",
  "x:y.mp4",
  "a\u202egpm.4pm.mp4",
  "a\u001b[2J.mp4",
  "a\nb.mp4",
  "a\u0000.mp4",
  "a\u2066.mkv",
  "..",
  "",
  "../x.mp4",
  "a\\b.mp4",
  `${"x".repeat(252)}.mp4`,
  "\ud800.mp4",
];

test.each(HOSTILE.map((name) => [name]))("%j is refused", async (name) => {
  expect(() => safeOutputName(name)).toThrow("is not taken");
  // `jobs download` without -o, and into a folder. Parts before a slash are the server's own affair.
  if (name.includes("/")) return;
  await expect(targetFor(null, tmpdir(), name)).rejects.toMatchObject({ code: "E_USAGE" });
  await expect(targetFor(tmpdir(), tmpdir(), name)).rejects.toMatchObject({ code: "E_USAGE" });
});

test.each([["input.ffcluster.mp4"], ["Ünï 日本 (1).MKV"], ["console.mp4"], ["a.b.webm"], ["x.ts"]])(
  "%s is taken",
  (name) => {
    expect(safeOutputName(name)).toBe(name);
  },
);

test("on Windows -o names no file that it can't keep; elsewhere they are names like others", () => {
  for (const path of ["film:b.mp4", "C:\\out\\what?.mp4", "out. /x.mp4", "con.mp4", "x.mp4."]) {
    expect(() => requirePossiblePath(path, "win32")).toThrow("can't be the name of a file here: it ");
    expect(() => requirePossiblePath(path, "linux")).not.toThrow();
  }
  expect(() => requirePossiblePath("C:\\Users\\me\\out put.mp4", "win32")).not.toThrow();
});
