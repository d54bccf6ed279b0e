// Joins verified segments, encoded audio and everything kept from the source into the output file.
import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../../base/errors.ts";
import { landFile, removeTree, tempNameFor } from "../../base/files.ts";
import { succeeded } from "../../base/process/run-process.ts";
import type { Rational } from "../../base/rational.ts";
import { isFullByFormat, isRangeUpToVersion, type PictureRange } from "../colour/range-path.ts";
import { segmentRange } from "../colour/segment-range.ts";
import { gatherPictureData, reserveSpace, writePictureData } from "../container-data/picture-data.ts";
import { isSince, RGB_IS_FULL } from "../ffmpeg/builds/differences.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import type { ToolAccess } from "../ffmpeg/sandbox/tool-access.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SegmentFacts } from "../model/segment.ts";
import type { SourceInfo } from "../model/source.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { segmentOffsetUs } from "../segment/segment-clock.ts";
import { readSegmentPackets } from "../segment/verify-segment.ts";
import { type ConcatSegment, concatList, toMicroseconds } from "./concat-list.ts";
import { coverArgs, coverStreams } from "./cover-art.ts";
import { type OutputClock, withFirstFrame } from "./output-clock.ts";
import { type StitchFacts, stitchArgs } from "./stitch-args.ts";

export type StitchSegment = Omit<ConcatSegment, "ownStartUs"> & Pick<SegmentFacts, "frames" | "lastShown">;

export interface StitchInput {
  readonly info: SourceInfo;
  readonly request: EncodeRequest;
  readonly plan: StreamPlan;
  /** In order of time. */
  readonly segments: readonly StitchSegment[];
  readonly encoderTimeBase: Rational;
  /** Time of the output's first frame on the source's own clock. */
  readonly firstFrameUs: number;
  /** Encoder ticks that the last frame is shown. */
  readonly lastDuration: number;
  readonly sourcePath: string;
  /** From `encodeAudio`. */
  readonly audioPaths: readonly string[];
  /** From `readOutputClock`, which may run before any segment exists. */
  readonly clock: OutputClock;
  /** Path of the output; temporary files are made next to it. */
  readonly outputPath: string;
  readonly signal?: AbortSignal | undefined;
}

export interface StitchOutcome {
  readonly outputPath: string;
  /** The output's clock relative to the source's, for `checkOutput`. */
  readonly facts: StitchFacts;
}

/** First frame of each segment on the segment's own clock. */
function withOwnStarts(input: StitchInput): ConcatSegment[] {
  return input.segments.map(({ path, firstPts, lastPts }) => {
    const ownStartUs = toMicroseconds(firstPts, input.encoderTimeBase) + segmentOffsetUs(input.encoderTimeBase);
    return { path: resolve(path), firstPts, lastPts, ownStartUs };
  });
}

/** The packet of the output that is shown last, and for how long, as a share of the time from the first frame to it. */
async function lastFrameOf(tools: Tools, input: StitchInput): Promise<StitchFacts["lastFrame"]> {
  const first = input.segments[0];
  const last = input.segments.at(-1);
  if (first === undefined || last === undefined || last.lastPts <= first.firstPts) return null;
  const lastShown = last.lastShown ?? (await lastShownIn(tools, last.path, input.signal));
  if (lastShown === null) return null;
  const before = input.segments.slice(0, -1).reduce((sum, { frames }) => sum + frames, 0);
  return {
    packet: before + lastShown,
    packets: before + last.frames,
    share: input.lastDuration / (last.lastPts - first.firstPts),
  };
}

async function lastShownIn(tools: Tools, path: string, signal?: AbortSignal): Promise<number | null> {
  const packets = await readSegmentPackets(tools, path, signal);
  return typeof packets === "string" ? null : packets.lastShown; // the stitch itself will say what is wrong with it
}

async function extractCovers(tools: Tools, input: StitchInput, files: readonly string[]): Promise<void> {
  for (const [number, stream] of coverStreams(input.plan).entries()) {
    const file = files[number];
    if (file === undefined) continue;
    const result = await runTool({
      tools,
      program: "ffmpeg",
      reads: [input.sourcePath],
      writes: [file],
      args: coverArgs(input.info, stream.index, fileUrl(input.sourcePath), fileUrl(file)),
      signal: input.signal,
      timeoutMs: 60_000,
    });
    if (result.ended === "aborted")
      throw new AppError("E_INTERRUPTED", "joining the segments was stopped", "Submit the job again.");
    if (!succeeded(result)) {
      throw new AppError(
        "E_STITCH",
        `the cover art (stream ${stream.index}) could not be read: ${lastWords(result.stderrTail)}`,
        `Leave it out with -map -0:${stream.index}.`,
      );
    }
  }
}

