// The last rung of the ladder: the server decodes a range itself, in sequence from well before it, and takes the frames
// that come out for the truth about that range.
import { readFile, rm } from "node:fs/promises";
import { AppError } from "../base/errors.ts";
import { tempNameFor } from "../base/files.ts";
import { runTool } from "../base/process.ts";
import { formatRational, type Pts } from "../base/rational.ts";
import { countsItsClock } from "./formats.ts";
import { filterEffect } from "./request/filters/filter-kind.ts";
import { filterChain, renderedChain } from "./request/video-args.ts";
import { parseSeams } from "./seams.ts";
import { clockBounds, decodeArgs, filterGraph, seamOutput, spreadPts } from "./segment-args.ts";
import { decodeErrors, lastWords } from "./stderr.ts";
import { fileUrl } from "./tool-args.ts";
import type { Tools } from "./tools.ts";
import type { SegmentTask } from "./types.ts";

export interface ReferenceFrames {
  /** Sorted PTS of the range's frames on the job's clock: source ticks, or those of the task's cut. */
  readonly pts: readonly Pts[];
  readonly seamStart: string | null;
  readonly seamAfterEnd: string | null;
  readonly decodeErrors: readonly string[];
}

export interface ReferenceOptions {
  /** Folder for two small temporary files. */
  readonly workDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** `framehash` lines → PTS. */
function parseFrameTimes(text: string): Pts[] {
  const pts: Pts[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("#") || line.trim() === "") continue;
    const value = Number(line.split(",")[2]);
    if (!Number.isNaN(value)) pts.push(value);
  }
  return pts.sort((a, b) => a - b);
}

/**
 * Decodes a range with its filters, from where `task` seeks to: the planner's lead-in of 3 key frames and a second, or the start.
 * Errors: E_INDEX when ffmpeg fails, E_INTERRUPTED.
 */
export async function referenceFrames(
  tools: Tools,
  path: string,
  task: SegmentTask,
  options: ReferenceOptions,
): Promise<ReferenceFrames> {
  // Filters that put out each frame at its time need not run: nothing but times is asked.
  const keepsTimes = filterChain(task.request).map((call) => filterEffect(call).times.kind === "keeps");
  const filters = renderedChain(task.request)
    .slice(0, task.cut?.after ?? 0)
    .filter((_, position) => keepsTimes[position] !== true);
  const cut = task.cut === null ? null : { ...task.cut, after: filters.length };
  const run = countsItsClock(task.formatName) ? { ...task, seekPts: null } : task;
  const timesFile = tempNameFor(`${options.workDir}/reference`);
  const seamFile = tempNameFor(`${options.workDir}/seams`);
  try {
    const result = await runTool({
      program: tools.ffmpeg,
      args: [
        ...decodeArgs(run, { input: fileUrl(path), inputKind: "file", threads: null }, null),
        "-filter_complex",
        filterGraph({ ...task, cut }, filters),
        "-map",
        "[v]",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        formatRational(cut?.timeBase ?? task.timeBase),
        "-f",
        "framehash",
        "-hash",
        "adler32",
        "-y",
        fileUrl(timesFile),
        ...seamOutput(fileUrl(seamFile), task.timeBase),
      ],
      signal: options.signal,
    });
    if (result.ended === "aborted")
      throw new AppError("E_INTERRUPTED", "decoding was stopped", "Submit the job again.");
    if (result.exitCode !== 0) {
      throw new AppError(
        "E_INDEX",
        `the range could not be decoded: ${lastWords(result.stderrTail)}`,
        "The source is damaged there.",
      );
    }
    const seams = parseSeams(await readFile(seamFile, "utf8"), clockBounds(task).endPts);
    return {
      pts: spreadPts(parseFrameTimes(await readFile(timesFile, "utf8"))),
      seamStart: seams.start,
      seamAfterEnd: seams.afterEnd,
      decodeErrors: decodeErrors(result.stderrTail, run.seekPts !== null),
    };
  } finally {
    await rm(timesFile, { force: true });
    await rm(seamFile, { force: true });
  }
}
