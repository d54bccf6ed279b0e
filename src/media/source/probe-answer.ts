// Turns ffprobe's answer about a file into a SourceInfo; refuses what cannot be a source. Pure.
import { AppError } from "../../base/errors.ts";
import { parseRational, type Rational, rational } from "../../base/rational.ts";
import { readHdr, type SideData } from "../model/hdr.ts";
import type { SourceInfo, SourceStream, SourceVideo } from "../model/source.ts";
import { defaultVideo } from "./default-video.ts";
import type { ProbeAnswer, ProbedStream } from "./probe-schema.ts";
import { ENCRYPTED } from "./refusal.ts";

/** 16384x8704, the largest picture of any AV1 level; a decoder takes gigabytes for more. */
const MOST_PIXELS = 16_384 * 8704;

function tag(from: { readonly tags?: ProbedStream["tags"] }, name: string): string | null {
  for (const [key, value] of Object.entries(from.tags ?? {})) {
    if (key.toLowerCase() === name) return value === "" ? null : value;
  }
  return null;
}

function known(text: string | undefined): string | null {
  return text === undefined || text === "" || text === "unknown" || text === "N/A" ? null : text;
}

export function positiveRational(text: string | undefined): Rational | null {
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

function toStream(stream: ProbedStream, isEncrypted: boolean): SourceStream {
  const type = stream.codec_type;
  const dispositions = Object.entries(stream.disposition ?? {}).flatMap(([name, value]) => (value === 1 ? [name] : []));
  const fileName = tag(stream, "filename");
  const channelLayout = known(stream.channel_layout);
  const timecode = tag(stream, "timecode");
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
    ...(isEncrypted ? { isEncrypted } : {}),
    ...(isPicture(stream) && !hasSize(stream) ? { isWithoutPictures: true as const } : {}),
    ...(fileName === null ? {} : { fileName }),
    dispositions,
    startPts: stream.start_pts ?? null,
    timeBase: positiveRational(stream.time_base) ?? rational(1, 90_000),
    sampleRate: stream.sample_rate === undefined ? null : Number(stream.sample_rate),
    channels: stream.channels ?? null,
    ...(channelLayout === null ? {} : { channelLayout }),
    ...(timecode === null ? {} : { timecode }),
  };
}

export function withHdr(sideData: readonly SideData[]): Pick<SourceVideo, "hdr"> {
  const hdr = readHdr(sideData);
  return hdr === undefined ? {} : { hdr };
}
/** Codecs of one matrix alone (RFC 6386, 9.2). Their decoders say it; ffprobe does only where it had to decode a picture. */
const MATRIX_OF_CODEC: ReadonlyMap<string, string> = new Map([["vp8", "bt470bg"]]);

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
      space: known(stream.color_space) ?? MATRIX_OF_CODEC.get(stream.codec_name ?? "") ?? null,
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

const isPicture = (stream: ProbedStream) => stream.codec_type === "video" && stream.disposition?.attached_pic !== 1;

function hasSize({ width = 0, height = 0 }: ProbedStream): boolean {
  return width > 0 && height > 0;
}

/** The requested stream, or the first that can be decoded, or the first one. */
function chooseVideo(
  pictures: readonly ProbedStream[],
  encrypted: ReadonlySet<number>,
  wanted: number | undefined,
): ProbedStream | undefined {
  if (wanted !== undefined) return pictures.find((stream) => stream.index === wanted);
  const candidates = pictures.map((stream) => ({
    stream,
    width: stream.width ?? 0,
    height: stream.height ?? 0,
    isEncrypted: encrypted.has(stream.index),
  }));
  return defaultVideo(candidates)?.stream ?? pictures[0];
}

/** " -map 0:v:1 picks the video stream of 640x360." for each other stream that has pictures. */
function othersHint(pictures: readonly ProbedStream[], but: ProbedStream, encrypted: ReadonlySet<number>): string {
  const numbered = pictures.map((stream, number) => ({ stream, number }));
  const usable = numbered.filter(({ stream }) => stream !== but && hasSize(stream) && !encrypted.has(stream.index));
  return usable
    .map(({ stream, number }) => ` -map 0:v:${number} picks the one of ${stream.width}x${stream.height}.`)
    .join("");
}

/**
 * `encrypted`: indexes of streams. Errors: E_SOURCE_NO_VIDEO; E_SOURCE_REFUSED when the pictures are encrypted, too
 * large or without a size; E_ENCODE_REQUEST when the chosen stream is no video.
 */
export function toSourceInfo(
  answer: ProbeAnswer,
  path: string,
  bytes: number,
  videoStream?: number,
  encrypted: ReadonlySet<number> = new Set(),
): SourceInfo {
  const streams = answer.streams.map((stream) => toStream(stream, encrypted.has(stream.index)));
  const pictures = answer.streams.filter(isPicture);
  if (pictures.length === 0) throw noVideo(answer, path);
  const chosen = chooseVideo(pictures, encrypted, videoStream);
  if (chosen === undefined) {
    throw new AppError(
      "E_ENCODE_REQUEST",
      `stream ${videoStream} of ${path} is not a video stream`,
      `Video streams: ${pictures.map((stream) => stream.index).join(", ")}.`,
    );
  }
  if (encrypted.has(chosen.index)) {
    throw new AppError(
      "E_SOURCE_REFUSED",
      `the video of ${path} ${ENCRYPTED.what}`,
      `${ENCRYPTED.hint}${othersHint(pictures, chosen, encrypted)}`,
    );
  }
  const video = toVideo(chosen);
  if (video === null) {
    const others = othersHint(pictures, chosen, encrypted);
    throw new AppError(
      "E_SOURCE_REFUSED",
      `video stream ${chosen.index} of ${path} says no picture size`,
      others === ""
        ? "The file is damaged or cut off: no picture could be read from its beginning."
        : `It sends no pictures, or damaged ones.${others}`,
    );
  }
  if (video.width * video.height > MOST_PIXELS) {
    throw new AppError(
      "E_SOURCE_REFUSED",
      `the pictures of ${path} are said to be ${video.width}x${video.height}, more than ffcluster takes`,
      `Up to ${MOST_PIXELS} pixels per picture are accepted; a larger size usually comes from a damaged header.`,
    );
  }
  const timecode = tag(answer.format, "timecode");
  const sideData = chosen.side_data_list ?? [];
  return {
    formatName: answer.format.format_name,
    bytes,
    startMicroseconds: secondsToMicroseconds(answer.format.start_time) ?? 0,
    durationMicroseconds: secondsToMicroseconds(answer.format.duration),
    video,
    streams,
    chapterCount: answer.chapters?.length ?? 0,
    ...(timecode === null ? {} : { timecode }),
    ...(sideData.length === 0 ? {} : { sideData }),
    ...((chosen.has_b_frames ?? 0) > 0 ? { holdsPicturesBack: true as const } : {}),
  };
}
