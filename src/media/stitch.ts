// Joins verified segments, encoded audio and everything kept from the source into the output file, and lands it.
import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../base/errors.ts";
import { landFile, removeTree, tempNameFor } from "../base/files.ts";
import { runTool } from "../base/process.ts";
import type { Rational } from "../base/rational.ts";
import { type ConcatSegment, concatList, toMicroseconds } from "./concat-list.ts";
import { coverArgs, coverStreams } from "./cover-art.ts";
import { fileUrl } from "./formats.ts";
import { opusDelayUs } from "./opus-delay.ts";
import { AUDIO_FILE_DEMUXERS, audioBeginnings } from "./packet-times.ts";
import { CONTAINERS } from "./request/containers.ts";
import type { EncodeRequest } from "./request/encode-request.ts";
import { segmentOffsetUs } from "./segment-clock.ts";
import { lastWords } from "./stderr.ts";
import { type StitchFacts, stitchArgs } from "./stitch-args.ts";
import type { StreamPlan } from "./stream-plan.ts";
import type { Tools } from "./tools.ts";
import type { SourceInfo } from "./types.ts";
import { readSegmentPackets } from "./verify-segment.ts";

export type StitchSegment = Omit<ConcatSegment, "ownStartUs"> & { readonly frames: number };

export interface StitchInput {
  readonly info: SourceInfo;
  readonly request: EncodeRequest;
  readonly plan: StreamPlan;
  /** In order of time. */
  readonly segments: readonly StitchSegment[];
  readonly encoderTimeBase: Rational;
  /** Where the output's first frame goes, on the source's own clock. */
  readonly firstFrameUs: number;
  /** Encoder ticks that the last frame is shown. */
  readonly lastDuration: number;
  readonly sourcePath: string;
  /** From `encodeAudio`. */
  readonly audioPaths: readonly string[];
  /** Where the output lands; temporary files are made beside it. */
  readonly outputPath: string;
  readonly signal?: AbortSignal;
}

export interface StitchOutcome {
  readonly outputPath: string;
  /** What the output's clock is against the source's; for `checkOutput`. */
  readonly facts: StitchFacts;
}

function hasEditLists(plan: StreamPlan): boolean {
  return plan.container === "mp4" || plan.container === "mov";
}

/**
 * MP4 and MOV say "this starts before zero" with edit lists. The others cannot: there zero is the earliest packet, and
 * Opus may need a push.
 */
async function clockOf(
  tools: Tools,
  input: StitchInput,
  workDir: string,
): Promise<Pick<StitchFacts, "zeroUs" | "audioDelaysUs">> {
  const { info, plan, signal } = input;
  if (hasEditLists(plan)) return { zeroUs: info.startMicroseconds, audioDelaysUs: [] };
  const beginnings = await audioBeginnings(tools, plan, info, input.sourcePath, input.audioPaths, signal);
  const earliestUs = Math.min(info.startMicroseconds, ...beginnings.filter((one) => one !== undefined));
  // On the container's own clock, so that times which fit it are not rounded.
  const isMilliseconds = CONTAINERS[plan.container].tick?.den === 1000;
  const zeroUs = isMilliseconds ? Math.floor(earliestUs / 1000) * 1000 : earliestUs;
  const audioDelaysUs: number[] = [];
  for (const [number, { action, source }] of plan.streams.filter((one) => one.source.type === "audio").entries()) {
    const beginsUs = beginnings[number];
    const isOpus = action.kind === "encode-audio" ? action.encoder.includes("opus") : source.codec === "opus";
    if (!isOpus || !isMilliseconds || beginsUs === undefined) {
      audioDelaysUs.push(0);
      continue;
    }
    const encoded = action.kind === "encode-audio" ? input.audioPaths[action.file] : undefined;
    const from =
      encoded !== undefined
        ? {
            path: encoded,
            formats: AUDIO_FILE_DEMUXERS,
            streamIndex: 0,
            beginsUs: beginsUs - info.startMicroseconds,
          }
        : { path: input.sourcePath, formats: info.formatName, streamIndex: source.index, beginsUs };
    audioDelaysUs.push(await opusDelayUs(tools, from, CONTAINERS[plan.container].muxer, workDir, signal));
  }
  return { zeroUs, audioDelaysUs };
}

