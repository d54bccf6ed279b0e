// How a filter changes frame times: kept, doubled, put on a grid, or not predictable from the index.
// docs/FILTERS.md has the table for users.
import { parseRational, type Rational, type Rounding } from "../../../base/rational.ts";
import type { FilterCall } from "../../model/encode-request.ts";

export type FilterTimes =
  | { readonly kind: "keeps" }
  /** One frame for each, at its time, but none for the last `frames` (they are only looked at). */
  | { readonly kind: "dropsLast"; readonly frames: number }
  /** Two frames for each: at its own time and halfway to the next one's. */
  | { readonly kind: "fields" }
  /** Frames at every tick of 1/rate; `round` and `eof` are the fps filter's own options. */
  | {
      readonly kind: "grid";
      readonly rate: Rational;
      readonly round: Rounding;
      readonly eof: "round" | "pass";
    }
  | { readonly kind: "unpredictable"; readonly reason: string };

const KEEPS: FilterTimes = { kind: "keeps" };
/** The largest numerator or denominator of an AVRational. */
const INT_MAX = 2_147_483_647;

const NAMED_RATES: Readonly<Record<string, string>> = {
  ntsc: "30000/1001",
  pal: "25",
  film: "24",
  ntsc_film: "24000/1001",
};

/** Deinterlacers, and the value of `mode` when none is given. */
const DEINTERLACERS: Readonly<Record<string, string>> = {
  yadif: "send_frame",
  bwdif: "send_field",
  w3fdif: "field",
  estdif: "field",
};
const FRAME_MODES = new Set(["0", "2", "send_frame", "send_frame_nospatial", "frame"]);
/** vf_fps.c numbers its words as AVRounding. */
const ROUNDINGS: Readonly<Record<string, Rounding>> = {
  zero: "zero",
  inf: "inf",
  down: "down",
  up: "up",
  near: "near",
  "0": "zero",
  "1": "inf",
  "2": "down",
  "3": "up",
  "5": "near",
};

export function optionOf(call: FilterCall, name: string): string | undefined {
  return call.options.find(([key]) => key === name)?.[1];
}

/** Frames a second from a filter's option; null for an expression that only ffmpeg can evaluate. */
export function frameRateFrom(text: string): Rational | null {
  const rate = parseRational(NAMED_RATES[text] ?? text);
  return rate === null || rate.num <= 0 || rate.num > INT_MAX || rate.den > INT_MAX ? null : rate;
}

/** A deinterlacer that gives a frame for each field. */
export function isFieldRate(call: FilterCall): boolean {
  const byDefault = DEINTERLACERS[call.name];
  return byDefault !== undefined && !FRAME_MODES.has(optionOf(call, "mode") ?? byDefault);
}

function unpredictable(reason: string): FilterTimes {
  return { kind: "unpredictable", reason };
}

function fpsTimes(call: FilterCall): FilterTimes {
  const rate = frameRateFrom(optionOf(call, "fps") ?? "25");
  const round = ROUNDINGS[optionOf(call, "round") ?? "near"];
  const eof = optionOf(call, "eof_action") ?? "round";
  if (optionOf(call, "start_time") !== undefined) return unpredictable("fills or cuts the beginning up to start_time");
  if (rate === null || round === undefined) return unpredictable("has a rate that is an expression");
  return { kind: "grid", rate, round, eof: eof === "pass" || eof === "1" ? "pass" : "round" };
}

/** libavfilter/yadif_common.c and vf_w3fdif.c; estdif gives its last field another time. */
function fieldTimes(call: FilterCall): FilterTimes {
  if (call.name === "estdif") return unpredictable("gives its last field a time of its own");
  const deint = optionOf(call, "deint") ?? "all";
  if (deint !== "all" && deint !== "0") return unpredictable("doubles only the frames that turn out to be interlaced");
  if (optionOf(call, "enable") !== undefined) return unpredictable("doubles only the frames of its enable= expression");
  return { kind: "fields" };
}

const REASONS: Readonly<Record<string, string>> = {
  minterpolate: "makes frames between frames, counted from the first",
  framerate: "blends frames, counted from the first",
  tblend: "gives one frame fewer than it gets",
  separatefields: "makes two pictures of each frame",
  doubleweave: "makes a picture of each two fields",
  amplify: "gives fewer frames than it gets",
};

/** `changes`: the table's entry for the filter, used when no rule here applies. */
export function filterTimes(call: FilterCall, changes: boolean): FilterTimes {
  if (call.name === "fps") return fpsTimes(call);
  if (isFieldRate(call)) return fieldTimes(call);
  // vf_xmedian.c: puts nothing out until it holds 2·radius + 1 frames, then each at the time of the oldest.
  if (call.name === "tmedian") return { kind: "dropsLast", frames: 2 * Number(optionOf(call, "radius") ?? 1) };
  return changes ? unpredictable(REASONS[call.name] ?? "changes the frames' times") : KEEPS;
}
