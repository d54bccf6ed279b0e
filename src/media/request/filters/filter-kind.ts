// How a filter call with its options affects splitting: the table's kind, restricted further by the options.
import type { FilterCall, NamedOption } from "../../model/encode-request.ts";
import { withoutSpace, wordIn } from "./expression-words.ts";
import { ALLOWED_FILTERS } from "./filter-list.ts";
import { type FilterMemory, filterMemory, NO_MEMORY } from "./filter-memory.ts";
import type { FilterKind, FilterSpec } from "./filter-spec.ts";
import { type FilterTimes, filterTimes } from "./filter-times.ts";
import { canBeginAt } from "./frame-numbers.ts";
import { textCalls } from "./text-expansion.ts";

export interface FilterEffect {
  readonly kind: FilterKind;
  readonly times: FilterTimes;
  /** Zero for all but `finiteMemory`. */
  readonly memory: FilterMemory;
}

const UNKNOWN_TIMES: FilterTimes = { kind: "unpredictable", reason: "is not in the table" };

/** `n` counts frames; so do `N`, `in` and `on`; random and stored variables remember earlier ones; `pos` is a file offset. */
const NUMBER = /\bn\b/;
const MORE = /\b(N|in|on|pos)\b/;
const REMEMBERED = ["random", "randomi", "st", "ld"];
const TEXT_NUMBERS = new Set(["n", "frame_num"]);

function countOfExpression(text: string): "nothing" | "number" | "more" {
  const bare = withoutSpace(text);
  if (MORE.test(bare) || wordIn(bare, REMEMBERED) !== null) return "more";
  return NUMBER.test(bare) ? "number" : "nothing";
}

/** The arguments of its calls are expressions, or no words that count. */
function countOfText(text: string): "nothing" | "number" | "more" {
  const calls = textCalls(text);
  if (calls === null) return "more";
  const counts = calls.flatMap(({ name, args }) => [
    TEXT_NUMBERS.has(name) ? ("number" as const) : ("nothing" as const),
    ...args.map(countOfExpression),
  ]);
  return counts.includes("more") ? "more" : counts.includes("number") ? "number" : "nothing";
}

/** Unknown filters count as unbounded: safe, never split. */
export function filterEffect(call: FilterCall): FilterEffect {
  const spec = ALLOWED_FILTERS.get(call.name);
  if (spec === undefined) return { kind: "unbounded", times: UNKNOWN_TIMES, memory: NO_MEMORY };
  const times = filterTimes(call, spec.pts === "changes");
  const kind = kindOf(call, spec);
  const memory = kind === "finiteMemory" ? filterMemory(call) : NO_MEMORY;
  return memory === null ? { kind: "unbounded", times, memory: NO_MEMORY } : { kind, times, memory };
}

/** Whether the filter sees and puts out exactly the frames of a segment's range. */
export function keepsToRange({ kind, times }: FilterEffect): boolean {
  return (kind === "perFrame" || kind === "numbered") && times.kind === "keeps";
}

/** What an option makes the filter count: nothing, only the frame's number, or more. */
function countOf([key, value]: NamedOption, spec: FilterSpec): "nothing" | "number" | "more" {
  const type = key === "enable" ? "expr" : spec.options.find((each) => each.name === key)?.value;
  const count = type === "expr" ? countOfExpression(value) : type === "text" ? countOfText(value) : "nothing";
  if (count === "number" && key === "enable") return "more";
  // vf_drawtext.c counts the timecode on from its first frame.
  return count === "nothing" && key === "timecode" ? "number" : count;
}

function kindOf(call: FilterCall, spec: FilterSpec): FilterKind {
  const values = new Map(call.options);
  const number = (key: string): number => Number(values.get(key) ?? 0);
  let { kind } = spec;
  if (kind === "sequential" || kind === "unbounded") return kind;

  const counts = call.options.map((option) => countOf(option, spec));
  if (counts.includes("more")) return "sequential";
  if (counts.includes("number")) return kind === "perFrame" && canBeginAt(call) ? "numbered" : "sequential";
  if (kind === "finiteMemory") return kind;
  // vf_vignette.c carries its dither from frame to frame; histeq's antibanding too.
  if (call.name === "vignette" && !["0", "false", "no", "n", "off", "disabled"].includes(values.get("dither") ?? "1"))
    kind = "sequential";
  if (call.name === "histeq" && values.has("antibanding") && !["0", "none"].includes(values.get("antibanding") ?? ""))
    kind = "sequential";
  // vf_fade.c counts frames unless a duration is given, and waits for start_frame.
  if (call.name === "fade" && (!values.has("duration") || values.has("start_frame") || values.has("nb_frames")))
    kind = "sequential";
  if (call.name === "normalize" && number("smoothing") !== 0) kind = "finiteMemory";
  if (call.name === "fftdnoiz" && number("prev") + number("next") !== 0) kind = "finiteMemory";
  return kind;
}
