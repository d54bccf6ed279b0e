// What one filter call, with its options, does to splitting: the table's word, made stricter by the options.
import type { FilterCall } from "../encode-request.ts";
import { ALLOWED_FILTERS } from "./filter-list.ts";
import { type FilterMemory, filterMemory, NO_MEMORY } from "./filter-memory.ts";
import type { FilterKind, FilterSpec } from "./filter-spec.ts";
import { type FilterTimes, filterTimes } from "./filter-times.ts";

export interface FilterEffect {
  readonly kind: FilterKind;
  readonly times: FilterTimes;
  /** Zero for all but `finiteMemory`. */
  readonly memory: FilterMemory;
}

const UNKNOWN_TIMES: FilterTimes = { kind: "unpredictable", reason: "is not in the table" };

/** `n`, `N`, `in` and `on` count frames; random and stored variables remember earlier ones; `pos` is a file offset. */
const COUNTS = /\b(n|N|in|on|pos)\b|\b(random|randomi|st|ld)\s*\(/;
const TEXT_COUNTS =
  /%\{\s*(n|frame_num)\s*[:}]|%\{\s*(e|expr|eif|expr_int_format)\s*:[^}]*(\bn\b|random|\bst\s*\(|\bld\s*\()/;
/** Unknown filters count as unbounded: safe, never split. */
export function filterEffect(call: FilterCall): FilterEffect {
  const spec = ALLOWED_FILTERS.get(call.name);
  if (spec === undefined) return { kind: "unbounded", times: UNKNOWN_TIMES, memory: NO_MEMORY };
  const times = filterTimes(call, spec.pts === "changes");
  const kind = kindOf(call, spec);
  const memory = kind === "finiteMemory" ? filterMemory(call) : NO_MEMORY;
  return memory === null ? { kind: "unbounded", times, memory: NO_MEMORY } : { kind, times, memory };
}

function kindOf(call: FilterCall, spec: FilterSpec): FilterKind {
  const values = new Map(call.options);
  const number = (key: string): number => Number(values.get(key) ?? 0);
  let { kind } = spec;
  if (kind === "sequential" || kind === "unbounded") return kind;

  const counts = call.options.some(([key, value]) => {
    const type = key === "enable" ? "expr" : spec.options.find((each) => each.name === key)?.value;
    return (type === "expr" && COUNTS.test(value)) || (type === "text" && TEXT_COUNTS.test(value));
  });
  if (counts) return "sequential";
  if (kind === "finiteMemory") return kind;
  // vf_vignette.c carries its dither from frame to frame; histeq's antibanding too.
  if (call.name === "vignette" && !["0", "false", "no", "n", "off", "disabled"].includes(values.get("dither") ?? "1"))
    kind = "sequential";
  if (call.name === "histeq" && values.has("antibanding") && !["0", "none"].includes(values.get("antibanding") ?? ""))
    kind = "sequential";
  // vf_drawtext.c counts the timecode on from its first frame.
  if (call.name === "drawtext" && values.has("timecode")) kind = "sequential";
  // vf_fade.c counts frames unless a duration is given, and waits for start_frame.
  if (call.name === "fade" && (!values.has("duration") || values.has("start_frame") || values.has("nb_frames")))
    kind = "sequential";
  if (call.name === "normalize" && number("smoothing") !== 0) kind = "finiteMemory";
  if (call.name === "fftdnoiz" && number("prev") + number("next") !== 0) kind = "finiteMemory";
  return kind;
}
