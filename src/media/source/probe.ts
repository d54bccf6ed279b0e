// Probes a file with ffprobe: its headers, and the first frame where that may state more. The index reads the packets.
import { stat } from "node:fs/promises";
import { z } from "zod";
import { AppError, errnoOf } from "../../base/errors.ts";
import { isServed, servedBytes } from "../../base/network/served-file.ts";
import { isSince, STREAM_SHAPE } from "../ffmpeg/builds/differences.ts";
import { DEMUXER_WHITELIST, demuxerName, RAW_JPEGS } from "../ffmpeg/formats.ts";
import { crashed } from "../ffmpeg/probe-crash.ts";
import { runTool, type ToolResult } from "../ffmpeg/run-tool.ts";
import { firstLookMemory } from "../ffmpeg/sandbox/tool-access.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { mayHoldHdr } from "../model/hdr.ts";
import type { SourceInfo, SourceVideo } from "../model/source.ts";
import { encryptedStreams } from "./encrypted-streams.ts";
import { type FirstFrame, firstFrame } from "./first-frame.ts";
import { mayChangeShape } from "./pixel-shape.ts";
import { positiveRational, toSourceInfo, withHdr } from "./probe-answer.ts";
import { announcedPictures, probeSchema } from "./probe-schema.ts";
import { announcesTooMuch, ENCRYPTED, refusalOf, refusedDemuxer } from "./refusal.ts";
import { scrambledInTs } from "./ts-scrambling.ts";

export interface ProbeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Stream index of the video to use; default: the first that has pictures. */
  readonly videoStream?: number;
  /** The name by which ffmpeg knows some containers, where `path` is one of an open file. */
  readonly named?: string | undefined;
}

/** ffprobe's certainty of a demuxer that only the file's name speaks for. */
const BY_NAME = 1;

async function sizeOf(path: string): Promise<number> {
  if (isServed(path)) return await servedBytes(path);
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) {
      const hint = "Give the path of one media file; of a DVD's VIDEO_TS folder that is a .vob file.";
      throw new AppError("E_SOURCE_MISSING", `${path} is a folder`, hint);
    }
    if (!stats.isFile())
      throw new AppError("E_SOURCE_MISSING", `${path} is not a file`, "Give the path of one media file.");
    return stats.size;
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT" || errnoOf(thrown) === "ENOTDIR") {
      throw new AppError("E_SOURCE_MISSING", `${path} does not exist`, "Check the path.", { cause: thrown });
    }
    throw thrown;
  }
}

interface Question {
  readonly path: string;
  readonly bytes: number;
  /** Demuxers allowed, comma separated. */
  readonly formats: string;
  /** Demuxer to use; absent: ffprobe finds out. */
  readonly demuxer?: string;
}

/** Errors: E_INTERRUPTED, E_SOURCE_REFUSED when ffprobe crashes on the file. */
async function askFfprobe(tools: Tools, question: Question, signal?: AbortSignal): Promise<ToolResult> {
  const { path, bytes, formats, demuxer } = question;
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    memoryBytes: firstLookMemory(bytes),
    args: [
      ...["-v", "error", ...inputGuards({ formats, kind: "file" }), ...(demuxer === undefined ? [] : ["-f", demuxer])],
      ...["-show_format", "-show_streams", "-show_chapters", "-of", "json", fileUrl(path)],
    ],
    signal,
    timeoutMs: 120_000,
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", `reading ${path} was interrupted`, "Try again.");
  if (result.death !== undefined) throw crashed(tools, path, result.death);
  return result;
}

/** Whether the bytes alone tell what the file is. */
function isCertain(result: ToolResult): boolean {
  if (result.exitCode !== 0) return false;
  const parsed = z.object({ format: z.object({ probe_score: z.number() }) }).safeParse(JSON.parse(result.stdout));
  return parsed.success && parsed.data.format.probe_score > BY_NAME;
}

/**
 * What ffprobe says of a file. Where its bytes do not tell what it is, the demuxer is found by its name, as plain ffmpeg does;
 * whatever that name leads to by then, nothing but the demuxer is learnt from it.
 */
