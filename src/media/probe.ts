// Asks ffprobe what a file is, refuses what cannot be a source, and turns the answer into SourceInfo.
// Reads headers only; packets are the index's business.
import { stat } from "node:fs/promises";
import { z } from "zod";
import { AppError, errnoOf } from "../base/errors.ts";
import { runTool } from "../base/process.ts";
import { parseRational, type Rational, rational } from "../base/rational.ts";
import { firstFrameSideData } from "./first-frame.ts";
import { DEMUXER_WHITELIST } from "./formats.ts";
import { mayHoldHdr, readHdr, type SideData, sideDataSchema } from "./hdr.ts";
import { lastWords } from "./stderr.ts";
import { fileUrl, inputGuards } from "./tool-args.ts";
import type { Tools } from "./tools.ts";
import type { SourceInfo, SourceStream, SourceVideo } from "./types.ts";

const streamSchema = z.object({
  index: z.number().int(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  profile: z.union([z.string(), z.number()]).optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  pix_fmt: z.string().optional(),
  time_base: z.string().optional(),
  r_frame_rate: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  sample_aspect_ratio: z.string().optional(),
  field_order: z.string().optional(),
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  color_primaries: z.string().optional(),
  chroma_location: z.string().optional(),
  start_pts: z.number().optional(),
  sample_rate: z.string().optional(),
  channels: z.number().int().optional(),
  channel_layout: z.string().optional(),
  disposition: z.record(z.string(), z.number()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  side_data_list: z.array(sideDataSchema).optional(),
});
type ProbedStream = z.infer<typeof streamSchema>;

const probeSchema = z.object({
  streams: z.array(streamSchema),
  chapters: z.array(z.unknown()).optional(),
  format: z.object({
    format_name: z.string(),
    start_time: z.string().optional(),
    duration: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
  }),
});
export type ProbeAnswer = z.infer<typeof probeSchema>;

/** 16384x8704, the largest picture that a level of AV1 names; a decoder takes gigabytes for more. */
const MOST_PIXELS = 16_384 * 8704;

export interface ProbeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Stream index of the video to use; default: the first that is not an attached picture. */
  readonly videoStream?: number;
}

function tag(stream: ProbedStream, name: string): string | null {
  for (const [key, value] of Object.entries(stream.tags ?? {})) {
    if (key.toLowerCase() === name) return value === "" ? null : value;
  }
  return null;
}

function known(text: string | undefined): string | null {
  return text === undefined || text === "" || text === "unknown" || text === "N/A" ? null : text;
}

function positiveRational(text: string | undefined): Rational | null {
  const value = text === undefined ? null : parseRational(text);
  return value !== null && value.num > 0 ? value : null;
}

/** "-0.023000" → -23000, exactly; null for N/A. */
export function secondsToMicroseconds(text: string | undefined): number | null {
  const match = /^(-?)(\d+)(?:\.(\d{1,6}))?/.exec(text ?? "");
  if (!match) return null;
  const absolute = Number(match[2]) * 1_000_000 + Number((match[3] ?? "").padEnd(6, "0"));
  return match[1] === "-" ? -absolute : absolute;
}

function toStream(stream: ProbedStream): SourceStream {
  const type = stream.codec_type;
  const dispositions = Object.entries(stream.disposition ?? {}).flatMap(([name, value]) => (value === 1 ? [name] : []));
  const fileName = tag(stream, "filename");
  const channelLayout = known(stream.channel_layout);
  return {
    index: stream.index,
    type:
      type === "video" || type === "audio" || type === "subtitle" || type === "attachment" || type === "data"
        ? type
        : "other",
    codec: stream.codec_name ?? "unknown",
    language: tag(stream, "language"),
    title: tag(stream, "title"),
    isAttachedPicture: dispositions.includes("attached_pic"),
    ...(fileName === null ? {} : { fileName }),
    dispositions,
    startPts: stream.start_pts ?? null,
    timeBase: positiveRational(stream.time_base) ?? rational(1, 90_000),
    sampleRate: stream.sample_rate === undefined ? null : Number(stream.sample_rate),
    channels: stream.channels ?? null,
    ...(channelLayout === null ? {} : { channelLayout }),
  };
}

function withHdr(sideData: readonly SideData[]): Pick<SourceVideo, "hdr"> {
  const hdr = readHdr(sideData);
  return hdr === undefined ? {} : { hdr };
}

function toVideo(stream: ProbedStream): SourceVideo | null {
  const timeBase = positiveRational(stream.time_base);
  if (
    timeBase === null ||
    stream.width === undefined ||
    stream.height === undefined ||
    stream.width === 0 ||
    stream.height === 0
  ) {
    return null;
  }
  const rotation = stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  const pixelFormat = stream.pix_fmt ?? "unknown";
  return {
    streamIndex: stream.index,
    codec: stream.codec_name ?? "unknown",
    profile: stream.profile === undefined ? null : String(stream.profile),
    width: stream.width,
    height: stream.height,
    pixelFormat,
    timeBase,
    realFrameRate: positiveRational(stream.r_frame_rate),
    averageFrameRate: positiveRational(stream.avg_frame_rate),
    sampleAspectRatio: positiveRational(stream.sample_aspect_ratio),
    fieldOrder: known(stream.field_order),
    rotationDegrees: rotation,
    colour: {
      range: known(stream.color_range),
      space: known(stream.color_space),
      transfer: known(stream.color_transfer),
      primaries: known(stream.color_primaries),
      chromaLocation: known(stream.chroma_location),
    },
    hasAlpha: tag(stream, "alpha_mode") === "1" || /^(yuva|rgba|bgra|argb|abgr|gbrap|ya8|ya16)/.test(pixelFormat),
    ...withHdr(stream.side_data_list ?? []),
  };
}

function noVideo(answer: ProbeAnswer, path: string): AppError {
  const kinds = [
    ...new Set(
      answer.streams.map((stream) => (stream.codec_type === "video" ? "cover art" : (stream.codec_type ?? "data"))),
    ),
  ];
  return new AppError(
    "E_SOURCE_NO_VIDEO",
    `${path} holds no video, only ${kinds.join(", ") || "nothing"}`,
    "Give a file with a video stream.",
  );
}

/** Turns ffprobe's JSON into SourceInfo. Errors: E_SOURCE_NO_VIDEO, E_ENCODE_REQUEST for a chosen stream that is no video. */
function toSourceInfo(answer: ProbeAnswer, path: string, bytes: number, videoStream?: number): SourceInfo {
  const streams = answer.streams.map(toStream);
  const pictures = answer.streams.filter(
    (stream) => stream.codec_type === "video" && stream.disposition?.attached_pic !== 1,
  );
  const chosen = videoStream === undefined ? pictures[0] : pictures.find((stream) => stream.index === videoStream);
  if (pictures.length === 0) throw noVideo(answer, path);
  if (chosen === undefined) {
    throw new AppError(
      "E_ENCODE_REQUEST",
      `stream ${videoStream} of ${path} is not a video stream`,
      `Video streams: ${pictures.map((stream) => stream.index).join(", ")}.`,
    );
  }
  const video = toVideo(chosen);
  if (video === null) {
    throw new AppError(
      "E_SOURCE_REFUSED",
      `the video stream of ${path} says no picture size`,
      "The file is damaged or cut off: no picture could be read from its beginning.",
    );
  }
  if (video.width * video.height > MOST_PIXELS) {
    throw new AppError(
      "E_SOURCE_REFUSED",
      `the pictures of ${path} are said to be ${video.width}x${video.height}, more than ffcluster takes`,
      `Up to ${MOST_PIXELS} pixels a picture are taken; a size beyond that is most often a damaged header.`,
    );
  }
  return {
    formatName: answer.format.format_name,
    bytes,
    startMicroseconds: secondsToMicroseconds(answer.format.start_time) ?? 0,
    durationMicroseconds: secondsToMicroseconds(answer.format.duration),
    video,
    streams,
    chapterCount: answer.chapters?.length ?? 0,
  };
}

/** What went wrong, in words that help, from ffprobe's stderr. */
export function refusalHint(stderr: string): string {
  if (/moov atom not found/.test(stderr))
    return "moov atom not found: the file is cut off or still being written; copy it again.";
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
