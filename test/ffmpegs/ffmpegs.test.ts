// A hard clip on each version of ffmpeg that is there (FFCLUSTER_FFMPEGS=DIR); `npm run test:ffmpegs` tries all cases.
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { CASES } from "./cases.ts";
import { cellsOf, isBad } from "./matrix.ts";

const given = process.env.FFCLUSTER_FFMPEGS;
const folder = resolve(given || ".");
const versions = given
  ? readdirSync(folder)
      .filter((name) => existsSync(join(folder, name, "ffmpeg")))
      .sort()
  : [];

/** What went wrong most, in turn. */
const HARD = [
  "full range, FFV1",
  "edit list, no sync sample before it",
  "-r, variable",
  "TS whose clock wraps",
  "open groups, HEVC",
];

for (const [number, version] of versions.entries()) {
  const name = HARD[number % HARD.length];
  test(`ffmpeg ${version}: ${name}`, async () => {
    const wanted = CASES.filter((one) => one.name === name);
    expect(wanted.length).toBe(1);
    const cells = await cellsOf(join(folder, version), wanted, 1, () => undefined);
    expect(cells.filter(isBad)).toEqual([]);
  }, 240_000);
}

test("the cases have names of their own", () => {
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
});

if (versions.length === 0) test.skip("a hard clip on each version of ffmpeg (set FFCLUSTER_FFMPEGS)", () => undefined);
