// Distinguishes two pictures that are near in time by the blocks in which they differ: at any quality an encoder may
// leave a faint change to a later picture, but not a strong one. Pure.
import type { StripPlane } from "./strips.ts";

/** Mean squared errors of an output against two pictures, in squared samples, over the blocks in which these differ. */
export interface Apart {
  readonly own: number;
  readonly other: number;
}

const COLUMNS = 8;
/** Blocks that must differ before a decision is made. */
const FEWEST = 4;

/**
 * Blocks of 8 columns and a strip's rows (every `step`-th from `first` on) whose mean squared difference between `own` and
 * `other` is at least `least`, in squared samples. Null: there are too few of them to tell which of the two it is.
 */
export function errorsApart(
  { own, other, output }: { readonly own: StripPlane; readonly other: StripPlane; readonly output: StripPlane },
  { first, step }: { readonly first: number; readonly step: number },
  least: number,
): Apart | null {
  const { width, rows, strips } = own;
  const [a, b, shown] = [own.samples, other.samples, output.samples];
  const sums = { own: 0, other: 0, count: 0, blocks: 0 };
  for (let strip = 0; strip < strips; strip += 1) {
    for (let left = 0; left < width; left += COLUMNS) {
      const right = Math.min(width, left + COLUMNS);
      let apart = 0;
      let count = 0;
      for (let row = first; row < rows; row += step) {
        const from = (strip * rows + row) * width;
        for (let at = from + left; at < from + right; at += 1) {
          const difference = (a[at] ?? 0) - (b[at] ?? 0);
          apart += difference * difference;
        }
        count += right - left;
      }
      if (count === 0 || apart < least * count) continue;
      // Most blocks of most pictures end above: only those that differ are compared with the output.
      for (let row = first; row < rows; row += step) {
        const from = (strip * rows + row) * width;
        for (let at = from + left; at < from + right; at += 1) {
          const is = shown[at] ?? 0;
          const toOwn = (a[at] ?? 0) - is;
          const toOther = (b[at] ?? 0) - is;
          sums.own += toOwn * toOwn;
          sums.other += toOther * toOther;
        }
      }
      sums.count += count;
      sums.blocks += 1;
    }
  }
  return sums.blocks < FEWEST ? null : { own: sums.own / sums.count, other: sums.other / sums.count };
}
