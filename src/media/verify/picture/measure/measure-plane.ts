// Measures one plane of a picture against the source's: mean, spread, PSNR, SSIM, and how well another picture, a
// shifted or a mirrored one, would fit. Pure; levels are in 255ths of the full scale.
import type { StripPlane } from "./strips.ts";

/** One plane of the output against one of the source. */
export interface PlaneMeasures {
  readonly meanSource: number;
  readonly meanOutput: number;
  /** Standard deviations. */
  readonly spreadSource: number;
  readonly spreadOutput: number;
  /** Mean squared error. */
  readonly error: number;
  /** 0 to 1: Wang et al. 2004, eq. 13, over blocks of 8 by 8 that do not overlap. */
  readonly ssim: number;
}

export function levels(peak: number): number {
  return 255 / peak;
}

/** dB; Infinity where nothing differs. */
export function psnr(error: number): number {
  return error === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(255 ** 2 / error);
}

/** K1 and K2 of that paper. */
const SSIM_C1 = (0.01 * 255) ** 2;
const SSIM_C2 = (0.03 * 255) ** 2;
const SSIM_COLUMNS = 8;

/** Same layout on both sides. */
export function measurePlane(source: StripPlane, output: StripPlane, scale: number): PlaneMeasures {
  const { width, rows, strips } = source;
  const [a, b] = [source.samples, output.samples];
  const sums = { a: 0, b: 0, aa: 0, bb: 0, ab: 0, ssim: 0, blocks: 0 };
  for (let strip = 0; strip < strips; strip += 1) {
    const first = strip * rows * width;
    for (let left = 0; left < width; left += SSIM_COLUMNS) {
      const columns = Math.min(SSIM_COLUMNS, width - left);
      let [sumA, sumB, sumAa, sumBb, sumAb] = [0, 0, 0, 0, 0];
      for (let row = 0; row < rows; row += 1) {
        const from = first + row * width + left;
        for (let at = from; at < from + columns; at += 1) {
          const x = a[at] ?? 0;
          const y = b[at] ?? 0;
          sumA += x;
          sumB += y;
          sumAa += x * x;
          sumBb += y * y;
          sumAb += x * y;
        }
      }
      sums.a += sumA;
      sums.b += sumB;
      sums.aa += sumAa;
      sums.bb += sumBb;
      sums.ab += sumAb;
      sums.ssim += blockSsim([sumA, sumB, sumAa, sumBb, sumAb], rows * columns, scale);
      sums.blocks += 1;
    }
  }
  const count = Math.max(1, source.samples.length);
  const [meanA, meanB] = [sums.a / count, sums.b / count];
  const spread = (squares: number, mean: number) => Math.sqrt(Math.max(0, squares / count - mean * mean)) * scale;
  return {
    meanSource: meanA * scale,
    meanOutput: meanB * scale,
    spreadSource: spread(sums.aa, meanA),
    spreadOutput: spread(sums.bb, meanB),
    error: (Math.max(0, sums.aa + sums.bb - 2 * sums.ab) / count) * scale * scale,
    ssim: sums.ssim / Math.max(1, sums.blocks),
  };
}

type BlockSums = readonly [number, number, number, number, number];

function blockSsim([sumA, sumB, sumAa, sumBb, sumAb]: BlockSums, count: number, scale: number): number {
  const square = scale * scale;
  const [meanA, meanB] = [(sumA / count) * scale, (sumB / count) * scale];
  const varianceA = (sumAa / count) * square - meanA * meanA;
  const varianceB = (sumBb / count) * square - meanB * meanB;
  const covariance = (sumAb / count) * square - meanA * meanB;
  const above = (2 * meanA * meanB + SSIM_C1) * (2 * covariance + SSIM_C2);
  return above / ((meanA * meanA + meanB * meanB + SSIM_C1) * (varianceA + varianceB + SSIM_C2));
}

/** Mean squared error in squared samples over every `step`-th row from `first` on. */
export function rowError(source: StripPlane, output: StripPlane, first: number, step: number): number {
  const { width, rows, strips } = source;
  const [a, b] = [source.samples, output.samples];
  let sum = 0;
  let count = 0;
  for (let row = 0; row < rows * strips; row += 1) {
    if ((row % rows) % step !== first) continue;
    for (let at = row * width; at < (row + 1) * width; at += 1) {
      const difference = (a[at] ?? 0) - (b[at] ?? 0);
      sum += difference * difference;
    }
    count += width;
  }
  return count === 0 ? 0 : sum / count;
}

/** Where a sample of the source is taken from for one of the output: a row of the same strip, and a column. */
export interface Displacement {
  readonly dx: number;
  readonly dy: number;
}

/**
 * Mean squared errors in squared samples, of the output against the source as it is and against the source moved by
 * (dx, dy), over those samples that both have. Null: none.
 */
export function displacedError(
  source: StripPlane,
  output: StripPlane,
  { dx, dy }: Displacement,
): { readonly own: number; readonly moved: number } | null {
  const { width, rows, strips } = source;
  const [a, b] = [source.samples, output.samples];
  const [left, right] = [Math.max(0, dx), width + Math.min(0, dx)];
  const [top, bottom] = [Math.max(0, dy), rows + Math.min(0, dy)];
  if (left >= right || top >= bottom) return null;
  const back = dy * width + dx;
  let own = 0;
  let moved = 0;
  for (let strip = 0; strip < strips; strip += 1) {
    for (let row = top; row < bottom; row += 1) {
      const from = (strip * rows + row) * width;
      for (let at = from + left; at < from + right; at += 1) {
        const value = b[at] ?? 0;
        const before = (a[at] ?? 0) - value;
        const after = (a[at - back] ?? 0) - value;
        own += before * before;
        moved += after * after;
      }
    }
  }
  const count = (right - left) * (bottom - top) * strips;
  return { own: own / count, moved: moved / count };
}

/** The picture mirrored. */
export function mirrored(plane: StripPlane, way: "left-right" | "top-bottom" | "both"): StripPlane {
  const { width, rows, strips, samples } = plane;
  const turned = samples.slice();
  const all = rows * strips;
  for (let row = 0; row < all; row += 1) {
    const from = way === "left-right" ? row : all - 1 - row;
    for (let column = 0; column < width; column += 1) {
      const at = way === "top-bottom" ? column : width - 1 - column;
      turned[row * width + column] = samples[from * width + at] ?? 0;
    }
  }
  return { ...plane, samples: turned };
}

/** Swaps rows in pairs: each field takes the other's place. */
export function fieldsSwapped(plane: StripPlane): StripPlane {
  const { width, rows, strips, samples } = plane;
  const turned = samples.slice();
  for (let row = 0; row < rows * strips; row += 1) {
    const other = row % 2 === 0 ? row + 1 : row - 1;
    turned.set(samples.subarray(other * width, (other + 1) * width), row * width);
  }
  return { ...plane, samples: turned };
}
