// The facts about an allowed filter: its options in ffmpeg's order, and its effect on splitting a video. The tables in
// this folder use the compact notation that filterTable reads.

/**
 * What kind of text an option's value is; checkValue has the pattern of each. `subtitles` is a word for a file that the
 * server makes ready (burn-in-files.ts). `refused` keeps the place of an option
 * that reads or writes files, so that positional arguments land where ffmpeg puts them.
 */
const VALUE_KINDS = [
  "word",
  "expr",
  "colour",
  "ratio",
  "duration",
  "list",
  "text",
  "subtitles",
  "style",
  "refused",
] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

/**
 * `perFrame`: each output frame follows from one input frame and its time. `numbered`: from one frame and its number, and
 * the filter can be told with which number to begin. `finiteMemory`: from a bounded number of neighbours. `sequential`:
 * from a count of the frames before, or a random state. `unbounded`: from all frames before.
 */
export type FilterKind = "perFrame" | "numbered" | "finiteMemory" | "sequential" | "unbounded";

export interface FilterOptionSpec {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly value: ValueKind;
}

export interface FilterSpec {
  readonly name: string;
  readonly media: "video" | "audio";
  readonly kind: FilterKind;
  /** Whether the output has exactly the frames of the input, at their times. */
  readonly pts: "keeps" | "changes";
  /** Takes `enable=`. */
  readonly timeline: boolean;
  readonly options: readonly FilterOptionSpec[];
}

function isValueKind(text: string): text is ValueKind {
  return VALUE_KINDS.some((kind) => kind === text);
}

/**
 * One filter a line: `name [+enable] option|alias:kind …`, options in the order of `ffmpeg -h filter=name`; the kind is
 * `word` when not given.
 */
export function filterTable(common: Pick<FilterSpec, "media" | "kind" | "pts">, rows: string): readonly FilterSpec[] {
  return rows
    .split("\n")
    .map((row) => row.trim().split(/\s+/))
    .flatMap(([name = "", ...words]) => {
      if (name === "") return [];
      const options = words
        .filter((word) => word !== "+enable")
        .map((word) => {
          const [names = "", value = "word"] = word.split(":");
          const [first = "", ...aliases] = names.split("|");
          if (!isValueKind(value)) throw new Error(`filter table: ${name} ${word}`);
          return { name: first, aliases, value };
        });
      return [{ ...common, name, timeline: words.includes("+enable"), options }];
    });
}
