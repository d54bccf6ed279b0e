// Text that others wrote, on its way to a terminal or a log: nothing in it may move the cursor, change colours, begin a
// line of its own or turn the direction of writing.
import { stripVTControlCharacters } from "node:util";

/** C0, DEL and C1; marks, embeddings, overrides and isolates of direction (UAX #9); line and paragraph separators. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(UNSAFE, "?");
}

/** Several lines; all but the first begin with `indent`, so that none of them looks like one of ours. */
export function printableLines(text: string, indent = "  "): string {
  return text
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll("\t", " ")))
    .join(`\n${indent}`);
}

/** JSON with such characters written as escapes: the same document. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, (char) =>
    char === "\n" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
