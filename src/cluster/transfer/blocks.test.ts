import { expect, test } from "bun:test";
import fc from "fast-check";
import { blockCount, blockRange, blocksOfRange } from "./blocks.ts";

test("blocks tile the source: no gap, no overlap, the last one short", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 700 }), (bytes, blockBytes) => {
      let position = 0;
      for (let block = 0; block < blockCount(bytes, blockBytes); block++) {
        const range = blockRange(block, bytes, blockBytes);
        expect(range.start).toBe(position);
        expect(range.end).toBeGreaterThan(range.start);
        position = range.end;
      }
      expect(position).toBe(bytes);
    }),
  );
});

test("a block that is not there is a RangeError", () => {
  for (const block of [-1, 2, 0.5]) expect(() => blockRange(block, 2000, 1000)).toThrow(RangeError);
  expect(() => blockRange(0, 0, 1000)).toThrow(RangeError);
});

test("blocksOfRange names exactly the blocks that a range touches", () => {
  expect(blocksOfRange({ start: 0, end: 1 }, 10)).toEqual({ first: 0, last: 0 });
  expect(blocksOfRange({ start: 9, end: 20 }, 10)).toEqual({ first: 0, last: 1 });
  expect(blocksOfRange({ start: 10, end: 21 }, 10)).toEqual({ first: 1, last: 2 });
});
