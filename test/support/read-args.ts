// Reads what the project writes for ffmpeg back, by rules of its own: a command line (fftools/cmdutils.c: an option takes the
// word behind it, whatever that is), a script of the concat demuxer (concatdec.c) and a list of metadata (ffmetadec.c).

/** Options without a value, among those that the project writes. */
const FLAGS = new Set(["hide_banner", "nostdin", "copyts", "y"]);

export interface ReadArgs {
  /** Names without the dash, in order. */
  readonly options: readonly (readonly [name: string, value: string | null])[];
  /** Words that are neither an option nor the value of one: files that are written. */
  readonly outputs: readonly string[];
}

export function readArgs(args: readonly string[]): ReadArgs {
  const options: [string, string | null][] = [];
  const outputs: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? "";
    // A command line can't hold what a program would not see.
    if (word.includes("\0")) throw new Error(`a word ends early: ${JSON.stringify(word)}`);
    if (!word.startsWith("-") || word === "-") outputs.push(word);
    else if (FLAGS.has(word.slice(1))) options.push([word.slice(1), null]);
    else options.push([word.slice(1), args[++at] ?? ""]);
  }
  return { options, outputs };
}

/** A token of a script, up to a space that is neither quoted nor escaped (av_get_token). */
function token(line: string, from: number): readonly [value: string, next: number] {
  let value = "";
  let at = from;
  while (at < line.length && !" \t\r\n".includes(line.charAt(at))) {
    const char = line.charAt(at++);
    if (char === "\\") value += line.charAt(at++);
    else if (char === "'") {
      const end = line.indexOf("'", at);
      if (end === -1) throw new Error(`a quote stays open: ${line}`);
      value += line.slice(at, end);
      at = end + 1;
    } else value += char;
  }
  return [value, at];
}

/** Its directives: a keyword, and what stands behind it. */
export function readConcatScript(text: string): (readonly [keyword: string, value: string])[] {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => {
      const [, keyword = "", rest = ""] = /^[ \t]*(\S+)[ \t]*(.*)$/s.exec(line) ?? [];
      const [value, end] = keyword === "ffconcat" ? [rest, rest.length] : token(rest, 0);
      if (rest.slice(end).trim() !== "") throw new Error(`more than one value: ${line}`);
      return [keyword, value] as const;
    });
}

/** Its sections, each with its tags; the first section has no name. */
export function readMetadataFile(text: string): (readonly [section: string, tags: Record<string, string>])[] {
  const lines: string[] = [];
  let line = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\") line += char + text.charAt(++at);
    else if (char === "\n" || char === "\0") {
      lines.push(line);
      line = "";
    } else line += char;
  }
  const sections: [string, Record<string, string>][] = [["", {}]];
  for (const each of lines) {
    if (each === "" || /^[;#]/.test(each)) continue;
    if (each.startsWith("[")) sections.push([each, {}]);
    else {
      const equals = /^(?:[^\\=]|\\.)*/s.exec(each)?.[0].length ?? 0;
      const plain = (part: string) => part.replaceAll(/\\(.)/gs, "$1");
      const [, tags] = sections.at(-1) ?? ["", {}];
      tags[plain(each.slice(0, equals))] = plain(each.slice(equals + 1));
    }
  }
  return sections;
}
