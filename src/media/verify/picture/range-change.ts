// Whether a source's pictures state another range from some key frame on, which the stream's header does not show.
import { type SaidRange, seenRanges } from "../../colour/seen-ranges.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { PicturesInput } from "./comparison.ts";

export const RANGE_NOTE =
  "the source says another range from some picture on, and its samples are passed on as they are";

/** The header's range, where some picture states another; null: all agree. Errors: E_INTERRUPTED. */
export async function rangeChange(
  tools: Tools,
  { sourcePath, info, signal }: PicturesInput,
): Promise<SaidRange | null> {
  const [first, other] = await seenRanges(tools, sourcePath, info, { signal });
  return first !== undefined && other !== undefined ? first : null;
}
