import { expect, test } from "bun:test";
import { sharesTimes } from "./handed.ts";

function shownAt(...seconds: number[]) {
  return { pictures: { md5: [], seconds, tick: 0.001, thumbs: new Uint8Array() } };
}

test("two pictures in a row of one time are found", () => {
  expect(sharesTimes(shownAt(0, 0.25, 0.25, 0.333))).toBe(true);
  expect(sharesTimes(shownAt(0, 0.25, 0.333))).toBe(false);
  expect(sharesTimes(shownAt(0.25))).toBe(false);
});

test("pictures a tick apart have times of their own", () => {
  expect(sharesTimes(shownAt(0, 0.001, 0.002))).toBe(false);
});
