import { expect, test } from "bun:test";
import fc from "fast-check";
import { slidingCorrelation, slidingProducts } from "./cross-correlation.ts";

const samples = (minLength: number, maxLength: number) =>
  fc
    .array(fc.integer({ min: -32_768, max: 32_767 }), { minLength, maxLength })
    .map((values) => Int16Array.from(values));

test("every shift's sum is the one that adding up term by term gives", () => {
  fc.assert(
    fc.property(samples(1, 40), samples(40, 130), (window, stretch) => {
      const products = slidingProducts(window, stretch);
      expect(products.length).toBe(stretch.length - window.length + 1);
      for (const [shift, product] of products.entries()) {
        const sum = window.reduce((total, sample, n) => total + sample * (stretch[shift + n] ?? 0), 0);
        expect(Math.abs(product - sum)).toBeLessThan(1);
      }
    }),
    { numRuns: 100 },
  );
});

test("1 where the window was taken from, 0 in silence", () => {
  const stretch = Int16Array.from({ length: 500 }, (_, n) => ((n * 7919) % 1000) - 500);
  expect(slidingCorrelation(stretch.slice(123, 323), stretch)[123]).toBeCloseTo(1, 9);
  expect(slidingCorrelation(new Int16Array(10), new Int16Array(20))[3]).toBe(0);
});