async function askByName(tools: Tools, question: Question, { named, signal }: ProbeOptions): Promise<ToolResult> {
  const result = await askFfprobe(tools, question, signal);
  if (named === undefined || isCertain(result)) return result;
  const byName = await askFfprobe(tools, { ...question, path: named }, signal);
  if (byName.exitCode !== 0) return byName;
  const demuxer = demuxerName(probeSchema.parse(JSON.parse(byName.stdout)).format.format_name);
  return await askFfprobe(tools, { ...question, demuxer }, signal);
}

/** Whether the file holds several JPEGs in a row, not one. */
async function holdsPictures(tools: Tools, path: string, signal?: AbortSignal): Promise<boolean> {
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: [
      ...["-v", "quiet", ...inputGuards({ formats: RAW_JPEGS, kind: "file" }), "-read_intervals", "%+#2"],
      ...["-show_entries", "packet=size", "-of", "csv=p=0", fileUrl(path)],
    ],
    signal,
    timeoutMs: 120_000,
  });
  return result.stdout.trim().split("\n").length > 1;
}

/**
 * What a file is. Errors: E_SOURCE_MISSING, E_SOURCE_EMPTY, E_SOURCE_REFUSED (not media, cut off), E_SOURCE_NO_VIDEO.
 */
export async function probeSource(tools: Tools, path: string, options: ProbeOptions = {}): Promise<SourceInfo> {
  const bytes = await sizeOf(path);
  if (bytes === 0)
    throw new AppError("E_SOURCE_EMPTY", `${path} is empty`, "The file has no bytes; copy or record it again.");
  const ask = (formats: string) => askByName(tools, { path, bytes, formats }, options);
  let result = await ask(DEMUXER_WHITELIST);
  // A sequence of JPEGs, which ffmpeg takes for one picture in pieces.
  if (refusedDemuxer(result.stderrTail) === "jpeg_pipe" && (await holdsPictures(tools, path, options.signal)))
    result = await ask(RAW_JPEGS);
  if (result.exitCode !== 0) {
    const isScrambled = (await scrambledInTs(path)).size > 0;
    const { what, hint } = isScrambled ? ENCRYPTED : refusalOf(result.stderrTail, path);
    throw new AppError("E_SOURCE_REFUSED", `${path} ${what}`, hint);
  }
  const answer = probeSchema.parse(JSON.parse(result.stdout));
  const announced = announcedPictures(answer);
  if (announced > bytes) {
    const { what, hint } = announcesTooMuch(announced, bytes);
    throw new AppError("E_SOURCE_REFUSED", `${path} ${what}`, hint);
  }
  const encrypted = await encryptedStreams(path, bytes, answer.format.format_name, answer.streams);
  const info = toSourceInfo(answer, path, bytes, options.videoStream, encrypted);
  if (!mayHoldHdr(info.video) && !mayChangeShape(info)) return info;
  const { streamIndex } = info.video;
  const file = { path, formats: info.formatName, streamIndex };
  const first = await firstFrame(tools, file, options.signal);
  const inStream = answer.streams.find((stream) => stream.index === streamIndex)?.side_data_list ?? [];
  const video = { ...info.video, ...withHdr([...inStream, ...(first?.side_data_list ?? [])]) };
  return { ...info, video: isSince(tools, STREAM_SHAPE) ? withShapeIf(first, video) : withShapeOf(first, video) };
}

/** The first picture's, where the stream has none. */
function withShapeIf(first: FirstFrame | null, video: SourceVideo): SourceVideo {
  return video.sampleAspectRatio === null ? withShapeOf(first, video) : video;
}

/** Plain ffmpeg uses the shape of the first picture that it decodes. */
function withShapeOf(first: FirstFrame | null, video: SourceVideo): SourceVideo {
  const sampleAspectRatio = positiveRational(first?.sample_aspect_ratio);
  return sampleAspectRatio === null ? video : { ...video, sampleAspectRatio };
}
