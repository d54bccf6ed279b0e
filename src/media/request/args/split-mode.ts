// Decides from the request alone whether its video may be split at key frames, and gives the reason if not.
// docs/FILTERS.md and ADR 7 explain the table.

import type { EncodeRequest } from "../../model/encode-request.ts";
import type { TextDrawer } from "../../model/segment.ts";
import { filterEffect, keepsToRange } from "../filters/filter-kind.ts";
import type { FilterKind } from "../filters/filter-spec.ts";
import { beginningAt } from "../filters/frame-numbers.ts";
import { keyDistance } from "./key-distance.ts";
import { filterChain } from "./video-args.ts";

export type SplitMode = { readonly mode: "keyframes" } | { readonly mode: "whole"; readonly reason: string };

const WHY: Readonly<Record<Exclude<FilterKind, "perFrame" | "numbered" | "finiteMemory">, string>> = {
  sequential: "counts the frames before, or carries a random state",
  unbounded: "depends on all frames before",
};

/**
 * Filters that see a bounded number of neighbours and put frames where the source's times alone say are split; anything
 * else runs as one segment, with the reason. `exactly` false: filters that forget are split too (see inexactFilter).
 * `whyRate`: why a `-r` has no cadence.
 */
export function splitMode(request: EncodeRequest, exactly = true, whyNoCadence: string | null = null): SplitMode {
  const { frameRate, cadence } = request.video;
  const chain = filterChain(request);
  for (const [position, call] of chain.entries()) {
    const { kind, times } = filterEffect(call);
    if (times.kind === "unpredictable") return { mode: "whole", reason: `the filter ${call.name} ${times.reason}` };
    if (kind === "sequential" || (kind === "unbounded" && exactly))
      return { mode: "whole", reason: `the filter ${call.name} ${WHY[kind]}` };
    // The frames of a lead-in would be numbered too, and how many a decoder gives of them is not known.
    const later =
      kind !== "numbered" ? undefined : chain.slice(position + 1).find((each) => !keepsToRange(filterEffect(each)));
    const behind = later?.name ?? (kind === "numbered" && frameRate !== null ? "-r" : undefined);
    if (behind !== undefined)
      return { mode: "whole", reason: `the filter ${call.name} counts the frames, and ${behind} stands behind it` };
  }
  if (frameRate === null || cadence !== undefined) return { mode: "keyframes" };
  const because = whyNoCadence === null ? "" : `: ${whyNoCadence}`;
  return { mode: "whole", reason: `-r is made in one run${because}; -vf fps=… in its place is split` };
}

/** Forces one run over everything where the source requires it. `why`: null where it does not. */
export function unlessWhole(split: SplitMode, why: string | null): SplitMode {
  return split.mode === "whole" || why === null ? split : { mode: "whole", reason: why };
}

/** The filter whose pictures depend a little on where the video was split; null: none, or it was not split. */
export function inexactFilter(request: EncodeRequest, split: SplitMode): string | null {
  if (split.mode === "whole") return null;
  return filterChain(request).find((call) => filterEffect(call).kind === "unbounded")?.name ?? null;
}

/** The request numbers its frames: a segment is right only if exactly the planned number of frames comes before it. */
export function numbersFrames(request: EncodeRequest): boolean {
  return filterChain(request).some((call) => filterEffect(call).kind === "numbered");
}

/** The request puts a key frame at every so many frames: a segment begins right only behind as many as were counted. */
export function fixesKeyFrames(request: EncodeRequest): boolean {
  return keyDistance(request)?.kind === "every";
}

/** A segment is right only if every frame of the source is decoded as the packets promise: they were counted beforehand. */
export function countsFrames(request: EncodeRequest): boolean {
  return numbersFrames(request) || request.video.cadence !== undefined || fixesKeyFrames(request);
}

/** The request for one run: ffmpeg itself makes the rate of `-r`. */
export function inOneRun(request: EncodeRequest): EncodeRequest {
  const { cadence, ...video } = request.video;
  return cadence === undefined ? request : { ...request, video };
}

/** The request for a range that begins after `frames` frames of the output. */
export function numberedFrom(request: EncodeRequest, frames: number): EncodeRequest {
  const filters = request.filters.map((call) =>
    filterEffect(call).kind === "numbered" ? beginningAt(call, frames) : call,
  );
  return { ...request, filters };
}

/** The filters of a request that draw text: only clients that draw alike may share such a job. */
export function textDrawers(request: EncodeRequest): readonly TextDrawer[] {
  const drawers: readonly TextDrawer[] = ["drawtext", "subtitles"];
  return drawers.filter((name) => request.filters.some((call) => call.name === name));
}
