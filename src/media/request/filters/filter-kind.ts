// What one filter call, with its options, does to splitting: the table's word, made stricter by the options.
import type { FilterCall } from "../encode-request.ts";
import { ALLOWED_FILTERS } from "./filter-list.ts";
import type { FilterKind } from "./filter-spec.ts";

export interface FilterEffect {
  readonly kind: FilterKind;
  readonly pts: "keeps" | "changes";
}

/** `n`, `N`, `in` and `on` count frames; random and stored variables remember earlier ones; `pos` is a file offset. */
const COUNTS = /\b(n|N|in|on|pos)\b|\b(random|randomi|st|ld)\s*\(/;
const TEXT_COUNTS =
  /%\{\s*(n|frame_num)\s*[:}]|%\{\s*(e|expr|eif|expr_int_format)\s*:[^}]*(\bn\b|random|\bst\s*\(|\bld\s*\()/;
/** Deinterlacers that give one frame per field unless told otherwise. */
const FIELD_BY_DEFAULT = new Set(["bwdif", "w3fdif", "estdif"]);
const FRAME_MODES = new Set(["0", "2", "send_frame", "send_frame_nospatial", "frame"]);

/** Unknown filters count as unbounded: safe, never split. */
export function filterEffect(call: FilterCall): FilterEffect {
  const spec = ALLOWED_FILTERS.get(call.name);
  if (spec === undefined) return { kind: "unbounded", pts: "changes" };
  const values = new Map(call.options);
  const number = (key: string): number => Number(values.get(key) ?? 0);
  let { kind, pts } = spec;

  if (call.name === "yadif" || FIELD_BY_DEFAULT.has(call.name)) {
    const mode = values.get("mode") ?? (FIELD_BY_DEFAULT.has(call.name) ? "field" : "frame");
    if (!FRAME_MODES.has(mode)) pts = "changes";
  }
  if (kind !== "perFrame") return { kind, pts };

  const counts = call.options.some(([key, value]) => {
    const type = key === "enable" ? "expr" : spec.options.find((each) => each.name === key)?.value;
    return (type === "expr" && COUNTS.test(value)) || (type === "text" && TEXT_COUNTS.test(value));
  });
  if (counts) kind = "sequential";
  // vf_vignette.c carries its dither from frame to frame; histeq's antibanding too.
  if (call.name === "vignette" && !["0", "false", "no", "n", "off", "disabled"].includes(values.get("dither") ?? "1"))
    kind = "sequential";
  if (call.name === "histeq" && values.has("antibanding") && !["0", "none"].includes(values.get("antibanding") ?? ""))
    kind = "sequential";
  // Machines draw a text with the fonts they have: split, the letters could change at a seam.
  if (call.name === "drawtext" || call.name === "subtitles") kind = "sequential";
  // vf_fade.c counts frames unless a duration is given, and waits for start_frame.
  if (call.name === "fade" && (!values.has("duration") || values.has("start_frame") || values.has("nb_frames")))
    kind = "sequential";
  if (call.name === "normalize" && number("smoothing") !== 0) kind = "finiteMemory";
  if (call.name === "fftdnoiz" && number("prev") + number("next") !== 0) kind = "finiteMemory";
  return { kind, pts };
}
