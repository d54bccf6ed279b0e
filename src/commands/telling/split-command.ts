// Splits a command line into its words, with the quotes that people know, and without a shell: nothing is expanded, and no
// second command can follow.

/** A backslash before one of these is dropped; before anything else it stays, as in paths of Windows. */
const ESCAPED = /^["'\\ ]$/;

/** Null: a quote is not closed. */
export function splitCommand(text: string): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === "\\" && quote !== "'" && ESCAPED.test(text.charAt(at + 1))) {
      at++;
      word = (word ?? "") + text.charAt(at);
    } else if (quote !== "") {
      if (char === quote) quote = "";
      else word = (word ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + char;
  }
  if (quote !== "") return null;
  return word === null ? words : [...words, word];
}
