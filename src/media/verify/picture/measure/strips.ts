// The part of a picture that is compared: horizontal strips of eight rows over the whole height, symmetric from top and
// bottom, so that a 4K picture costs no more than a small one and a flip still shows. When they are few, ffmpeg cuts
// them out, so that only they go through the pipe. Pure.
import { type GraphText, writeFilter, writeGraph } from "../../../ffmpeg/filter-graph.ts";
import { planeSize, type RawFormat, type RawPlane } from "./raw-format.ts";

/** Side of the square blocks whose means are compared, in luma samples. */
export const BLOCK = 8;
/** Luma samples kept of a picture; what is smaller is kept whole. */
const MOST_LUMA_SAMPLES = 200_000;

export interface StripLayout {
  readonly width: number;
  readonly height: number;
  /** Rows of a strip; fewer than a block where the picture is lower. */
  readonly rows: number;
  /** First row of each strip, rising. */
  readonly tops: readonly number[];
}

export interface StripPlane {
  readonly plane: RawPlane;
  /** Strip by strip, row by row, without gaps. */
  readonly samples: Uint8Array | Uint16Array;
  readonly width: number;
  readonly rows: number;
  readonly strips: number;
}

/** A picture as far as it is compared. */
export type Strips = readonly StripPlane[];

export function stripLayout(width: number, height: number): StripLayout {
  const rows = Math.min(BLOCK, height);
  const inAll = Math.floor(height / rows);
  const wanted = Math.max(4, Math.floor(MOST_LUMA_SAMPLES / (width * rows)));
  const half = Math.ceil(Math.min(inAll, wanted) / 2);
  const tops = new Set<number>();
  const step = Math.max(1, Math.floor(inAll / 2 / half));
  for (let number = 0; number < half; number += 1) {
    const top = number * step * rows;
    // Chroma of the lower half must begin on a whole sample, in any layout.
    const mirrored = Math.floor((height - rows - top) / 4) * 4;
    tops.add(top);
    if (mirrored > top) tops.add(mirrored);
  }
  return { width, height, rows, tops: [...tops].sort((a, b) => a - b) };
}

/** Parts of a picture's height that go through the pipe at most where ffmpeg cuts: else nothing is won by it. */
const CUT_AT_MOST = 1 / 2;

function isCutBefore({ height, rows, tops }: StripLayout): boolean {
  return rows === BLOCK && tops.length * rows <= CUT_AT_MOST * height;
}

/** How the strips lie in what comes out of `stripGraph`: one below the other, or as in the picture. */
export function pipedLayout(layout: StripLayout): StripLayout {
  if (!isCutBefore(layout)) return layout;
  const { rows, tops } = layout;
  return { ...layout, height: tops.length * rows, tops: tops.map((_, number) => number * rows) };
}

/**
 * The end of a graph whose pictures are at `[v]`; they come out at `[strips]`. A picture of another size than the layout's
 * is refused: nothing may be cut out of it at these rows.
 */
export function stripGraph(layout: StripLayout): GraphText {
  if (!isCutBefore(layout)) return writeGraph([{ from: ["v"], filters: [], to: ["strips"] }]);
  const { width, height, rows, tops } = layout;
  const labels = (letter: string) => tops.map((_, number) => `${letter}${number}`);
  const crop = (top: number) =>
    writeFilter("crop", [
      ["out_w", "iw"],
      ["out_h", `${rows}*eq(iw,${width})*eq(ih,${height})`],
      ["x", 0],
      ["y", top],
      ["exact", 1],
    ]);
  return writeGraph([
    { from: ["v"], filters: [writeFilter("split", [["outputs", tops.length]])], to: labels("w") },
    ...tops.map((top, number) => ({ from: [`w${number}`], filters: [crop(top)], to: [`c${number}`] })),
    { from: labels("c"), filters: [writeFilter("vstack", [["inputs", tops.length]])], to: ["strips"] },
  ]);
}

/** The strips of one raw frame, copied out of its bytes. */
export function cutStrips(frame: Uint8Array, format: RawFormat, layout: StripLayout): Strips {
  let offset = 0;
  return format.planes.map((plane) => {
    const size = planeSize(plane, layout.width, layout.height);
    const rows = Math.max(1, layout.rows >> plane.log2Height);
    const bytesPerRow = size.width * format.bytesPerSample;
    const bytes = new Uint8Array(layout.tops.length * rows * bytesPerRow);
    for (const [number, top] of layout.tops.entries()) {
      const from = offset + (top >> plane.log2Height) * bytesPerRow;
      bytes.set(frame.subarray(from, from + rows * bytesPerRow), number * rows * bytesPerRow);
    }
    offset += size.width * size.height * format.bytesPerSample;
    const samples = format.bytesPerSample === 1 ? bytes : new Uint16Array(bytes.buffer);
    return { plane, samples, width: size.width, rows, strips: layout.tops.length };
  });
}
