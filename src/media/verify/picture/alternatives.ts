// Wrong pictures that an output might show instead: the source's next or previous one, one field of those, or the
// picture mirrored, with its fields swapped, moved, or with its chroma moved or swapped. Each is compared with the
// output next to the right one. Pure.
import { errorsApart } from "./measure/apart.ts";
import {
  type Displacement,
  displacedError,
  fieldsSwapped,
  levels,
  mirrored,
  rowError,
} from "./measure/measure-plane.ts";
import type { RawFormat } from "./measure/raw-format.ts";
import type { StripPlane, Strips } from "./measure/strips.ts";

export interface Alternative {
  /** Description that follows "is": "the picture before it". */
  readonly what: string;
  /** Mean squared errors of the output against what it should be, and against this; squared 255ths. */
  readonly own: number;
  readonly other: number;
}

/** Whole picture: samples of luma. */
const MOVES: readonly Displacement[] = [1, 2, 4, 8].flatMap((far) => [
  { dx: far, dy: 0 },
  { dx: -far, dy: 0 },
]);
const ROW_MOVES: readonly Displacement[] = [1, 2].flatMap((far) => [
  { dx: 0, dy: far },
  { dx: 0, dy: -far },
]);
/** Chroma against luma, in samples of chroma: a wrong siting is less than one. */
const CHROMA_MOVES: readonly Displacement[] = [1, 2, 3, 4, 6, 8].flatMap((far) => [
  { dx: far, dy: 0 },
  { dx: -far, dy: 0 },
]);

/** One strip in this many is enough to decide which of two pictures fits better. */
const ONE_IN = 3;

/** Some strips of a plane, symmetric from top and bottom; all of them where there are few. */
export function thinned(picture: Strips): Strips {
  return picture.map((plane) => {
    const { samples, width, rows, strips } = plane;
    if (strips < 2 * ONE_IN) return plane;
    const kept = Array.from({ length: strips }, (_, at) => at).filter(
      (at) => Math.min(at, strips - 1 - at) % ONE_IN === 0,
    );
    const size = width * rows;
    const thin =
      samples instanceof Uint8Array ? new Uint8Array(kept.length * size) : new Uint16Array(kept.length * size);
    for (const [to, at] of kept.entries()) thin.set(samples.subarray(at * size, (at + 1) * size), to * size);
    return { ...plane, samples: thin, strips: kept.length };
  });
}

function isChroma({ plane }: StripPlane): boolean {
  return plane.name === "U" || plane.name === "V";
}

function moves(source: StripPlane, output: StripPlane, square: number): Alternative[] {
  const candidates = [...(isChroma(source) ? CHROMA_MOVES : MOVES), ...ROW_MOVES];
  return candidates.flatMap((by) => {
    const errors = displacedError(source, output, by);
    if (errors === null) return [];
    const where = `moved by ${by.dx === 0 ? `${by.dy} rows` : `${by.dx} columns`}`;
    const what = `the source's ${source.plane.name} ${where}`;
    return [{ what, own: errors.own * square, other: errors.moved * square }];
  });
}

/** The alternatives for one picture of the source. */
export function alternativesOf(source: Strips, output: Strips, format: RawFormat): Alternative[] {
  const square = levels(format.peak) ** 2;
  const [lumaSource] = source;
  const [lumaOutput] = output;
  if (lumaSource === undefined || lumaOutput === undefined) return [];
  const own = rowError(lumaSource, lumaOutput, 0, 1) * square;
  const instead = (what: string, picture: StripPlane): Alternative => ({
    what,
    own,
    other: rowError(picture, lumaOutput, 0, 1) * square,
  });
  const found = [
    instead("mirrored left to right", mirrored(lumaSource, "left-right")),
    instead("upside down", mirrored(lumaSource, "top-bottom")),
    instead("turned by 180 degrees", mirrored(lumaSource, "both")),
    ...(lumaSource.rows % 2 === 0 ? [instead("the picture with its fields swapped", fieldsSwapped(lumaSource))] : []),
    ...source.flatMap((plane, position) => {
      const other = output[position];
      return other === undefined ? [] : moves(plane, other, square);
    }),
  ];
  const [u, v] = ["U", "V"].map((name) => ({
    source: source.find(({ plane }) => plane.name === name),
    output: output.find(({ plane }) => plane.name === name),
  }));
  if (u?.source !== undefined && u.output !== undefined && v?.source !== undefined && v.output !== undefined) {
    const straight = rowError(u.source, u.output, 0, 1) + rowError(v.source, v.output, 0, 1);
    const crossed = rowError(v.source, u.output, 0, 1) + rowError(u.source, v.output, 0, 1);
    found.push({
      what: "the picture with its chroma planes swapped",
      own: (straight * square) / 2,
      other: (crossed * square) / 2,
    });
  }
  return found;
}

/**
 * Another picture of the source, near in time, instead of the right one; whole, or one field of it. They can only be
 * distinguished where the two differ by `leastApart` levels (root mean square of a block).
 */
export function neighbourInstead(
  what: string,
  pictures: { readonly output: Strips; readonly own: Strips; readonly other: Strips },
  format: RawFormat,
  leastApart: number,
): Alternative[] {
  const square = levels(format.peak) ** 2;
  const [output] = pictures.output;
  const [own] = pictures.own;
  const [other] = pictures.other;
  if (output === undefined || own === undefined || other === undefined) return [];
  const compare = (words: string, first: number, step: number): Alternative[] => {
    const apart = errorsApart({ own, other, output }, { first, step }, leastApart ** 2 / square);
    if (apart === null) return [];
    const whole = { own: rowError(own, output, first, step), other: rowError(other, output, first, step) };
    // The picture as a whole must fit better too: a coarse quantizer loses strong changes of a few blocks.
    const chosen = whole.other * apart.own > apart.other * whole.own ? whole : apart;
    return [{ what: words, own: chosen.own * square, other: chosen.other * square }];
  };
  return [
    ...compare(what, 0, 1),
    ...(own.rows % 2 === 0
      ? [...compare(`in its upper field ${what}`, 0, 2), ...compare(`in its lower field ${what}`, 1, 2)]
      : []),
  ];
}
