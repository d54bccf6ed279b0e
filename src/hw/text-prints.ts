// Makes a digest of how this machine draws text: of a picture with many scripts, and of its fonts. Where ffmpeg, libass,
// freetype or fontconfig differ between machines, text may differ, too.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../base/digest.ts";
import { newId } from "../base/ids.ts";
import { ProgramNotFound, runProcess, succeeded } from "../base/process/run-process.ts";
import { complexGraph, writeGraph } from "../media/ffmpeg/filter-graph.ts";
import { runTool } from "../media/ffmpeg/run-tool.ts";
import { QUIET } from "../media/ffmpeg/tool-args.ts";
import type { Tools } from "../media/ffmpeg/tools.ts";
import type { FilterCall } from "../media/model/encode-request.ts";
import type { TextPrints } from "../media/model/segment.ts";
import { renderFilters } from "../media/request/filters/render-filters.ts";
import { fontFolders, listFontFiles } from "./font-files.ts";

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

/** A filter that draws, and the files that it reads. */
interface Sample {
  readonly call: FilterCall;
  readonly reads: readonly string[];
}

/** Of each sample the digest of one picture with it drawn; null when this ffmpeg cannot. All share one run. */
async function draw(
  tools: Tools,
  samples: readonly Sample[],
  signal: AbortSignal | undefined,
): Promise<readonly (string | null)[]> {
  const chains = samples.map(({ call }, at) => {
    return { from: [`${at}:v`], filters: [renderFilters([call])], to: [`drawn${at}`] };
  });
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: samples.flatMap(({ reads }) => reads),
    writes: [],
    args: [
      ...QUIET,
      ...samples.flatMap(() => ["-f", "lavfi", "-i", "color=black:s=640x240:r=25:d=1"]),
      ...complexGraph(writeGraph(chains)),
      ...samples.flatMap((_, at) => ["-map", `[drawn${at}]`]),
      ...["-frames:v", "1", "-f", "framehash", "-hash", "sha256", "-"],
    ],
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  signal?.throwIfAborted();
  if (succeeded(result)) {
    const rows = result.stdout.split("\n").map((line) => line.split(",").map((cell) => cell.trim()));
    return samples.map((_, at) => rows.find(([stream]) => stream === String(at))?.at(-1) ?? null);
  }
  if (samples.length === 1) return [null];
  // One that can't be drawn takes the others along.
  const alone: (string | null)[] = [];
  for (const sample of samples) alone.push(...(await draw(tools, [sample], signal)));
  return alone;
}

/**
 * The fonts by name, which a request may ask for: as fontconfig lists them, else by their files. Where there are none to be
 * seen, a random word: no other machine then counts as drawing alike.
 */
async function fontList(signal?: AbortSignal): Promise<string> {
  try {
    const args = ["--format", "%{family}|%{style}|%{fontversion}\n"];
    const listed = await runProcess({ program: "fc-list", args, timeoutMs: TIMEOUT_MS, signal });
    if (succeeded(listed)) return listed.stdout.split("\n").sort().join("\n");
  } catch (thrown) {
    if (!(thrown instanceof ProgramNotFound)) throw thrown; // there is no fc-list
  }
  const files = await listFontFiles(fontFolders(process.env));
  return files.length === 0 ? newId() : files.join("\n");
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
    const subtitles: FilterCall = { name: "subtitles", options: [["filename", `file:${file}`]] };
    const samples = [
      { call: text, reads: [] },
      { call: subtitles, reads: [file] },
    ];
    const [drawn = null, rendered = null] = await draw(tools, samples, signal);
    const fonts = await fontList(signal);
    const digest = (picture: string | null) =>
      picture === null ? null : sha256Of(new TextEncoder().encode(`${picture}\n${fonts}`));
    return { drawtext: digest(drawn), subtitles: digest(rendered) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
