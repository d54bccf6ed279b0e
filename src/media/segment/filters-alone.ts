// Whether the filters of a segment must run on one thread, so that its samples are the same on every machine. Pure.
import { hasDeepSamples, sharesChromaOverRows } from "../colour/pixel-kind.ts";
import { dithersBySlice } from "../ffmpeg/builds/differences.ts";
import type { Release } from "../ffmpeg/releases.ts";
import type { SegmentTask } from "../model/segment.ts";

/**
 * A conversion that is cut into slices gives other samples at their edges: the dither of some releases, and in all of them
 * chroma that four rows share (measured: yuv410p into yuv420p with 1, 2, 3 and 5 threads, 5.1 to 9.0).
 */
export function mustFilterAlone(release: Release, { video, request }: Pick<SegmentTask, "video" | "request">): boolean {
  const asked = request.filters.filter(({ name }) => name === "format").flatMap(({ options }) => options);
  const formats = [video.pixelFormat, ...asked.flatMap(([, value]) => value.split("|"))];
  return formats.some(sharesChromaOverRows) || (dithersBySlice(release) && hasDeepSamples(video.pixelFormat));
}
