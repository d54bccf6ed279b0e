// Joins verified segments, encoded audio and everything kept from the source into the output file, and lands it.
import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../base/errors.ts";
import { landFile, removeTree, tempNameFor } from "../base/files.ts";
import { runTool } from "../base/process.ts";
import type { Rational } from "../base/rational.ts";
import { audioFileFormat } from "./audio.ts";
import { type ConcatSegment, concatList, toMicroseconds } from "./concat-list.ts";
import { fileUrl } from "./formats.ts";
import { earliestKeptUs } from "./packet-times.ts";
import type { EncodeRequest } from "./request/encode-request.ts";
import { lastWords } from "./stderr.ts";
import { type StitchFacts, stitchArgs } from "./stitch-args.ts";
import { audioToEncode, type StreamPlan } from "./stream-plan.ts";
import type { Tools } from "./tools.ts";
import type { SourceInfo } from "./types.ts";

export interface StitchInput {
  readonly info: SourceInfo;
  readonly request: EncodeRequest;
  readonly plan: StreamPlan;
  /** In order of time. */
  readonly segments: readonly ConcatSegment[];
  readonly encoderTimeBase: Rational;
  /** Encoder ticks that the last frame is shown. */
  readonly lastDuration: number;
  readonly sourcePath: string;
  /** From `encodeAudio`. */
  readonly audioPath: string | null;
  /** Where the output lands; temporary files are made beside it. */
  readonly outputPath: string;
  readonly signal?: AbortSignal;
}

export interface StitchOutcome {
  readonly outputPath: string;
  /** What the output's clock is against the source's; for `checkOutput`. */
  readonly facts: StitchFacts;
}

/** MP4 and MOV say "this starts before zero" with an edit list; the others cannot, so there zero is the earliest packet. */
async function zeroOf(tools: Tools, input: StitchInput): Promise<number> {
  const start = input.info.startMicroseconds;
  if (input.plan.container === "mp4" || input.plan.container === "mov") return start;
  return Math.min(
    start,
    await earliestKeptUs(tools, input.plan, input.info, input.sourcePath, input.audioPath, input.signal),
  );
}

/** Errors: E_STITCH with ffmpeg's last words, E_INTERRUPTED. */
export async function stitch(tools: Tools, input: StitchInput): Promise<StitchOutcome> {
  const [first] = input.segments;
  if (first === undefined)
    throw new AppError("E_STITCH", "there are no segments to join", "This is a bug in ffcluster; please report it.");
  const facts: StitchFacts = {
    encoderTimeBase: input.encoderTimeBase,
    firstFrameUs: toMicroseconds(first.firstPts, input.encoderTimeBase),
    zeroUs: await zeroOf(tools, input),
  };
  const folder = dirname(resolve(input.outputPath));
  const temporary = tempNameFor(input.outputPath);
  const listFile = tempNameFor(join(folder, "segments.txt"));
  const absolute = input.segments.map((segment) => ({ ...segment, path: resolve(segment.path) }));
  const [encoded] = audioToEncode(input.plan);
  try {
    await writeFile(listFile, concatList(absolute, input.encoderTimeBase, input.lastDuration));
    const result = await runTool({
      program: tools.ffmpeg,
      args: stitchArgs(input.info, input.request, input.plan, facts, {
        concatList: fileUrl(listFile),
        audio: input.audioPath === null ? null : fileUrl(input.audioPath),
        audioFormat: encoded === undefined ? null : audioFileFormat(encoded.action.encoder),
        source: fileUrl(input.sourcePath),
        output: fileUrl(temporary),
      }),
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    });
    if (result.ended !== "exit")
      throw new AppError("E_INTERRUPTED", "joining the segments was stopped", "Submit the job again.");
    if (result.exitCode !== 0) {
      throw new AppError(
        "E_STITCH",
        `the output could not be put together: ${lastWords(result.stderrTail)}`,
        "Another container (-o name.mkv) may hold what this one cannot.",
      );
    }
    await landFile(temporary, input.outputPath);
    return { outputPath: input.outputPath, facts };
  } finally {
    await removeTree(listFile);
    await removeTree(temporary);
  }
}