/** Where each segment's own clock has its first frame. */
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
  const packets = await readSegmentPackets(tools, last.path, input.signal);
  if (typeof packets === "string") return null; // the stitch itself will say what is wrong with it
  const before = input.segments.slice(0, -1).reduce((sum, { frames }) => sum + frames, 0);
  return {
    packet: before + packets.lastShown,
    packets: before + last.frames,
    share: input.lastDuration / (last.lastPts - first.firstPts),
  };
}

async function extractCovers(tools: Tools, input: StitchInput, files: readonly string[]): Promise<void> {
  for (const [number, stream] of coverStreams(input.plan).entries()) {
    const file = files[number];
    if (file === undefined) continue;
    const result = await runTool({
      program: tools.ffmpeg,
      args: coverArgs(input.info, stream.index, fileUrl(input.sourcePath), fileUrl(file)),
      ...(input.signal === undefined ? {} : { signal: input.signal }),
      timeoutMs: 60_000,
    });
    if (result.ended === "aborted")
      throw new AppError("E_INTERRUPTED", "joining the segments was stopped", "Submit the job again.");
    if (result.ended !== "exit" || result.exitCode !== 0) {
      throw new AppError(
        "E_STITCH",
        `the cover art (stream ${stream.index}) could not be read: ${lastWords(result.stderrTail)}`,
        `Leave it out with -map -0:${stream.index}.`,
      );
    }
  }
}

/** What may help when the muxer gave up, from its stderr. */
export function stitchHint(stderr: string): string {
  // Sound of transport streams is rewritten packet by packet on its way into other containers.
  if (/\baac_adtstoasc\b/.test(stderr)) {
    return "The sound is damaged and can't be copied; with -c:a aac what can be decoded of it is encoded.";
  }
  return "Another container (-o name.mkv) may hold what this one cannot.";
}

/** Errors: E_STITCH with ffmpeg's last words, E_INTERRUPTED. */
export async function stitch(tools: Tools, input: StitchInput): Promise<StitchOutcome> {
  const [first] = input.segments;
  if (first === undefined)
    throw new AppError("E_STITCH", "there are no segments to join", "This is a bug in ffcluster; please report it.");
  const folder = dirname(resolve(input.outputPath));
  const facts: StitchFacts = {
    encoderTimeBase: input.encoderTimeBase,
    firstFrameUs: input.firstFrameUs,
    lastFrame: await lastFrameOf(tools, input),
    ...(await clockOf(tools, input, folder)),
  };
  const coverFiles = coverStreams(input.plan).map((_, number) => tempNameFor(join(folder, `cover-${number}`)));
  const temporary = tempNameFor(input.outputPath);
  const listFile = tempNameFor(join(folder, "segments.txt"));
  try {
    await writeFile(listFile, concatList(withOwnStarts(input), input.encoderTimeBase, input.lastDuration));
    await extractCovers(tools, input, coverFiles);
    const result = await runTool({
      program: tools.ffmpeg,
      args: stitchArgs(input.info, input.request, input.plan, facts, {
        concatList: fileUrl(listFile),
        audio: input.audioPaths.map(fileUrl),
        source: fileUrl(input.sourcePath),
        covers: coverFiles.map(fileUrl),
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
        stitchHint(result.stderrTail),
      );
    }
    await landFile(temporary, input.outputPath);
    return { outputPath: input.outputPath, facts };
  } finally {
    await removeTree(listFile);
    await removeTree(temporary);
    for (const file of coverFiles) await removeTree(file);
  }
}
