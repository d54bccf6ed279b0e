// Says how wide each column of a table is, and which are left out, where the terminal has too little room for all. Pure.

/** What a column may do to fit. One that is none of these keeps its width. */
export interface Fitting {
  /** Left out where there is too little room; the columns with the smallest number go first. */
  readonly drop?: number;
  /** A name: shortened in its middle, to this width at least while another column can go instead. */
  readonly shorten?: number;
  /** Sentences: they take the room that is left, and wrap between words. The last column only. */
  readonly wraps?: boolean;
}

export interface Fitted {
  /** Place in the table's columns. */
  readonly index: number;
  readonly width: number;
}

const GAP = 2;
/** Names narrower than this say nothing. */
const NARROWEST_NAME = 8;
/** Sentences get a line of their own rather than less. */
export const NARROWEST_SENTENCE = 24;

/** The width that a column needs before others are left out for its sake. */
function needed({ shorten, wraps }: Fitting, width: number): number {
  if (wraps === true) return Math.min(width, NARROWEST_SENTENCE);
  return shorten === undefined ? width : Math.min(width, shorten);
}

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);

/** Leaves columns out, the least needed first, until the rest fits or nothing more can go. */
function chosen(columns: readonly Fitting[], natural: readonly number[], room: number): number[] {
  let kept = columns.map((_, index) => index);
  const needs = columns.map((column, index) => needed(column, natural[index] ?? 0));
  const droppable = kept.filter((index) => columns[index]?.drop !== undefined);
  droppable.sort((a, b) => (columns[a]?.drop ?? 0) - (columns[b]?.drop ?? 0));
  for (const index of droppable) {
    if (total(kept.map((each) => needs[each] ?? 0)) <= room) break;
    kept = kept.filter((each) => each !== index);
  }
  return kept;
}

/** Takes a column from the widest name again and again, so that short names stay whole. */
function shrinkNames(columns: readonly Fitting[], fitted: { index: number; width: number }[], room: number): void {
  let over = total(fitted.map(({ width }) => width)) - room;
  while (over > 0) {
    const names = fitted.filter(({ index, width }) => columns[index]?.shorten !== undefined && width > NARROWEST_NAME);
    const widest = names.sort((a, b) => b.width - a.width)[0];
    if (widest === undefined) return;
    widest.width -= 1;
    over -= 1;
  }
}

/** The columns that are shown, in their order. A wrapping column of width 0 stands on lines of its own, below its row. */
export function fitColumns(columns: readonly Fitting[], natural: readonly number[], room: number): readonly Fitted[] {
  if (total(natural) <= room) return natural.map((width, index) => ({ index, width }));
  const fitted = chosen(columns, natural, room).map((index) => ({ index, width: natural[index] ?? 0 }));
  const last = fitted.at(-1);
  const wrapping = last !== undefined && columns[last.index]?.wraps === true ? last : null;
  if (wrapping !== null) wrapping.width = needed({ wraps: true }, wrapping.width);
  shrinkNames(columns, fitted, room);
  if (wrapping === null) return fitted;
  const left = room - total(fitted.slice(0, -1).map(({ width }) => width)) - GAP;
  const isBeside = left >= wrapping.width;
  wrapping.width = isBeside ? Math.min(left, natural[wrapping.index] ?? 0) : 0;
  return fitted;
}
