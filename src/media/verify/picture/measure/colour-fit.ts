// How much a picture differs as a whole: the part of its difference from the source's that a linear change of levels or
// colours explains. Converted levels, another matrix, swapped chroma and a shifted mean are such changes; an encoder's
// losses are not. Pure; levels are in 255ths of the full scale.
import { BLOCK, type StripPlane, type Strips } from "./strips.ts";

export interface ColourFit {
  /** Root mean square of the difference of block means that is a linear function of the source's colours. */
  readonly explained: number;
  /** Root mean square of the rest. */
  readonly unexplained: number;
  /** Standard deviation of the source's block means. */
  readonly detail: number;
  readonly blocks: number;
}

/** Means of blocks of 8 by 8 luma samples and of the chroma beside them, strip by strip. */
export function blockMeans(plane: StripPlane, lumaWidth: number, scale: number): Float64Array {
  const { width, rows, strips, samples } = plane;
  const blocks = Math.max(1, Math.floor(lumaWidth / BLOCK));
  const columns = Math.min(width, Math.max(1, BLOCK >> plane.plane.log2Width));
  const means = new Float64Array(blocks * strips);
  for (let strip = 0; strip < strips; strip += 1) {
    for (let block = 0; block < blocks; block += 1) {
      let sum = 0;
      for (let row = 0; row < rows; row += 1) {
        const from = (strip * rows + row) * width + block * columns;
        for (let at = from; at < from + columns; at += 1) sum += samples[at] ?? 0;
      }
      means[strip * blocks + block] = (sum / (rows * columns)) * scale;
    }
  }
  return means;
}

/** Keeps the equations solvable where a plane holds one value: a thousandth of a squared level. */
const RIDGE = 1e-3;

/** Gauss with the largest pivot; `rows` are changed. */
function solve(rows: number[][]): number[] {
  const size = rows.length;
  for (let column = 0; column < size; column += 1) {
    let best = column;
    for (let row = column + 1; row < size; row += 1) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[best]?.[column] ?? 0)) best = row;
    }
    const pivot = rows[best] ?? [];
    rows[best] = rows[column] ?? [];
    rows[column] = pivot;
    const head = pivot[column] ?? 1;
    for (let row = 0; row < size; row += 1) {
      const line = rows[row] ?? [];
      if (row === column) continue;
      const factor = (line[column] ?? 0) / head;
      for (let at = column; at <= size; at += 1) line[at] = (line[at] ?? 0) - factor * (pivot[at] ?? 0);
    }
  }
  return rows.map((row, at) => (row[size] ?? 0) / (row[at] ?? 1));
}

// Loops by index: `map` and iterators over typed arrays take ten times as long, and pictures are judged by the thousand.

function mean(values: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) sum += values[at] ?? 0;
  return sum / Math.max(1, values.length);
}

function meanProduct(values: Float64Array, others: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) sum += (values[at] ?? 0) * (others[at] ?? 0);
  return sum / Math.max(1, values.length);
}

function less(values: Float64Array, amount: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += 1) result[at] = (values[at] ?? 0) - amount;
  return result;
}

function difference(values: Float64Array, others: Float64Array): Float64Array {
  const result = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += 1) result[at] = (values[at] ?? 0) - (others[at] ?? 0);
  return result;
}

/** The sum of the weighted planes, above `offset`. */
function weighted(planes: readonly Float64Array[], weights: readonly number[], offset: number): Float64Array {
  const result = new Float64Array(planes[0]?.length ?? 0).fill(offset);
  for (const [plane, values] of planes.entries()) {
    const weight = weights[plane] ?? 0;
    for (let at = 0; at < result.length; at += 1) result[at] = (result[at] ?? 0) + weight * (values[at] ?? 0);
  }
  return result;
}

const rootMeanSquare = (values: Float64Array) => Math.sqrt(meanProduct(values, values));
const centred = (values: Float64Array) => less(values, mean(values));

/** Least squares of (output − source) of one plane over the source's planes, by block means. `around`: those planes, centred. */
function fitPlane(around: readonly Float64Array[], source: Float64Array, output: Float64Array): ColourFit {
  const change = difference(output, source);
  const offset = mean(change);
  const changeAround = less(change, offset);
  const rows = around.map((each) => [
    ...around.map((other) => meanProduct(each, other) + (other === each ? RIDGE : 0)),
    meanProduct(each, changeAround),
  ]);
  const explained = weighted(around, solve(rows), offset);
  return {
    explained: rootMeanSquare(explained),
    unexplained: rootMeanSquare(difference(change, explained)),
    detail: rootMeanSquare(centred(source)),
    blocks: source.length,
  };
}

/** One fit for each plane; alpha is fitted by itself. */
export function fitColours(source: Strips, output: Strips, lumaWidth: number, scale: number): ColourFit[] {
  const means = source.map((plane) => blockMeans(plane, lumaWidth, scale));
  const around = means.map(centred);
  const isAlpha = (position: number) => source[position]?.plane.name === "A";
  return output.map((plane, position) => {
    const own = means[position] ?? new Float64Array(0);
    const seen = around.filter((_, other) => (isAlpha(position) ? other === position : !isAlpha(other)));
    return fitPlane(seen, own, blockMeans(plane, lumaWidth, scale));
  });
}
