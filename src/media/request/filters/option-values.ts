// Checks a filter option's value against the character set of its kind, so that it can't name a file, end the filter,
// or read a clock. Knows the expression and text languages only as far as needed.
import { refuse } from "../values/refuse.ts";
import { wordIn } from "./expression-words.ts";
import type { ValueKind } from "./filter-spec.ts";
import { textCalls } from "./text-expansion.ts";

/** ffmpeg-utils "Expression Evaluation"; `while`, `taylor` and `root` loop, `print` and `time` leave the frame. */
const REFUSED_FUNCTIONS = ["while", "taylor", "root", "print", "time", "rtctime", "localtime", "gmtime"];
const EXPRESSION = /^[\w.+\-*/^%(),;<>=!&|@# \t]{1,1000}$/;
/** Functions of drawtext's `%{…}` (ffmpeg-filters, "Text expansion") that depend on the frame alone. */
const TEXT_FUNCTIONS = new Set(["pts", "n", "frame_num", "e", "expr", "eif", "expr_int_format", "pict_type"]);

const PATTERNS: Readonly<Record<Exclude<ValueKind, "text" | "subtitles" | "refused">, RegExp>> = {
  word: /^[\w.+-]{1,80}$/,
  expr: EXPRESSION,
  colour: /^(#|0x)?\w{1,40}(@(0x)?[\w.]{1,10})?$/,
  ratio: /^[\w.-]{1,20}([/:][\w.]{1,20})?$/,
  duration: /^[\d.:]{1,30}(us|ms|s)?$/,
  list: /^[\w.+\-*/|,;=<>()& ]{1,1000}$/,
  style: /^[\w .,=&+#-]{1,500}$/,
};

const NAMES: Readonly<Record<Exclude<ValueKind, "text" | "subtitles" | "refused">, string>> = {
  word: "a number or a name",
  expr: "an expression",
  colour: "a colour",
  ratio: "a number or a ratio",
  duration: "a time",
  list: "a list of numbers or names",
  style: "a list of styles such as Fontsize=24,Bold=1",
};

/** The file name of the filter `subtitles`: the source's own track number `si`, or the file given to `submit`. */
const SUBTITLE_SOURCES = ["source", "upload"] as const;
export const BURN_IN =
  "Write subtitles=si=0 for the source's first subtitle track; for a file of yours, `ffcluster submit --subtitles FILE`.";

/** Throws E_ENCODE_REQUEST unless `value` is of the kind. `where` names option, filter and key: "-vf scale=w". */
export function checkValue(where: string, kind: ValueKind, value: string): void {
  switch (kind) {
    case "refused":
      throw refuse(where, "this key reads or writes outside the video", "Leave it out.");
    case "text":
      checkText(where, value);
      return;
    case "subtitles":
      if (SUBTITLE_SOURCES.some((each) => each === value)) return;
      throw refuse(where, "a request names no files", BURN_IN);
    default:
      if (!PATTERNS[kind].test(value)) {
        throw refuse(where, `${JSON.stringify(value.slice(0, 60))} is not ${NAMES[kind]}`, `Give ${NAMES[kind]}.`);
      }
      if (kind === "expr" || kind === "list") checkExpression(where, value);
  }
}

function checkExpression(where: string, value: string): void {
  // A variable of zoompan, which comes before the function.
  const found = wordIn(
    value,
    where.includes(" zoompan=") ? REFUSED_FUNCTIONS.filter((name) => name !== "time") : REFUSED_FUNCTIONS,
  );
  if (found !== null) {
    throw refuse(where, `the function ${found}() is not accepted`, "Use t (the frame's time) and arithmetic.");
  }
}

function checkText(where: string, value: string): void {
  if (value.length > 1000) throw refuse(where, "the text is too long", "Use at most 1000 characters.");
  if (/[^\P{Cc}\t\r\n]/u.test(value)) throw refuse(where, "a control character is not accepted", "Leave it out.");
  const calls = textCalls(value);
  if (calls === null) throw refuse(where, "a %{ is not closed by }", "Close it; a plain % is written \\%.");
  for (const { name, args } of calls) {
    if (!TEXT_FUNCTIONS.has(name)) {
      throw refuse(
        where,
        `%{${name.slice(0, 40)}} is not accepted in a text`,
        `Use one of: ${[...TEXT_FUNCTIONS].map((each) => `%{${each}}`).join(" ")}; a plain % is written \\%.`,
      );
    }
    if (args.some((each) => /localtime|gmtime/i.test(each))) {
      throw refuse(where, "the clock differs between machines", "Use %{pts:hms} for the time in the video.");
    }
    for (const each of args) checkExpression(where, each);
  }
}
