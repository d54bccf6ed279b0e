// Parses a chain of filters as ffmpeg does (libavfilter/graphparser.c and avfilter.c of 5.1): two levels of quoting,
// positional arguments named in the filter's own order. Takes one chain of allowed filters and no labels.
import type { FilterCall, NamedOption } from "../../model/encode-request.ts";
import { closest, refuse } from "../values/refuse.ts";
import { filterSpec } from "./filter-list.ts";
import type { FilterSpec } from "./filter-spec.ts";
import { checkValue } from "./option-values.ts";

interface Token {
  readonly text: string;
  readonly next: number;
}

const WHITE = " \n\t\r";

/** av_get_token (libavutil/avstring.c): up to an unescaped terminator, quotes and backslashes removed. */
function readToken(option: string, source: string, start: number, terminators: string): Token {
  let at = start;
  while (at < source.length && WHITE.includes(source.charAt(at))) at++;
  let text = "";
  let kept = 0;
  while (at < source.length && !terminators.includes(source.charAt(at))) {
    const char = source.charAt(at++);
    if (char === "\\" && at < source.length) {
      text += source.charAt(at++);
      kept = text.length;
    } else if (char === "'") {
      const end = source.indexOf("'", at);
      if (end === -1)
        throw refuse(option, "a quote (') is not closed", "Close the quote, or write \\' for an apostrophe.");
      text += source.slice(at, end);
      at = end + 1;
      kept = text.length;
    } else text += char;
  }
  while (text.length > kept && WHITE.includes(text.charAt(text.length - 1))) text = text.slice(0, -1);
  return { text, next: at };
}

/** `option` is the option the chain was given with ("-vf", "-af"). Throws E_ENCODE_REQUEST. */
export function parseFilters(option: string, source: string, media: "video" | "audio"): readonly FilterCall[] {
  const calls: FilterCall[] = [];
  let at = 0;
  for (;;) {
    const name = readToken(option, source, at, "=,;[]");
    if (name.text === "" && !"[];".includes(source.charAt(name.next) || " ")) {
      throw refuse(option, "a filter name is missing", "Give filters separated by single commas: scale=1280:-2,hflip.");
    }
    let args: Token = { text: "", next: name.next };
    if (source.charAt(name.next) === "=") args = readToken(option, source, name.next + 1, "[],;");
    const end = source.charAt(args.next);
    if (end !== "" && end !== ",") {
      throw refuse(
        option,
        `"${end}" begins a label or a second chain`,
        "Give one chain of filters, separated by commas; compose several inputs before submitting.",
      );
    }
    calls.push(parseCall(option, filterSpec(option, name.text, media), args.text));
    if (calls.length > 50) throw refuse(option, "more than 50 filters", "Use fewer filters.");
    if (end === "") return calls;
    at = args.next + 1;
  }
}

/** av_opt_set_from_string as avfilter.c's process_options uses it: positional values stop at the first named one. */
function parseCall(option: string, spec: FilterSpec, args: string): FilterCall {
  const options: NamedOption[] = [];
  let at = 0;
  let positional = 0;
  while (at < args.length) {
    const key = /^[ \n\t\r]*([\w./-]+)[ \n\t\r]*=/.exec(args.slice(at));
    const value = readToken(`${option} ${spec.name}`, args, at + (key ? key[0].length : 0), ":");
    at = value.next + 1;
    let name = key?.[1];
    if (name === undefined) {
      name = spec.options[positional]?.name;
      if (positional === -1 || name === undefined) {
        throw refuse(
          `${option} ${spec.name}`,
          `${JSON.stringify(value.text.slice(0, 40))} has no key`,
          "Write key=value.",
        );
      }
      positional++;
    } else positional = -1;
    const checked = checkOption(option, spec, name, value.text);
    if (options.some(([each]) => each === checked[0])) {
      throw refuse(`${option} ${spec.name}=${checked[0]}`, "given twice", "Give it once.");
    }
    options.push(checked);
  }
  return { name: spec.name, options };
}

/** The option under its first name. Throws E_ENCODE_REQUEST for unknown and file-reading keys and for bad values. */
function checkOption(option: string, spec: FilterSpec, key: string, value: string): NamedOption {
  const where = `${option} ${spec.name}=${key.slice(0, 40)}`;
  if (key === "enable" && spec.timeline) {
    checkValue(where, "expr", value);
    return [key, value];
  }
  if (key.startsWith("/")) {
    throw refuse(
      where,
      "a key that begins with / reads its value from a file",
      `Give the value itself: ${key.slice(1)}=….`,
    );
  }
  const known = spec.options.find((each) => each.name === key || each.aliases.includes(key));
  if (known === undefined) {
    const near = closest(
      key,
      spec.options.map((each) => each.name),
    );
    const list = spec.options.filter((each) => each.value !== "refused").map((each) => each.name);
    throw refuse(
      where,
      `the filter ${spec.name} has no such key`,
      near === null ? `Keys: ${list.join(", ") || "none"}.` : `Did you mean ${near}?`,
    );
  }
  if (known.value === "refused") {
    const instead =
      key === "textfile"
        ? "Give the text itself: drawtext=text=…."
        : key === "fontfile"
          ? "Use font= with a font's name, and text= for the text."
          : key === "fontsdir"
            ? "The source's attached fonts are used automatically."
            : "Leave it out.";
    throw refuse(where, "this key reads or writes outside the video", instead);
  }
  if (spec.name === "drawtext" && key === "expansion" && value !== "normal" && value !== "none") {
    throw refuse(where, "strftime reads each machine's clock", "Use %{pts:hms} for the time in the video.");
  }
  if (spec.name === "drawtext" && key === "font" && !/^[\w -]{1,60}$/.test(value)) {
    throw refuse(
      where,
      "only a font's name is accepted",
      "Use letters, digits, spaces and - only, for example font=DejaVu Sans.",
    );
  }
  checkValue(where, known.value, value);
  return [known.name, value];
}
