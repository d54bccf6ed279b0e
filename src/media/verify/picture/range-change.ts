// Whether a source's pictures say another range from some key frame on, which the header of the stream does not tell.
import { AppError } from "../../../base/errors.ts";
import { runTool } from "../../../base/process.ts";
import { isFullRange } from "../../colour/pixel-kind.ts";
import { fileUrl, inputGuards } from "../../tool-args.ts";
import type { Tools } from "../../tools.ts";
import type { PicturesInput } from "./comparison.ts";

export const RANGE_NOTE =
  "the source says another range from some picture on, and its samples are passed on as they are";

/** What the first picture says, where another one says something else; null: all say the same. Errors: E_INTERRUPTED. */
export async function rangeChange(
  tools: Tools,
  { sourcePath, info, signal }: PicturesInput,
): Promise<"full" | "limited" | null> {
  const ranges = new Set<"full" | "limited">();
  const result = await runTool({
    program: tools.ffprobe,
    args: [
      ...["-v", "error", ...inputGuards({ formats: info.formatName, kind: "file" })],
      ...["-select_streams", String(info.video.streamIndex), "-skip_frame", "nokey"],
      ...["-show_entries", "frame=pix_fmt,color_range", "-of", "compact=nk=1:p=0", fileUrl(sourcePath)],
    ],
    signal,
    nice: true,
    onLine: (line) => {
      const [, pixelFormat, range] = /^(\w+)\|(\w+)/.exec(line) ?? [];
      if (pixelFormat === undefined || range === undefined) return;
      const colour = { ...info.video.colour, range: range === "unknown" ? null : range };
      ranges.add(isFullRange({ pixelFormat, colour }) ? "full" : "limited");
    },
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "the check was stopped", "Submit the job again.");
  const [first] = ranges;
  return first !== undefined && ranges.size > 1 ? first : null;
}
