// Which clock the encoder is given: the source's tick where every frame keeps its time, else the output's frame grid.
import { invert, parseRational, type Rational } from "../base/rational.ts";
import type { EncodeRequest, FilterCall } from "./request/encode-request.ts";
import type { SourceVideo } from "./types.ts";

/** The rate an `fps`-like filter gives: option name and ffmpeg's default. */
const RATE_FILTERS: Record<string, { readonly option: string; readonly byDefault: string }> = {
  fps: { option: "fps", byDefault: "25" },
  framerate: { option: "fps", byDefault: "50" },
  minterpolate: { option: "fps", byDefault: "60" },
};

const NAMED_RATES: Record<string, string> = {
  ntsc: "30000/1001",
  pal: "25",
  film: "24",
  ntsc_film: "24000/1001",
};

/** Filters that halve the tick when they put out a frame for each field. */
const FIELD_RATE: Record<string, (mode: string | undefined) => boolean> = {
  yadif: (mode) => mode === "1" || mode === "3" || mode === "send_field" || mode === "send_field_nospatial",
  bwdif: (mode) => mode === undefined || mode === "1" || mode === "send_field",
  w3fdif: (mode) => mode === undefined || mode === "1" || mode === "field",
};

/** MPEG-1/2 take only broadcast frame rates as their clock; MPEG-4 part 2 at most 65535 ticks a second (docs/MEASURED.md §3). */
const FRAME_RATE_CLOCK = new Set(["mpeg1video", "mpeg2video"]);
const SHORT_CLOCK = new Set(["mpeg4", "libxvid", "h263", "h263p", "msmpeg4", "msmpeg4v2", "wmv1", "wmv2"]);
const SHORT_CLOCK_TICKS = 65_535;

function option(call: FilterCall, name: string): string | undefined {
  return call.options.find(([key]) => key === name)?.[1];
}

/** The constant rate that the request asks for, by -r or the last rate filter; null: frames keep their times. */
export function requestedRate(request: EncodeRequest): Rational | null {
  if (request.video.frameRate !== null) return parseRational(request.video.frameRate);
  for (const call of [...request.filters].reverse()) {
    const rule = RATE_FILTERS[call.name];
    if (rule === undefined) continue;
    const text = option(call, rule.option) ?? option(call, "r") ?? rule.byDefault;
    return parseRational(NAMED_RATES[text] ?? text);
  }
  return null;
}

/** Seconds per tick for `-enc_time_base`. */
export function encoderTimeBase(video: SourceVideo, request: EncodeRequest): Rational {
  const rate = requestedRate(request);
  if (rate !== null) return invert(rate);
  const perField = request.filters.some((call) => FIELD_RATE[call.name]?.(option(call, "mode")) === true);
  const tick: Rational = perField ? { num: video.timeBase.num, den: video.timeBase.den * 2 } : video.timeBase;
  const declared = video.realFrameRate ?? video.averageFrameRate;
  const encoder = request.video.encoder;
  const wantsRate = FRAME_RATE_CLOCK.has(encoder) || (SHORT_CLOCK.has(encoder) && tick.den > SHORT_CLOCK_TICKS);
  if (!wantsRate || declared === null) return tick;
  return perField ? invert({ num: declared.num * 2, den: declared.den }) : invert(declared);
}
