import { expect, test } from "bun:test";
import { concatList } from "./concat-list.ts";

test("durations are differences of rounded absolute times, so that nothing drifts", () => {
  const timeBase = { num: 1, den: 90_000 };
  const firsts = Array.from({ length: 61 }, (_, n) => n * 10 * 3003); // 10 frames of 29.97 fps each: no whole microseconds
  const segments = firsts.slice(0, 60).map((firstPts, n) => ({
    path: `/w/${n}.nut`,
    firstPts,
    lastPts: (firsts[n + 1] ?? 0) - 3003,
    ownStartUs: 0,
  }));
  const durations = [...concatList(segments, timeBase, 3003).matchAll(/^duration (\d+)\.(\d{6})$/gm)].map(
    (found) => Number(found[1]) * 1e6 + Number(found[2]),
  );
  let sum = 0;
  for (const [n, duration] of durations.entries()) {
    expect(Math.round((sum * 90_000) / 1e6)).toBe(firsts[n] ?? Number.NaN);
    sum += duration;
  }
  expect(durations.length).toBe(60);
  expect(sum).toBe(Math.round((60 * 10 * 3003 * 1e6) / 90_000));
});

test("the list's exact text; quotes in a path are escaped", () => {
  const segments = [
    { path: "/w/it's.nut", firstPts: 0, lastPts: 24, ownStartUs: 100_000_000_000 },
    { path: "/w/b.nut", firstPts: 25, lastPts: 30, ownStartUs: 100_001_000_000 },
  ];
  expect(concatList(segments, { num: 1, den: 25 }, 1)).toBe(
    [
      "ffconcat version 1.0",
      "file 'file:/w/it'\\''s.nut'",
      "inpoint 100000.000001",
      "duration 1.000000",
      "file 'file:/w/b.nut'",
      "inpoint 100001.000001",
      "duration 0.240000",
      "",
    ].join("\n"),
  );
});

test("a path that would write lines of its own into the list is refused", () => {
  const segment = { path: "/w/a'\nfile '/etc/passwd", ownStartUs: 0, firstPts: 0, lastPts: 1 };
  expect(() => concatList([segment], { num: 1, den: 25 }, 1)).toThrow("more than one line");
  expect(concatList([{ ...segment, path: "/w/it's" }], { num: 1, den: 25 }, 1)).toContain("file 'file:/w/it'\\''s'\n");
});
