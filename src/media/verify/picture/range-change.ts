// Whether a source's pictures state another range from some key frame on, which the stream's header does not show.
import { type StatedRange, sourceRanges } from "../../colour/source-ranges.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { PicturesInput } from "./comparison.ts";

export const RANGE_NOTE =
  "the source says another range from some picture on, and its samples are passed on as they are";

/** The header's range, where some picture states another; null: all agree. Errors: E_INTERRUPTED. */
export async function rangeChange(
  tools: Tools,
  { sourcePath, info, signal }: PicturesInput,
): Promise<StatedRange | null> {
  const [first, other] = await sourceRanges(tools, sourcePath, info, { signal });
  return first !== undefined && other !== undefined ? first : null;
}
