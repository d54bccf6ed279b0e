// Splits words into options with name, stream specifier and value, and unifies short and old spellings. Knows no
// meanings.
import { refuse } from "./refuse.ts";

export interface GivenOption {
  /** As the user wrote it, for messages: "-vcodec". */
  readonly written: string;
  /** Without dash and specifier, in its usual spelling: "c". */
  readonly name: string;
  /** What follows the first colon: "v", "v:0", "s:a:1"; "" when nothing does. */
  readonly specifier: string;
  readonly value: string;
}

const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ["vcodec", "c:v"],
  ["acodec", "c:a"],
  ["scodec", "c:s"],
  ["vb", "b:v"],
  ["ab", "b:a"],
  ["vf", "filter:v"],
  ["af", "filter:a"],
  ["aq", "q:a"],
  ["vtag", "tag:v"],
  ["atag", "tag:a"],
]);

const RENAMED: ReadonlyMap<string, string> = new Map([
  ["codec", "c"],
  ["qscale", "q"],
]);

const FLAGS = new Set(["an", "sn", "dn"]);

/** Throws E_ENCODE_REQUEST for words that are no options and for options without a value. `checkTaken` throws for an option that is refused by name. */
export function readOptions(
  words: readonly string[],
  checkTaken: (written: string, name: string) => void,
): readonly GivenOption[] {
  const options: GivenOption[] = [];
  for (let i = 0; i < words.length; i++) {
    const written = words[i] ?? "";
    if (!/^-[A-Za-z]/.test(written)) {
      throw refuse(
        JSON.stringify(written.slice(0, 60)),
        "not an option; inputs and outputs are not part of the request",
        "Give the input and -o OUTPUT to `ffcluster submit`; quote values that contain spaces.",
      );
    }
    const spelled = SPELLINGS.get(written.slice(1)) ?? written.slice(1);
    const colon = spelled.indexOf(":");
    const bare = colon === -1 ? spelled : spelled.slice(0, colon);
    const name = RENAMED.get(bare) ?? bare;
    const specifier = colon === -1 ? "" : spelled.slice(colon + 1);
    checkTaken(written.slice(0, 60), colon === -1 && name === "c" ? "codec" : name);
    if (FLAGS.has(name)) {
      options.push({ written, name, specifier, value: "" });
      continue;
    }
    const value = words[++i];
    if (value === undefined) throw refuse(written, "has no value", "Give a value after it.");
    options.push({ written, name, specifier, value });
  }
  return options;
}
