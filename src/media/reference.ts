// The last rung of the ladder: the server decodes a range itself, in sequence from well before it, and takes the frames
// that come out for the truth about that range.
import { readFile, rm } from "node:fs/promises";
import { AppError } from "../base/errors.ts";
import { tempNameFor } from "../base/files.ts";
import { runTool } from "../base/process.ts";
import type { Pts } from "../base/rational.ts";
import { countsItsClock, fileUrl } from "./formats.ts";
import type { FrameIndex } from "./frame-index.ts";
import { parseSeams } from "./seams.ts";
import { clockBounds, decodeArgs, filterGraph, seamOutput, spreadPts } from "./segment-args.ts";
import type { SegmentRange } from "./segment-task.ts";
import { clockOffsetUs } from "./source-clock.ts";
import { decodeErrors, lastWords } from "./stderr.ts";
import type { Tools } from "./tools.ts";
import type { SourceInfo } from "./types.ts";

export interface ReferenceFrames {
  /** Sorted PTS of the decoded frames of the range on the job's clock, source ticks. */
  readonly pts: readonly Pts[];
  readonly seamStart: string | null;
  readonly seamAfterEnd: string | null;
  readonly decodeErrors: readonly string[];
}

export interface ReferenceOptions {
  /** Folder for two small temporary files. */
  readonly workDir: string;
  readonly signal?: AbortSignal;
}

/** `framehash` lines → PTS. */
export function parseFrameTimes(text: string): Pts[] {
  const pts: Pts[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("#") || line.trim() === "") continue;
    const value = Number(line.split(",")[2]);
    if (!Number.isNaN(value)) pts.push(value);
  }
  return pts.sort((a, b) => a - b);
}

/** Decodes `range` from at least 3 key frames and a second earlier, or from the start. Errors: E_INDEX when ffmpeg fails, E_INTERRUPTED. */
export async function referenceFrames(
  tools: Tools,
  path: string,
  info: SourceInfo,
  index: FrameIndex,
  range: SegmentRange,
  options: ReferenceOptions,
): Promise<ReferenceFrames> {
  const mustReadAll = range.startPts === null || countsItsClock(info.formatName);
  const seek = mustReadAll ? null : index.seekPoint(range.startPts, 3);
  const plan = {
    ...range,
    streamIndex: info.video.streamIndex,
    formatName: info.formatName,
    timeBase: info.video.timeBase,
    clockOffsetUs: clockOffsetUs(info),
    seekPts: seek?.pts ?? null,
  };
  const timesFile = tempNameFor(`${options.workDir}/reference`);
  const seamFile = tempNameFor(`${options.workDir}/seams`);
  try {
    const result = await runTool({
      program: tools.ffmpeg,
      args: [
        ...decodeArgs(plan, { input: fileUrl(path), inputKind: "file", threads: null }, null),
        "-filter_complex",
        filterGraph(plan, ""),
        "-map",
        "[v]",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "-1",
        "-f",
        "framehash",
        "-hash",
        "adler32",
        "-y",
        fileUrl(timesFile),
        ...seamOutput(fileUrl(seamFile)),
      ],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
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
    const seams = parseSeams(await readFile(seamFile, "utf8"), clockBounds(plan).endPts);
    return {
      pts: spreadPts(parseFrameTimes(await readFile(timesFile, "utf8"))),
      seamStart: seams.start,
      seamAfterEnd: seams.afterEnd,
      decodeErrors: decodeErrors(result.stderrTail, seek !== null),
    };
  } finally {
    await rm(timesFile, { force: true });
    await rm(seamFile, { force: true });
  }
}
