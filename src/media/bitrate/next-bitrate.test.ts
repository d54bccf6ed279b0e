// The next rate of a segment's encode: by the last miss, then between what was too much and what was too little.
import { expect, test } from "bun:test";
import { nextBitrate } from "./next-bitrate.ts";

test("with tries on one side only, the last miss is made up for, by a factor of four at most", () => {
  expect(nextBitrate([{ bitrate: 1000, bits: 1250 }], 1000)).toBe(800);
  expect(nextBitrate([{ bitrate: 1000, bits: 100 }], 1000)).toBe(4000);
});

test("a still picture that lasts for seconds asks for no rate beyond what encoders hold", () => {
  expect(nextBitrate([{ bitrate: 900_000_000, bits: 10 }], 1_000_000)).toBe(2_000_000_000);
});

test("with one on each side, it lies between them, in the proportion of their misses", () => {
  const tries = [
    { bitrate: 1000, bits: 1100 },
    { bitrate: 900, bits: 960 },
  ];
  expect(nextBitrate(tries, 1000)).toBeCloseTo(928.6, 1);
  // Nearer than a tenth to one of them, the same jump of the quantizer would come out again.
  expect(nextBitrate(tries, 1099)).toBeCloseTo(990, 1);
});

test("sizes that fall while the rate rises: the nearest rates count, and none is tried twice", () => {
  const tries = [
    { bitrate: 1579, bits: 1105 },
    { bitrate: 1429, bits: 973 },
    { bitrate: 1460, bits: 970 },
  ];
  const next = nextBitrate(tries, 1000);
  expect(next).toBeGreaterThan(1460);
  expect(next).toBeLessThan(1579);
});
