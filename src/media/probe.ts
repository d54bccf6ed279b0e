// Asks ffprobe what a file is: its headers, and of a picture that may hold HDR metadata the first frame. Packets are the
// index's business.
import { stat } from "node:fs/promises";
import { AppError, errnoOf } from "../base/errors.ts";
import { runTool } from "../base/process.ts";
import { firstFrameSideData } from "./first-frame.ts";
import { DEMUXER_WHITELIST } from "./formats.ts";
import { mayHoldHdr } from "./hdr.ts";
import { probeSchema, toSourceInfo, withHdr } from "./probe-answer.ts";
import { crashed } from "./probe-crash.ts";
import { lastWords } from "./stderr.ts";
import { fileUrl, inputGuards } from "./tool-args.ts";
import type { Tools } from "./tools.ts";
import type { SourceInfo } from "./types.ts";

export interface ProbeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Stream index of the video to use; default: the first that is not an attached picture. */
  readonly videoStream?: number;
}

/** What went wrong, in words that help, from ffprobe's stderr. */
export function refusalHint(stderr: string): string {
  if (/moov atom not found/.test(stderr))
    return "moov atom not found: the file is cut off, still being written, or no MP4 at all; copy it again.";
  if (/not on whitelist|not in whitelist|whitelist/i.test(stderr))
    return "Playlists, scripts and image lists are not taken; give the media file itself.";
  if (/Invalid data found/.test(stderr))
    return "This is not a media file that ffmpeg knows, or its beginning is damaged.";
  if (/Permission denied/.test(stderr)) return "The file may not be read by this user.";
  return `ffprobe says: ${lastWords(stderr)}`;
}

async function sizeOf(path: string): Promise<number> {
  try {
    const stats = await stat(path);
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

/**
 * What a file is. Errors: E_SOURCE_MISSING, E_SOURCE_EMPTY, E_SOURCE_REFUSED (not media, cut off), E_SOURCE_NO_VIDEO.
 */
export async function probeSource(tools: Tools, path: string, options: ProbeOptions = {}): Promise<SourceInfo> {
  const bytes = await sizeOf(path);
  if (bytes === 0)
    throw new AppError("E_SOURCE_EMPTY", `${path} is empty`, "The file has no bytes; copy or record it again.");
  const result = await runTool({
    program: tools.ffprobe,
    args: [
      "-v",
      "error",
      ...inputGuards({ formats: DEMUXER_WHITELIST, kind: "file" }),
      "-show_format",
      "-show_streams",
      "-show_chapters",
      "-of",
      "json",
      fileUrl(path),
    ],
    signal: options.signal,
    timeoutMs: 120_000,
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", `reading ${path} was interrupted`, "Try again.");
  if (result.death !== undefined) throw crashed(tools, path, result.death);
  if (result.exitCode !== 0) {
    throw new AppError("E_SOURCE_REFUSED", `${path} cannot be read as video`, refusalHint(result.stderrTail));
  }
  const answer = probeSchema.parse(JSON.parse(result.stdout));
  const info = toSourceInfo(answer, path, bytes, options.videoStream);
  if (!mayHoldHdr(info.video)) return info;
  const { streamIndex } = info.video;
  const file = { path, formats: info.formatName, streamIndex };
  const inFrame = await firstFrameSideData(tools, file, options.signal);
  const inStream = answer.streams.find((stream) => stream.index === streamIndex)?.side_data_list ?? [];
  return { ...info, video: { ...info.video, ...withHdr([...inStream, ...inFrame]) } };
}
