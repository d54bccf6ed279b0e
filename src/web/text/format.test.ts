import { expect, test } from "bun:test";
import { ago, bytes, clock, count, duration, fps, percent, saved } from "./format.ts";

test("numbers read as people say them", () => {
  expect([0, 999, 1000, 26_579_202, 999_600, 123_456_789_012].map(bytes)).toEqual([
    ...["0 B", "999 B", "1.0 kB", "26.6 MB", "1.0 MB", "123 GB"],
  ]);
  expect([0, 59.4, 60, 83, 3599, 3600, 5400, 90_000].map(duration)).toEqual([
    ...["0 s", "59 s", "1 min", "1 min 23 s", "59 min 59 s", "1 h", "1 h 30 min", "1 d 1 h"],
  ]);
  expect([0, 65.9, 3725].map(clock)).toEqual(["0:00", "1:05", "1:02:05"]);
  expect([0, 4.25, 42.9, 99.96, 100].map(percent)).toEqual(["0 %", "4.3 %", "42 %", "99 %", "100 %"]);
  expect([0, 12.34, 240.6].map(fps)).toEqual(["0 fps", "12.3 fps", "241 fps"]);
  expect([count(1, "client"), count(2, "client"), count(1200, "try", "tries")]).toEqual([
    ...["1 client", "2 clients", "1,200 tries"],
  ]);
});

test("a size that changed, and a moment that passed", () => {
  expect([saved(100, 44), saved(100, 215), saved(1000, 1001), saved(0, 5)]).toEqual([
    ...["56 % smaller", "115 % larger", null, null],
  ]);
  const now = Date.parse("2026-03-01T12:00:00Z");
  const at = ["2026-03-01T11:59:40Z", "2026-03-01T11:55:30Z", "2026-03-01T09:00:00Z"].map((iso) => ago(iso, now));
  expect(at).toEqual(["just now", "5 min ago", "3 h ago"]);
});
