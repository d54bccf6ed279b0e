// Whether a build of ffmpeg has an encoder or a decoder, by its own word.
import { runUnconfined } from "../../src/media/ffmpeg/run-tool.fixture.ts";
import type { Tools } from "../../src/media/ffmpeg/tools.ts";

export async function hasCodec(tools: Tools, kind: "encoder" | "decoder", name: string): Promise<boolean> {
  const result = await runUnconfined({ program: tools.ffmpeg, args: ["-v", "error", "-h", `${kind}=${name}`] });
  return result.stdout.startsWith(kind === "encoder" ? "Encoder " : "Decoder ");
}
