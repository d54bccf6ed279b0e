// How many events of a text track show text: what a decoder makes of them, without their markup.
import { succeeded } from "../../base/process/run-process.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";

/** One block of SubRip text: number, times, lines. */
const BLOCK = /^\d+\n[\d:,]+ --> [\d:,]+.*\n([\s\S]*)$/;

/** How many events of SubRip text have text once their markup is removed. */
export function countTextEvents(text: string): number {
  return text
    .replaceAll("\r", "")
    .split(/\n\n+(?=\d+\n[\d:,]+ -->)/)
    .filter((block) => (BLOCK.exec(block.trim())?.[1] ?? "").replace(/<[^>]*>|\{[^}]*\}/g, "").trim() !== "").length;
}

/** Events of a text track that have text after decoding; null when it can't be decoded. Reads the whole file. */
export async function readTextEvents(
  tools: Tools,
  source: { readonly path: string; readonly formats: string; readonly streamIndex: number },
  signal?: AbortSignal,
): Promise<number | null> {
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [source.path],
    writes: [],
    args: [
      ...QUIET,
      ...inputGuards({ formats: source.formats, kind: "file" }),
      ...["-i", fileUrl(source.path), "-map", `0:${source.streamIndex}`, "-c:s", "srt", "-f", "srt", "pipe:1"],
    ],
    signal,
  });
  return succeeded(result) ? countTextEvents(result.stdout) : null;
}
