// Where plain ffmpeg squeezes full range for a codec that can say it: before 7.1 yuvj420p and its kin become limited for
// VP9 and AV1, and in every version for FFV1. The product keeps full range there in every version (docs/adr/0014-range-stated-in-the-graph.md), so it is
// held against plain ffmpeg told to keep it too. Pure.
import type { Reading, StreamFacts } from "./reading.ts";
import type { Tools } from "./tools.ts";

const KEEP = "scale=out_range=full";
const SQUEEZE = "scale=out_range=limited";

function rangeOf(streams: readonly StreamFacts[]): string | undefined {
  return streams.find(({ type }) => type === "video")?.facts.color_range;
}

/**
 * FFV1 keeps no range in its own bytes, and no version of ffmpeg leaves full range to it unasked: below 7.1 the picture is
 * squeezed and tagged so, since then squeezed and tagged full. Told that it is limited, nothing is converted.
 */
function keepOf(codec: string, pixelFormat: string, params: readonly string[]): string | null {
  if (codec === "vp9" || codec === "av1") return KEEP;
  // Until 6.0 a filter that takes no yuvj420p has the picture squeezed before it.
  const isFiltered = params.some((word) => /^-(vf|filter:v)$/.test(word)) && !params.includes("-pix_fmt");
  if (isFiltered && (codec === "h264" || codec === "hevc")) return KEEP;
  return codec === "ffv1" ? `${KEEP},format=${pixelFormat},setparams=range=tv` : null;
}

/**
 * The same, said to the conversion that ffmpeg puts in by itself (those versions only), where a filter would change which
 * pictures -r shows; what it makes is tagged limited.
 */
const WITHOUT_FILTER = ["-dst_range", "1"] as const;

function isRatedWithoutFilter(params: readonly string[]): boolean {
  return params.some((word) => /^-r(:v)?$/.test(word)) && !params.some((word) => /^-(vf|filter:v)$/.test(word));
}

export interface TellsRange {
  readonly params: readonly string[];
  /** What the plain output's tag is then to be taken for; null: what it says. */
  readonly range: string | null;
}

/** The request's words with filters before and behind its own. */
function filteredBy(params: readonly string[], before: string, behind: string): string[] {
  const at = params.findIndex((word) => /^-(vf|filter:v)$/.test(word));
  if (at === -1) return ["-vf", behind, ...params];
  const chain = (word: string) => [before, word, behind].filter((part) => part !== "").join(",");
  return params.map((word, position) => (position === at + 1 ? chain(word) : word));
}

/** Since 7.1 plain ffmpeg gives libvpx full range, which VP8 can't say: what decodes it shows wrong levels. */
function isVp8InFullRange(codec: string, ours: Reading, plain: Reading): boolean {
  return codec === "vp8" && rangeOf(ours.streams) === "tv" && rangeOf(plain.streams) === "pc";
}

/** The request's words with the range kept; null: there is nothing of that kind between the two. */
export function toldToKeepRange(
  { ratesByFilters }: Pick<Tools, "ratesByFilters">,
  params: readonly string[],
  source: readonly StreamFacts[],
  ours: Reading,
  plain: Reading,
): TellsRange | null {
  const own = ours.streams.find(({ type }) => type === "video");
  const codec = own?.codec ?? "";
  if (isVp8InFullRange(codec, ours, plain)) return { params: filteredBy(params, "", SQUEEZE), range: null };
  const keep = keepOf(codec, own?.facts.pix_fmt ?? "", params);
  if (keep === null || rangeOf(source) !== "pc" || rangeOf(ours.streams) !== "pc") return null;
  if (codec !== "ffv1" && rangeOf(plain.streams) !== "tv") return null;
  if (ratesByFilters && isRatedWithoutFilter(params)) return { params: [...WITHOUT_FILTER, ...params], range: "pc" };
  return { params: filteredBy(params, KEEP, keep), range: codec === "ffv1" ? "pc" : null };
}

/** The reading with its picture's range taken for this one. */
export function withRange(reading: Reading, range: string | null): Reading {
  if (range === null) return reading;
  const streams = reading.streams.map((stream) =>
    stream.type === "video" ? { ...stream, facts: { ...stream.facts, color_range: range } } : stream,
  );
  return { ...reading, streams };
}
