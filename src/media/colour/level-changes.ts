// Whether the encode converts levels between limited and full range, which releases of ffmpeg round differently. Pure.
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SourceVideo } from "../model/source.ts";
import { isFullRange, isLumaAndChroma } from "./pixel-kind.ts";
import { isRangeUpToVersion, namedRange, outputRange } from "./range-path.ts";

/** True if it does, or if only the run itself shows it. ffmpeg treats grey as full range. */
export function convertsLevels(video: SourceVideo, request: EncodeRequest): boolean {
  const isFull = isFullRange(video) || video.pixelFormat.startsWith("gray");
  const named = namedRange(request.filters);
  if (named !== null && (named === "pc") !== isFull) return true;
  if (!isLumaAndChroma(video.pixelFormat) && !isFull) return false;
  const known = outputRange(video, request);
  if (known !== null) return (known === "pc") !== isFull;
  return isFullRange(video) && isRangeUpToVersion(video, request);
}
