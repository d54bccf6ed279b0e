// Reads with ffprobe the range that an encoder wrote into a segment, where it can't be known beforehand.
import { z } from "zod";
import { succeeded } from "../../base/process/run-process.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { isLumaAndChroma } from "./pixel-kind.ts";
import type { PictureRange } from "./range-path.ts";

const answerSchema = z.object({
  streams: z.array(z.object({ pix_fmt: z.string().optional(), color_range: z.string().optional() })),
});

const SEGMENT_DEMUXERS = "nut,matroska,webm";
const TIMEOUT_MS = 20_000;

/**
 * A bitstream without a tag has limited range (H.264 E.2.1, H.265 E.3.1). Null for RGB and grey, and when ffprobe can't
 * read it; the segment's own checks then report the problem.
 */
export async function segmentRange(tools: Tools, path: string, signal?: AbortSignal): Promise<PictureRange | null> {
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats: SEGMENT_DEMUXERS, kind: "file" }), "-select_streams", "v:0"],
      ...["-show_entries", "stream=pix_fmt,color_range", "-of", "json", fileUrl(path)],
    ],
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  if (!succeeded(result)) return null;
  const [stream] = answerSchema.parse(JSON.parse(result.stdout)).streams;
  if (stream?.pix_fmt === undefined || !isLumaAndChroma(stream.pix_fmt)) return null;
  return stream.color_range === "pc" || stream.pix_fmt.startsWith("yuvj") ? "pc" : "tv";
}
