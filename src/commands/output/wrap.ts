// Lays text out for a width: paragraphs, and terms with their meaning next to them, or below them where there is too little
// room. Pure.

/** Lines longer than this tire the eye, however wide the terminal is. */
const WIDEST = 110;
const NARROWEST = 40;

function usable(columns: number): number {
  return Math.min(WIDEST, Math.max(NARROWEST, columns));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Wrapped lines, each ended by a newline. */
export function paragraph(text: string, columns: number): string {
  return wrap(text, usable(columns))
    .map((line) => `${line}\n`)
    .join("");
}

/** A term longer than this stands on a line of its own. */
const LONGEST_TERM = 42;
/** Meanings that would be narrower stand below their terms. */
const NARROWEST_MEANING = 32;

/** `  term  meaning`, the meanings aligned and wrapped. */
export function hanging(pairs: readonly (readonly [term: string, meaning: string])[], columns: number): string {
  const width = usable(columns);
  const longest = Math.max(...pairs.map(([term]) => (term.length > LONGEST_TERM ? 0 : term.length)));
  const isBeside = width - (longest + 4) >= NARROWEST_MEANING;
  const indent = isBeside ? longest + 4 : 6;
  return pairs
    .flatMap(([term, meaning]) => {
      const lines = wrap(meaning, width - indent).map((line) => " ".repeat(indent) + line);
      if (isBeside && term.length <= longest) {
        const [first = "", ...rest] = lines;
        return [`  ${term.padEnd(longest)}  ${first.slice(indent)}`, ...rest];
      }
      return [`  ${term}`, ...lines];
    })
    .map((line) => `${line}\n`)
    .join("");
}
