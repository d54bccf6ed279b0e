// Brings text to a width of columns: names are shortened in their middle, sentences wrapped between words. Pure.

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ELLIPSIS = "…";

/** Columns on a terminal. */
export function widthOf(text: string): number {
  return Bun.stringWidth(text);
}

function takeWithin(parts: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let room = columns;
  for (const part of parts) {
    room -= widthOf(part);
    if (room < 0) break;
    taken.push(part);
  }
  return taken;
}

/** `a long name.mp4` → `a lo…e.mp4`: its beginning and its end tell names apart. */
export function shortenMiddle(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return "";
  const parts = [...graphemes.segment(text)].map(({ segment }) => segment);
  const head = takeWithin(parts, Math.floor((columns - 1) / 2));
  const room = columns - 1 - widthOf(head.join(""));
  const tail = takeWithin(parts.slice(head.length).reverse(), room).reverse();
  return head.join("") + ELLIPSIS + tail.join("");
}

/** Lines of at most so many columns, broken between words; a word that is wider alone is shortened. At least one line. */
export function wrapWords(text: string, columns: number): string[] {
  if (widthOf(text) <= columns) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").map((each) => shortenMiddle(each, columns))) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
