// Whether a build of ffmpeg has an encoder, by its own word.
import { runTool } from "../../src/base/process.ts";
import type { Tools } from "../../src/media/tools.ts";

export async function encoderRuns(tools: Tools, encoder: string): Promise<boolean> {
  const result = await runTool({ program: tools.ffmpeg, args: ["-v", "error", "-h", `encoder=${encoder}`] });
  return result.stdout.startsWith("Encoder ");
}
