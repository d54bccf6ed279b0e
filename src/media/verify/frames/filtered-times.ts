// The times of the filters' output frames, found by running the filters over the whole source: where its times are
// false or missing, the index can't predict what ffmpeg makes of them.
import { AppError } from "../../../base/errors.ts";
import { formatRational, type Pts } from "../../../base/rational.ts";
import { complexGraph, writeGraph } from "../../ffmpeg/filter-graph.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { lastWords } from "../../ffmpeg/stderr.ts";
import { fileUrl } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { SegmentTask } from "../../model/segment.ts";
import { filterChain, renderedChain } from "../../request/args/video-args.ts";
import { filterEffect } from "../../request/filters/filter-kind.ts";
import { cutChain, spreadPts } from "../../segment/cut-range.ts";
import { decodeArgs } from "../../segment/decode-args.ts";
import { burnInPaths } from "../../subtitles/burn-in-files.ts";

/**
 * Sorted, on the job's clock, in ticks of the task's cut or else of the source. `task`: one over everything. Errors: E_INDEX
 * when ffmpeg fails, E_INTERRUPTED. `runsAll`: the filters are set up anew in the middle, so that any may lose frames.
 */
export async function filteredTimes(
  tools: Tools,
  path: string,
  task: SegmentTask,
  options: { readonly runsAll?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<Pts[]> {
  const { runsAll = false, signal } = options;
  // Filters that keep every frame's time need not run unless they are configured again: only times are wanted.
  const keepsTimes = filterChain(task.request).map((call) => filterEffect(call).times.kind === "keeps");
  const filters = renderedChain(task.request)
    .slice(0, task.cut?.after ?? 0)
    .filter((_, position) => runsAll || keepsTimes[position] !== true);
  const cut = task.cut === null ? null : { ...task.cut, after: filters.length };
  const chain = { from: [`0:${task.streamIndex}`], filters: cutChain({ ...task, cut }, filters), to: ["v"] };
  const times: Pts[] = [];
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [path, ...burnInPaths(task.request)],
    writes: [],
    args: [
      ...decodeArgs(task, { input: fileUrl(path), inputKind: "file", threads: null }, null),
      ...complexGraph(writeGraph([chain])),
      ...["-map", "[v]", "-fps_mode", "passthrough"],
      ...["-enc_time_base", formatRational(cut?.timeBase ?? task.timeBase)],
      ...["-f", "framehash", "-hash", "adler32", "pipe:1"],
    ],
    signal,
    onLine: (line) => {
      const pts = line.startsWith("#") ? Number.NaN : Number(line.split(",")[2]);
      if (!Number.isNaN(pts)) times.push(pts);
    },
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "decoding was stopped", "Submit the job again.");
  if (result.exitCode !== 0) {
    throw new AppError(
      "E_INDEX",
      `the source could not be decoded through the filters: ${lastWords(result.stderrTail)}`,
      "The source is damaged; `ffmpeg -v error -i FILE -f null -` shows where.",
    );
  }
  return spreadPts(times.sort((a, b) => a - b));
}
