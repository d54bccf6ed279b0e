import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ShareClaim, shareBits } from "./share-bits.ts";

const claim = (weight: number, leastBits = 0, mostBits = Number.POSITIVE_INFINITY): ShareClaim => ({
  weight,
  leastBits,
  mostBits,
});
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

test("bits follow the weights and add up", () => {
  expect(shareBits([claim(1), claim(3)], 1000)).toEqual([250, 750]);
  expect(sum(shareBits([claim(1), claim(1), claim(1)], 1000))).toBe(1000);
  expect(shareBits([], 1000)).toEqual([]);
});

test("what a bound takes or gives is divided among the others", () => {
  expect(shareBits([claim(1), claim(1), claim(8, 0, 500)], 1000)).toEqual([250, 250, 500]);
  expect(shareBits([claim(1, 200), claim(49), claim(50)], 1000)).toEqual([200, 396, 404]);
  // The most of all of them together is less than there is to give, the least of all is more.
  expect(shareBits([claim(1, 0, 100), claim(9, 0, 200)], 1000)).toEqual([100, 200]);
  expect(shareBits([claim(1, 600), claim(9, 600)], 1000)).toEqual([600, 600]);
});

test("any claims: within their bounds, whole, the budget spent wherever the bounds allow it, order kept", () => {
  const bounded = fc
    .record({
      weight: fc.integer({ min: 1, max: 1e9 }),
      leastBits: fc.integer({ min: 0, max: 1e6 }),
      room: fc.integer({ min: 1, max: 1e9 }),
      isBounded: fc.boolean(),
    })
    .map(({ weight, leastBits, room, isBounded }) =>
      claim(weight, leastBits, isBounded ? leastBits + room : Number.POSITIVE_INFINITY),
    );
  fc.assert(
    fc.property(
      fc.array(bounded, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 1e11 }),
      (claims, budget) => {
        const shares = shareBits(claims, budget);
        const least = sum(claims.map(({ leastBits }) => leastBits));
        const most = sum(claims.map(({ mostBits }) => mostBits));
        expect(sum(shares)).toBe(Math.min(Math.max(budget, least), most));
        for (const [index, share] of shares.entries()) {
          const { leastBits, mostBits } = claims[index] ?? claim(1);
          expect(Number.isInteger(share)).toBe(true);
          // One bit of rounding.
          expect(share).toBeGreaterThanOrEqual(leastBits - 1);
          expect(share).toBeLessThanOrEqual(mostBits + 1);
        }
      },
    ),
    { numRuns: 500 },
  );
});
