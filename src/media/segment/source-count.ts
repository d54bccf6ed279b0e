// Counts the source's pictures in the run that makes a segment. Behind a new rate (fps, `-r`) the number of frames says
// nothing of them: another picture is shown for longer. Before 8.1 the H.264 decoder loses the last picture of a stream
// that it enters at a recovery point just before (measured with 5.1 to 8.0). Pure.
import { formatRational, type Rational } from "../../base/rational.ts";
import type { SegmentReport, SegmentTask } from "../model/segment.ts";

/** Writes a line for each picture of the graph's output `[count]`, whose samples are neither copied nor read. */
export function countOutput(countFile: string, timeBase: Rational): string[] {
  const times = ["-fps_mode", "passthrough", "-enc_time_base", formatRational(timeBase)];
  return ["-map", "[count]", "-c:v", "wrapped_avframe", ...times, "-f", "framecrc", "-y", countFile];
}

/** The number of lines that it wrote. */
export function parseCount(text: string): number {
  return text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#")).length;
}

/**
 * Why the segment lacks pictures of the source; null: it does not, or nobody counted. `frames`: so many the source has
 * there.
 */
export function missingPictures(
  { sourceFrames }: Pick<SegmentTask, "sourceFrames">,
  report: Pick<SegmentReport, "sourceFrames">,
  frames = sourceFrames?.frames,
): string | null {
  const decoded = report.sourceFrames;
  if (frames === undefined || decoded === undefined || decoded >= frames) return null;
  return `${decoded} of the source's ${frames} pictures were decoded, which the new rate hides`;
}
