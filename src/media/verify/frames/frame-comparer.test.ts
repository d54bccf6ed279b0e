import { expect, test } from "bun:test";
import fc from "fast-check";
import { FrameComparer, type Side } from "./frame-comparer.ts";

const hex = (value: number) => value.toString(16).padStart(32, "0");
const digest = (value: number) => hex(value).split("").reverse().join("");

test("whatever the order of arrival, the same pictures are equal and a changed one is named", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1000), { minLength: 1, maxLength: 50 }),
      fc.array(fc.boolean(), { minLength: 120, maxLength: 120 }),
      fc.nat(),
      (pictures, turns, changed) => {
        const run = (segments: readonly number[]) => {
          const comparer = new FrameComparer();
          const left: Record<Side, readonly number[]> = { output: pictures, segments };
          const at: Record<Side, number> = { output: 0, segments: 0 };
          const order = [...turns.map((turn): Side => (turn ? "output" : "segments"))];
          for (const side of [...order, ...Array<Side>(60).fill("output"), ...Array<Side>(60).fill("segments")]) {
            const value = left[side][at[side]];
            if (value === undefined) continue;
            at[side] += 1;
            comparer.add(side, digest(value));
          }
          return comparer;
        };
        expect(run(pictures).isEqual).toBe(true);
        const place = changed % pictures.length;
        const other = run(pictures.map((value, position) => (position === place ? value + 5000 : value)));
        expect(other.isEqual).toBe(false);
        expect(other.firstDifference).toBe(place);
        expect(run(pictures.slice(1)).isEqual).toBe(false);
      },
    ),
    { numRuns: 200 },
  );
});
