// Makes a digest of how this machine draws text: of a picture with many scripts, and of its fonts. Where ffmpeg, libass,
// freetype or fontconfig differ between machines, text may differ, too.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../base/digest.ts";
import { newId } from "../base/ids.ts";
import { ProgramNotFound, runProcess, succeeded } from "../base/process/run-process.ts";
import { videoFilters } from "../media/ffmpeg/filter-graph.ts";
import { runTool } from "../media/ffmpeg/run-tool.ts";
import { QUIET } from "../media/ffmpeg/tool-args.ts";
import type { Tools } from "../media/ffmpeg/tools.ts";
import type { FilterCall } from "../media/model/encode-request.ts";
import type { TextPrints } from "../media/model/segment.ts";
import { renderFilters } from "../media/request/filters/render-filters.ts";

/** Rebuilding a font cache takes a while. */
const TIMEOUT_MS = 60_000;
const SAMPLE = "Hamburgefonstiv 0123 ÄÖßéñ Ωλ Жщы שלום مرحبا हिन्दी 漢字 かな 한글 ♫";

const ASS = `[Script Info]
ScriptType: v4.00+
PlayResX: 640
PlayResY: 240

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,20,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.00,0:00:10.00,Default,,0,0,0,,${SAMPLE}\\N{\\b1}${SAMPLE}\\N{\\i1}${SAMPLE}
`;

/** Digest of one picture with `calls` drawn on it; null when this ffmpeg cannot. */
async function draw(
  tools: Tools,
  calls: readonly FilterCall[],
  reads: readonly string[],
  signal?: AbortSignal,
): Promise<string | null> {
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads,
    writes: [],
    args: [
      ...QUIET,
      ...["-f", "lavfi", "-i", "color=black:s=640x240:r=25:d=1"],
      ...videoFilters([renderFilters(calls)]),
      ...["-frames:v", "1", "-f", "framehash", "-hash", "sha256", "-"],
    ],
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  signal?.throwIfAborted();
  if (!succeeded(result)) return null;
  const line = result.stdout.split("\n").find((each) => /^\d/.test(each));
  return line?.split(",").at(-1)?.trim() ?? null;
}

/**
 * The fonts by name, which a request may ask for. Where they can't be listed, a random word: no other machine then counts as
 * drawing alike.
 */
async function fontList(signal?: AbortSignal): Promise<string> {
  try {
    const args = ["--format", "%{family}|%{style}|%{fontversion}\n"];
    const listed = await runProcess({ program: "fc-list", args, timeoutMs: TIMEOUT_MS, signal });
    if (succeeded(listed)) return listed.stdout.split("\n").sort().join("\n");
  } catch (thrown) {
    if (!(thrown instanceof ProgramNotFound)) throw thrown; // there is no fc-list
  }
  return newId();
}

/** Draws two pictures; takes a fraction of a second once the font cache is warm. */
export async function textPrints(tools: Tools, signal?: AbortSignal): Promise<TextPrints> {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-text-"));
  try {
    const file = join(folder, "sample.ass");
    await writeFile(file, ASS);
    const text: FilterCall = {
      name: "drawtext",
      options: [
        ["text", SAMPLE],
        ["fontsize", "20"],
        ["fontcolor", "white"],
      ],
    };
    const drawn = await draw(tools, [text], [], signal);
    const rendered = await draw(
      tools,
      [{ name: "subtitles", options: [["filename", `file:${file}`]] }],
      [file],
      signal,
    );
    const fonts = await fontList(signal);
    const digest = (picture: string | null) =>
      picture === null ? null : sha256Of(new TextEncoder().encode(`${picture}\n${fonts}`));
    return { drawtext: digest(drawn), subtitles: digest(rendered) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
