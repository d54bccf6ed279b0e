// Parses ffprobe's "compact" output, one section at a time as it arrives. Knows nothing about what the fields mean.
import { runTool, type ToolResult } from "./run-tool.ts";
import { fileUrl, inputGuards } from "./tool-args.ts";
import type { Tools } from "./tools.ts";

export interface CompactQuestion {
  readonly path: string;
  /** Demuxers allowed, comma separated. */
  readonly formats: string;
  /** `-show_entries` and what narrows it down. */
  readonly args: readonly string[];
}

/** `packet|pts=0|…`: the section's name is a key of its own. */
function fieldsOf(line: string): ReadonlyMap<string, string> {
  return new Map(
    line.split("|").map((field) => [field.split("=")[0] ?? "", field.slice(field.indexOf("=") + 1)] as const),
  );
}

export function probeCompact(
  tools: Tools,
  { path, formats, args }: CompactQuestion,
  onSection: (fields: ReadonlyMap<string, string>) => void,
  signal?: AbortSignal,
): Promise<ToolResult> {
  return runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats, kind: "file" })],
      ...[...args, "-of", "compact=nk=0", fileUrl(path)],
    ],
    signal,
    onLine: (line) => onSection(fieldsOf(line)),
  });
}
