// Text tables: aligned columns, numbers to the right, the header dimmed on a terminal.
import { printable } from "../../base/printable.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

const width = (text: string): number => Bun.stringWidth(text);

function pad(text: string, columns: number, align: Column["align"]): string {
  const space = " ".repeat(Math.max(0, columns - width(text)));
  return align === "right" ? space + text : text + space;
}

/** Lines of a table, each ended by a newline. `dim` styles the header. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  dim: (text: string) => string = (text) => text,
): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = columns.map((column, index) =>
    Math.max(width(column.title), ...cells.map((row) => width(row[index] ?? ""))),
  );
  const line = (row: readonly string[]) =>
    columns
      .map((column, index) => pad(row[index] ?? "", widths[index] ?? 0, column.align))
      .join("  ")
      .trimEnd();
  return [dim(line(columns.map((column) => column.title))), ...cells.map(line)].map((text) => `${text}\n`).join("");
}

/** `name  value` lines. */
export function fields(pairs: readonly (readonly [name: string, value: string])[]): string {
  const longest = Math.max(...pairs.map(([name]) => width(name)));
  return pairs.map(([name, value]) => `${pad(name, longest, "left")}  ${printable(value)}\n`).join("");
}
