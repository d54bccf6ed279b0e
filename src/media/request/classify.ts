// Decides from the request alone whether its video may be split at key frames, and says why not.
import type { EncodeRequest } from "./encode-request.ts";
import { filterEffect } from "./filters/filter-kind.ts";
import type { FilterKind } from "./filters/filter-spec.ts";

export type SplitMode = { readonly mode: "keyframes" } | { readonly mode: "whole"; readonly reason: string };

const WHY: Readonly<Record<Exclude<FilterKind, "perFrame">, string>> = {
  finiteMemory: "looks at neighbouring frames",
  sequential: "counts the frames before, or carries a random state",
  unbounded: "depends on all frames before",
};

/** Per-frame filters at the source's times are split; anything else runs as one segment, with the reason. */
export function splitMode(request: EncodeRequest): SplitMode {
  for (const call of request.filters) {
    const { kind, pts } = filterEffect(call);
    if (call.name === "drawtext" || call.name === "subtitles")
      return { mode: "whole", reason: `${call.name} draws with the fonts of one machine` };
    if (kind !== "perFrame") return { mode: "whole", reason: `the filter ${call.name} ${WHY[kind]}` };
    if (pts === "changes") return { mode: "whole", reason: `the filter ${call.name} changes the frames' times` };
  }
  if (request.video.frameRate !== null) return { mode: "whole", reason: "-r changes the frame rate" };
  return { mode: "keyframes" };
}

/** Whether the output has exactly the source's frames at the source's times. */
export function keepsEveryPts(request: EncodeRequest): boolean {
  return request.video.frameRate === null && request.filters.every((call) => filterEffect(call).pts === "keeps");
}
