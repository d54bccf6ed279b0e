// Decodes a file's first picture to see what its bitstream says beside the container: HDR metadata in SEI messages.
import { z } from "zod";
import { runTool, succeeded } from "../base/process.ts";
import { type SideData, sideDataSchema } from "./hdr.ts";
import { crashed } from "./probe-crash.ts";
import { fileUrl, inputGuards } from "./tool-args.ts";
import type { Tools } from "./tools.ts";

const framesSchema = z.object({
  frames: z.array(z.object({ side_data_list: z.array(sideDataSchema).optional() })).optional(),
});

/** Packets to read: one is enough unless an edit list hides the first pictures. */
const PACKETS = [1, 64] as const;
const TIMEOUT_MS = 20_000;

/**
 * Empty when the first picture has none, or cannot be decoded: what is damaged shows when it is encoded.
 * Errors: E_SOURCE_REFUSED when ffprobe dies of it, since nobody knows then what would be lost.
 */
export async function firstFrameSideData(
  tools: Tools,
  file: { readonly path: string; readonly formats: string; readonly streamIndex: number },
  signal?: AbortSignal,
): Promise<readonly SideData[]> {
  for (const packets of PACKETS) {
    const result = await runTool({
      program: tools.ffprobe,
      args: [
        ...["-v", "error", ...inputGuards({ formats: file.formats, kind: "file" })],
        ...["-select_streams", String(file.streamIndex), "-read_intervals", `%+#${packets}`],
        ...["-show_frames", "-of", "json", fileUrl(file.path)],
      ],
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    if (result.death !== undefined) throw crashed(tools, file.path, result.death);
    if (!succeeded(result)) return [];
    const [frame] = framesSchema.parse(JSON.parse(result.stdout)).frames ?? [];
    if (frame !== undefined) return frame.side_data_list ?? [];
  }
  return [];
}
