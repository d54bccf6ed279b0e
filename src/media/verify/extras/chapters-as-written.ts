// What this ffmpeg writes for a list of chapters in a container: tried with a moment of silence and read back.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { tempNameFor } from "../../../base/files.ts";
import { succeeded } from "../../../base/process/run-process.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { Container } from "../../model/source.ts";
import { CONTAINERS } from "../../request/tables/containers.ts";
import { OUTPUT_DEMUXERS } from "../output-packets.ts";
import { type Chapter, chapterSchema, toChapter } from "./chapter-list.ts";

const TIMEOUT_MS = 60_000;
const answerSchema = z.object({ chapters: z.array(chapterSchema) });

/** Characters that ffmpeg's metadata format escapes with a backslash (documentation: "Metadata"). */
function escaped(text: string): string {
  return text.replaceAll(/[=;#\\\n]/g, (character) => `\\${character}`);
}

export function metadataFile(chapters: readonly Chapter[]): string {
  const each = chapters.map(({ startUs, endUs, title }) =>
    [
      "[CHAPTER]",
      "TIMEBASE=1/1000000",
      `START=${Math.round(startUs)}`,
      `END=${Math.round(endUs)}`,
      ...(title === "" ? [] : [`title=${escaped(title)}`]),
    ].join("\n"),
  );
  return `;FFMETADATA1\n${each.join("\n")}\n`;
}

/** Null when the trial fails. */
export async function chaptersAsWritten(
  tools: Tools,
  container: Container,
  chapters: readonly Chapter[],
  workDir: string,
  signal?: AbortSignal,
): Promise<readonly Chapter[] | null> {
  const list = tempNameFor(join(workDir, "chapters.txt"));
  const file = tempNameFor(join(workDir, "chapters"));
  try {
    await writeFile(list, metadataFile(chapters));
    const written = await runTool({
      tools,
      program: "ffmpeg",
      reads: [list],
      writes: [file],
      args: [
        ...[...QUIET, "-f", "lavfi", "-i", "aevalsrc=0:d=0.1:s=48000"],
        ...["-protocol_whitelist", "file", "-f", "ffmetadata", "-i", fileUrl(list)],
        ...["-map", "0:a", "-c:a", CONTAINERS[container].audioDefault.encoder, "-map_chapters", "1"],
        ...["-f", CONTAINERS[container].muxer, "-y", fileUrl(file)],
      ],
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    if (!succeeded(written)) return null;
    const read = await runTool({
      tools,
      program: "ffprobe",
      reads: [file],
      writes: [],
      args: [
        ...["-v", "error", ...inputGuards({ formats: OUTPUT_DEMUXERS, kind: "file" })],
        ...["-show_chapters", "-of", "json", fileUrl(file)],
      ],
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    return succeeded(read) ? answerSchema.parse(JSON.parse(read.stdout)).chapters.map(toChapter) : null;
  } finally {
    await rm(list, { force: true });
    await rm(file, { force: true });
  }
}
