import { expect, test } from "bun:test";
import { sortShown } from "./shown-order.ts";

test("pictures of a long segment are put in order, as far as encoders move them", async () => {
  const shown = Array.from({ length: 120_000 }, (_, at) => at * 3);
  const stored = [...shown];
  for (let at = 0; at + 900 < stored.length; at += 900) {
    const group = stored.slice(at, at + 900).reverse();
    stored.splice(at, 900, ...group);
  }
  expect(await sortShown(stored)).toBe(true);
  expect(stored).toEqual(shown);
});

test("times in any order of a short one are sorted, and of a long one are refused without holding up the rest", async () => {
  const short = [3, 1, 2, 100, 0];
  expect(await sortShown(short)).toBe(true);
  expect(short).toEqual([0, 1, 2, 3, 100]);
  const long = Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 300_007);
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  expect(await sortShown(long)).toBe(false);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(2);
});
