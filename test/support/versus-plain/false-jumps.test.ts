import { expect, test } from "bun:test";
import { isSteady } from "./false-jumps.ts";

const video = (...seconds: number[]) => seconds.map((at) => ({ stream: 0, seconds: at }));

test("decoding times that rise in each stream are steady, however slowly, and whichever stream is ahead", () => {
  expect(isSteady(video(1.4, 1.5, 1.6, 1.9, 1.9))).toBe(true);
  const mixed = [...video(1.4, 1.6), { stream: 1, seconds: 1.2 }, ...video(1.8), { stream: 1, seconds: 1.3 }];
  expect(isSteady(mixed)).toBe(true);
});

test("a clock that goes back or leaps is not, nor is a file without times", () => {
  expect(isSteady(video(1.4, 1.5, 1.45))).toBe(false);
  expect(isSteady(video(1.4, 12))).toBe(false);
  expect(isSteady([...video(1.4), { stream: 1, seconds: 30 }])).toBe(false);
  expect(isSteady([])).toBe(false);
});
