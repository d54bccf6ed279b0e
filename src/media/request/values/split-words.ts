// Splits the text of --ffmpeg-params into words the way a POSIX shell would.
// Nothing is ever expanded: no variables, no globs, no commands; no shell sees any of it.
import { refuse } from "./refuse.ts";

/** Quotes, backslashes and white space by the rules of POSIX sh, 2.2 "Quoting". Throws E_ENCODE_REQUEST. */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: "'" | '"' | null = null;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote === null && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    word ??= "";
    if (quote === null && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = null;
    else if (char === "\\" && quote !== "'") {
      const next = text[i + 1];
      if (next === undefined) {
        throw refuse("--ffmpeg-params", "ends in a lone backslash", "Write \\\\ for a backslash, or remove it.");
      }
      // Inside double quotes a backslash only escapes the characters that are special there.
      word += quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next;
      i++;
    } else word += char;
  }
  if (quote !== null) {
    throw refuse("--ffmpeg-params", `a quote (${quote}) is not closed`, `Close the quote, or write \\${quote}.`);
  }
  if (word !== null) words.push(word);
  return words;
}
