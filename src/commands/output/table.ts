// Text tables: aligned columns, numbers to the right, the header dimmed and states coloured on a terminal, fitted to its
// width. A pipe and a file get every column in full.
import { printable } from "../../base/printable.ts";
import { type Fitted, type Fitting, fitColumns } from "./fit-columns.ts";
import { shortenMiddle, widthOf, wrapWords } from "./fit-text.ts";

/** What a cell says: all is well, something failed, something is held back. */
export type Tone = "good" | "bad" | "held";

export interface Column extends Fitting {
  readonly title: string;
  readonly align?: "left" | "right";
  /** The colour of a cell; null: the terminal's own. */
  readonly tone?: (text: string) => Tone | null;
}

/** What tables may use of the place that they are written to. */
export interface Look {
  readonly width: number;
  readonly dim: (text: string) => string;
  readonly paint: (text: string, tone: Tone) => string;
}

/** Whole and without colour, as a pipe gets it. */
export const PLAIN: Look = { width: Number.POSITIVE_INFINITY, dim: (text) => text, paint: (text) => text };

function pad(text: string, columns: number, align: Column["align"]): string {
  const space = " ".repeat(Math.max(0, columns - widthOf(text)));
  return align === "right" ? space + text : text + space;
}

/** A row with its cells cut to their columns, as one line or several. */
function rowLines(columns: readonly Column[], fitted: readonly Fitted[], row: readonly string[], look: Look): string[] {
  const beside = fitted.filter(({ width }) => width > 0);
  const below = fitted.filter(({ index, width }) => width === 0 && row[index]);
  const cells = beside.map(({ index, width }) => {
    const text = row[index] ?? "";
    return columns[index]?.wraps === true ? wrapWords(text, width) : [shortenMiddle(text, width)];
  });
  const lines = Array.from({ length: Math.max(1, ...cells.map((each) => each.length)) }, (_, number) =>
    beside
      .map(({ index, width }, place) => {
        const tone = columns[index]?.tone?.(row[index] ?? "") ?? null;
        const text = cells[place]?.[number] ?? "";
        const padded = pad(text, width, columns[index]?.align);
        return tone === null || text === "" ? padded : padded.replace(text, () => look.paint(text, tone));
      })
      .join("  ")
      .trimEnd(),
  );
  return [...lines, ...below.flatMap(({ index }) => indented(row[index] ?? "", look.width))];
}

function indented(text: string, width: number): string[] {
  return wrapWords(text, width - 4).map((line) => `    ${line}`);
}

/** Lines of a table, each ended by a newline. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], look: Look = PLAIN): string {
  const cells = rows.map((row) => row.map(printable));
  const natural = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[index] ?? ""))),
  );
  const fitted = fitColumns(columns, natural, look.width);
  const head = fitted
    .filter(({ width }) => width > 0)
    .map(({ index, width }) => pad(shortenMiddle(columns[index]?.title ?? "", width), width, columns[index]?.align))
    .join("  ")
    .trimEnd();
  return [look.dim(head), ...cells.flatMap((row) => rowLines(columns, fitted, row, look))]
    .map((line) => `${line}\n`)
    .join("");
}

/** `name  value` lines; a value that is too long for one goes on below itself. */
export function fields(pairs: readonly (readonly [name: string, value: string])[], width = PLAIN.width): string {
  const longest = Math.max(...pairs.map(([name]) => widthOf(name)));
  const room = Math.max(16, width - longest - 2);
  return pairs
    .flatMap(([name, value]) =>
      wrapWords(printable(value), room).map((line, number) => {
        return `${pad(number === 0 ? name : "", longest, "left")}  ${line}\n`;
      }),
    )
    .join("");
}
