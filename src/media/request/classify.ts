// Decides from the request alone whether its video may be split at key frames, and says why not. docs/FILTERS.md and
// ADR 7 are the table and its reasons.
import type { TextDrawer } from "../types.ts";
import type { EncodeRequest } from "./encode-request.ts";
import { filterEffect } from "./filters/filter-kind.ts";
import type { FilterKind } from "./filters/filter-spec.ts";
import { filterChain } from "./render.ts";

export type SplitMode = { readonly mode: "keyframes" } | { readonly mode: "whole"; readonly reason: string };

const WHY: Readonly<Record<Exclude<FilterKind, "perFrame" | "finiteMemory">, string>> = {
  sequential: "counts the frames before, or carries a random state",
  unbounded: "depends on all frames before",
};

/**
 * Filters that see a bounded number of neighbours and put frames where the source's times alone say are split; anything
 * else runs as one segment, with the reason. `exactly` false: filters that forget are split too (see inexactFilter).
 */
export function splitMode(request: EncodeRequest, exactly = true): SplitMode {
  for (const call of filterChain(request)) {
    const { kind, times } = filterEffect(call);
    if (times.kind === "unpredictable") return { mode: "whole", reason: `the filter ${call.name} ${times.reason}` };
    if (kind === "sequential" || (kind === "unbounded" && exactly))
      return { mode: "whole", reason: `the filter ${call.name} ${WHY[kind]}` };
  }
  return { mode: "keyframes" };
}

/** The filter whose pictures depend a little on where the video was split; null: none, or it was not split. */
export function inexactFilter(request: EncodeRequest, split: SplitMode): string | null {
  if (split.mode === "whole") return null;
  return filterChain(request).find((call) => filterEffect(call).kind === "unbounded")?.name ?? null;
}

/** The filters of a request that draw letters: only clients that draw alike may share such a job. */
export function textDrawers(request: EncodeRequest): readonly TextDrawer[] {
  const drawers: readonly TextDrawer[] = ["drawtext", "subtitles"];
  return drawers.filter((name) => request.filters.some((call) => call.name === name));
}
