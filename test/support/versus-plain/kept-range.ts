// Where plain ffmpeg squeezes full range for a codec that can say it: before 7.1 yuvj420p and its kin become limited for
// VP9 and AV1. The product keeps full range there in every version (docs/adr/0014-range-stated-in-the-graph.md), so it is
// held against plain ffmpeg told to keep it too. Pure.
import type { Reading, StreamFacts } from "./reading.ts";

const KEEP = "scale=out_range=full";

function rangeOf(streams: readonly StreamFacts[]): string | undefined {
  return streams.find(({ type }) => type === "video")?.facts.color_range;
}

/** The request's words with the range kept; null: there is nothing of that kind between the two. */
export function toldToKeepRange(
  params: readonly string[],
  source: readonly StreamFacts[],
  ours: Reading,
  plain: Reading,
): readonly string[] | null {
  const codec = ours.streams.find(({ type }) => type === "video")?.codec ?? "";
  if (!["vp9", "av1"].includes(codec) || rangeOf(source) !== "pc") return null;
  if (rangeOf(ours.streams) !== "pc" || rangeOf(plain.streams) !== "tv") return null;
  const at = params.findIndex((word) => /^-(vf|filter:v)$/.test(word));
  if (at === -1) return ["-vf", KEEP, ...params];
  return params.map((word, position) => (position === at + 1 ? `${KEEP},${word},${KEEP}` : word));
}
