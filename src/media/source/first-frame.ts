// Decodes a file's first picture for what its bitstream states besides the container: HDR metadata in SEI messages, and
// the pixel shape, for which ffprobe reports the last value it met where a stream changes it.
import { z } from "zod";
import { succeeded } from "../../base/process/run-process.ts";
import { crashed } from "../ffmpeg/probe-crash.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { type SideData, sideDataSchema } from "../model/hdr.ts";

const frameSchema = z.object({
  sample_aspect_ratio: z.string().optional(),
  side_data_list: z.array(sideDataSchema).optional(),
});
const framesSchema = z.object({ frames: z.array(frameSchema).optional() });

/** ffprobe's words. */
export type FirstFrame = z.infer<typeof frameSchema>;

/** Packets to read: one is enough unless an edit list hides the first pictures. */
const PACKETS = [1, 64] as const;
const TIMEOUT_MS = 20_000;

/**
 * Null: the first picture cannot be decoded; the encode then reports the damage. Errors: E_SOURCE_REFUSED when ffprobe
 * crashes on the file, since it is then unknown what would be lost.
 */
export async function firstFrame(
  tools: Tools,
  file: { readonly path: string; readonly formats: string; readonly streamIndex: number },
  signal?: AbortSignal,
): Promise<FirstFrame | null> {
  for (const packets of PACKETS) {
    const result = await runTool({
      tools,
      program: "ffprobe",
      reads: [file.path],
      writes: [],
      args: [
        ...["-v", "error", ...inputGuards({ formats: file.formats, kind: "file" })],
        ...["-select_streams", String(file.streamIndex), "-read_intervals", `%+#${packets}`],
        ...["-show_frames", "-of", "json", fileUrl(file.path)],
      ],
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    if (result.death !== undefined) throw crashed(tools, file.path, result.death);
    if (!succeeded(result)) return null;
    const [frame] = framesSchema.parse(JSON.parse(result.stdout)).frames ?? [];
    if (frame !== undefined) return frame;
  }
  return null;
}

/** Empty when the first picture has none, or cannot be decoded. Errors: as above. */
export async function firstFrameSideData(
  tools: Tools,
  file: { readonly path: string; readonly formats: string; readonly streamIndex: number },
  signal?: AbortSignal,
): Promise<readonly SideData[]> {
  return (await firstFrame(tools, file, signal))?.side_data_list ?? [];
}