/** A hint for a failure of the muxer, from its stderr. */
export function stitchHint(stderr: string): string {
  // Sound of transport streams is rewritten packet by packet when it is copied into other containers.
  if (/\baac_adtstoasc\b/.test(stderr)) {
    return "The sound is damaged and can't be copied; with -c:a aac what can be decoded of it is encoded.";
  }
  return "Another container (-o name.mkv) may hold what this one cannot.";
}

async function runStitch(
  tools: Tools,
  args: readonly string[],
  access: ToolAccess,
  signal: AbortSignal | undefined,
): Promise<void> {
  const result = await runTool({ tools, program: "ffmpeg", ...access, args, signal });
  if (result.ended !== "exit")
    throw new AppError("E_INTERRUPTED", "joining the segments was stopped", "Submit the job again.");
  if (result.exitCode !== 0) {
    const said = result.stderrTail;
    throw new AppError("E_STITCH", `the output could not be put together: ${lastWords(said)}`, stitchHint(said));
  }
}

/** The range of the pictures where none is planned; null: nothing says it. */
async function rangeSeen(tools: Tools, input: StitchInput, segment: string): Promise<PictureRange | null> {
  const { info, request, plan, signal } = input;
  if (isRangeUpToVersion(info.video, request)) return await segmentRange(tools, segment, signal);
  const isSaid = plan.container === "mkv" && isSince(tools, RGB_IS_FULL) && isFullByFormat(info.video, request);
  return isSaid ? "pc" : null;
}

/** Errors: E_STITCH with ffmpeg's last words, E_INTERRUPTED. */
export async function stitch(tools: Tools, input: StitchInput): Promise<StitchOutcome> {
  const [first] = input.segments;
  if (first === undefined)
    throw new AppError("E_STITCH", "there are no segments to join", "This is a bug in ffcluster; please report it.");
  const folder = dirname(resolve(input.outputPath));
  const coverFiles = coverStreams(input.plan).map((_, number) => tempNameFor(join(folder, `cover-${number}`)));
  const temporary = tempNameFor(input.outputPath);
  const listFile = tempNameFor(join(folder, "segments.txt"));
  try {
    const [lastFrame, seen] = await Promise.all([
      lastFrameOf(tools, input),
      rangeSeen(tools, input, first.path),
      writeFile(listFile, concatList(withOwnStarts(input), input.encoderTimeBase, input.lastDuration)),
      extractCovers(tools, input, coverFiles),
    ]);
    const { encoderTimeBase, firstFrameUs } = input;
    const clock = withFirstFrame(input.clock, input, firstFrameUs);
    const facts: StitchFacts = { encoderTimeBase, firstFrameUs, lastFrame, segmentRange: seen, ...clock };
    const argsWith = (reserved: readonly string[]) =>
      stitchArgs(input.info, input.request, input.plan, facts, {
        concatList: fileUrl(listFile),
        audio: input.audioPaths.map(fileUrl),
        source: fileUrl(input.sourcePath),
        covers: coverFiles.map(fileUrl),
        reserved,
        output: fileUrl(temporary),
      });
    const data = await gatherPictureData(tools, { ...input, workDir: folder });
    const reserved = data === null ? null : reserveSpace(data, argsWith([]));
    const reads = [
      ...[listFile, input.sourcePath, ...coverFiles, ...input.audioPaths],
      ...input.segments.map(({ path }) => path),
    ];
    const access = { reads, writes: [temporary] };
    await runStitch(tools, argsWith(reserved?.args ?? []), access, input.signal);
    if (data !== null && reserved !== null && !(await writePictureData(temporary, data, reserved.nameBytes))) {
      await runStitch(tools, argsWith([]), access, input.signal);
    }
    await landFile(temporary, input.outputPath);
    return { outputPath: input.outputPath, facts };
  } finally {
    await removeTree(listFile);
    await removeTree(temporary);
    for (const file of coverFiles) await removeTree(file);
  }
}
