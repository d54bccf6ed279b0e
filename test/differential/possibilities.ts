// Which codecs, formats and edits each container takes, and how each codec is encoded here. Tables only.
import type { Container, Edit, Request, VideoCodec } from "./recipe.ts";

interface ContainerFacts {
  /** ffmpeg's -f; null: that of the codec (raw streams). */
  readonly muxer: string | null;
  readonly extension: string;
  readonly video: readonly VideoCodec[];
  /** Encoders. */
  readonly sound: readonly string[];
  /** Encoder of text subtitles; null: none. */
  readonly subtitles: string | null;
  readonly hasChapters: boolean;
  readonly edits: readonly Edit["kind"][];
}

const ANY_CLOCK: readonly Edit["kind"][] = ["cut-off", "clock-jump"];

export const CONTAINER_FACTS: Readonly<Record<Container, ContainerFacts>> = {
  mp4: {
    muxer: "mp4",
    extension: "mp4",
    video: ["h264", "hevc", "mpeg4", "vp9", "av1", "mjpeg", "mpeg2video"],
    sound: ["aac", "libmp3lame", "libopus", "ac3", "flac"],
    subtitles: "mov_text",
    hasChapters: true,
    edits: ["sync-lies", "edit-list", "pts-is-dts", "unknown-stream", "no-duration"],
  },
  mov: {
    muxer: "mov",
    extension: "mov",
    video: ["h264", "prores", "mjpeg", "hevc", "mpeg4"],
    sound: ["aac", "pcm_s16le", "alac"],
    subtitles: "mov_text",
    hasChapters: true,
    edits: ["sync-lies", "edit-list", "pts-is-dts", "unknown-stream"],
  },
  mkv: {
    muxer: "matroska",
    extension: "mkv",
    video: ["h264", "hevc", "mpeg2video", "mpeg4", "vp8", "vp9", "av1", "ffv1", "mjpeg", "theora"],
    sound: ["aac", "libopus", "libvorbis", "libmp3lame", "ac3", "flac", "wavpack", "pcm_s16le"],
    subtitles: "srt",
    hasChapters: true,
    edits: [...ANY_CLOCK, "sync-lies", "pts-is-dts", "pts-equal", "no-index", "no-duration", "unknown-stream"],
  },
  webm: {
    muxer: "webm",
    extension: "webm",
    video: ["vp8", "vp9", "av1"],
    sound: ["libopus", "libvorbis"],
    subtitles: "webvtt",
    hasChapters: true,
    edits: [...ANY_CLOCK, "sync-lies", "pts-equal", "no-index", "no-duration"],
  },
  ts: {
    muxer: "mpegts",
    extension: "ts",
    video: ["h264", "hevc", "mpeg2video", "mpeg4"],
    sound: ["aac", "mp2", "ac3", "libmp3lame", "libopus"],
    subtitles: null,
    hasChapters: false,
    edits: [
      ...ANY_CLOCK,
      "clock-restart",
      "clock-wrap",
      "pts-missing",
      "pts-equal",
      "pts-is-dts",
      "unknown-stream",
      "lost-packets",
    ],
  },
  avi: {
    muxer: "avi",
    extension: "avi",
    video: ["mpeg4", "h264", "mjpeg", "ffv1"],
    sound: ["libmp3lame", "ac3", "pcm_s16le", "mp2"],
    subtitles: null,
    hasChapters: false,
    edits: ["sync-lies", "no-index", "cut-off"],
  },
  flv: {
    muxer: "flv",
    extension: "flv",
    video: ["h264", "flv1"],
    sound: ["aac", "libmp3lame"],
    subtitles: null,
    hasChapters: false,
    edits: [...ANY_CLOCK, "no-duration"],
  },
  vob: {
    muxer: "vob",
    extension: "vob",
    video: ["mpeg2video"],
    sound: ["ac3", "mp2"],
    subtitles: null,
    hasChapters: false,
    edits: ["cut-off", "clock-restart"],
  },
  ogv: {
    muxer: "ogg",
    extension: "ogv",
    video: ["theora"],
    sound: ["libvorbis", "libopus", "flac"],
    subtitles: null,
    hasChapters: false,
    edits: ["cut-off"],
  },
  mxf: {
    muxer: "mxf",
    extension: "mxf",
    video: ["mpeg2video", "prores"],
    sound: ["pcm_s16le"],
    subtitles: null,
    hasChapters: false,
    edits: ["cut-off"],
  },
  asf: {
    muxer: "asf",
    extension: "wmv",
    video: ["wmv2", "mpeg4"],
    sound: ["wmav2", "libmp3lame"],
    subtitles: null,
    hasChapters: false,
    edits: ["cut-off"],
  },
  raw: {
    muxer: null,
    extension: "raw",
    video: ["h264", "hevc", "mpeg2video", "mpeg4", "vp9", "av1", "mjpeg"],
    sound: [],
    subtitles: null,
    hasChapters: false,
    edits: ["cut-off"],
  },
};

export interface CodecFacts {
  readonly formats: readonly string[];
  /** Encoder and options for a group length, B-frames and openness. */
  readonly args: (gop: number, bFrames: number, isOpen: boolean) => readonly string[];
  readonly canInterlace: boolean;
  /** Muxer and extension of the raw stream. */
  readonly raw: readonly [muxer: string, extension: string] | null;
  /** In which two takes with different headers can be joined. */
  readonly joinedIn: "ts" | "mkv";
}

const flag = (name: string, isSet: boolean) => `${name}=${isSet ? 1 : 0}`;
const VPX = ["-deadline", "good", "-cpu-used", "8", "-lag-in-frames", "8", "-auto-alt-ref", "1"];

export const CODEC_FACTS: Readonly<Record<VideoCodec, CodecFacts>> = {
  h264: {
    formats: ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le", "gray"],
    args: (gop, bFrames, isOpen) => [
      ...["-c:v", "libx264", "-preset", "superfast", "-crf", "26", "-sc_threshold", "0", "-g", String(gop)],
      ...["-bf", String(bFrames), "-x264-params", `${flag("open-gop", isOpen)}:threads=1`],
    ],
    canInterlace: true,
    raw: ["h264", "264"],
    joinedIn: "ts",
  },
  hevc: {
    formats: ["yuv420p", "yuv420p10le", "yuv422p", "yuvj420p", "gray"],
    args: (gop, bFrames, isOpen) => [
      ...["-c:v", "libx265", "-preset", "ultrafast", "-crf", "28", "-tag:v", "hvc1", "-x265-params"],
      `log-level=none:scenecut=0:keyint=${gop}:min-keyint=${gop}:bframes=${bFrames}:${flag("open-gop", isOpen)}:pools=none:frame-threads=1`,
    ],
    canInterlace: false,
    raw: ["hevc", "265"],
    joinedIn: "ts",
  },
  mpeg2video: {
    formats: ["yuv420p", "yuv422p"],
    args: (gop, bFrames, isOpen) => [
      ...["-c:v", "mpeg2video", "-q:v", "4", "-sc_threshold", "1000000000", "-g", String(gop), "-bf", String(bFrames)],
      ...(isOpen ? [] : ["-flags", "+cgop"]),
    ],
    canInterlace: true,
    raw: ["mpeg2video", "m2v"],
    joinedIn: "ts",
  },
  mpeg4: {
    formats: ["yuv420p"],
    args: (gop, bFrames) => [
      ...["-c:v", "mpeg4", "-q:v", "4", "-sc_threshold", "1000000000", "-g", String(gop), "-bf", String(bFrames)],
    ],
    canInterlace: false,
    raw: ["m4v", "m4v"],
    // Each take says its own size among its pictures; in Matroska's header only the first would.
    joinedIn: "ts",
  },
  vp8: {
    formats: ["yuv420p"],
    args: (gop) => ["-c:v", "libvpx", ...VPX, "-b:v", "200k", "-g", String(gop)],
    canInterlace: false,
    raw: ["ivf", "ivf"],
    joinedIn: "mkv",
  },
  vp9: {
    formats: ["yuv420p", "yuv444p", "yuv420p10le"],
    args: (gop) => ["-c:v", "libvpx-vp9", ...VPX, "-b:v", "200k", "-g", String(gop)],
    canInterlace: false,
    raw: ["ivf", "ivf"],
    joinedIn: "mkv",
  },
  av1: {
    formats: ["yuv420p", "yuv420p10le"],
    args: (gop) => ["-c:v", "libsvtav1", "-preset", "12", "-crf", "40", "-g", String(gop)],
    canInterlace: false,
    raw: ["ivf", "ivf"],
    joinedIn: "mkv",
  },
  ffv1: {
    formats: ["yuv420p", "yuv444p", "gray", "bgr0", "yuv422p10le"],
    args: (gop) => ["-c:v", "ffv1", "-g", String(gop)],
    canInterlace: false,
    raw: null,
    joinedIn: "mkv",
  },
  prores: {
    formats: ["yuv422p10le", "yuv444p10le"],
    args: () => ["-c:v", "prores_ks"],
    canInterlace: true,
    raw: null,
    joinedIn: "mkv",
  },
  mjpeg: {
    formats: ["yuvj420p", "yuvj422p", "yuvj444p"],
    args: () => ["-c:v", "mjpeg", "-q:v", "4"],
    canInterlace: false,
    raw: ["mjpeg", "mjpeg"],
    joinedIn: "mkv",
  },
  theora: {
    formats: ["yuv420p", "yuv422p"],
    args: (gop) => ["-c:v", "libtheora", "-q:v", "5", "-g", String(gop)],
    canInterlace: false,
    raw: null,
    joinedIn: "mkv",
  },
  flv1: {
    formats: ["yuv420p"],
    args: (gop) => ["-c:v", "flv", "-q:v", "4", "-g", String(gop)],
    canInterlace: false,
    raw: null,
    joinedIn: "mkv",
  },
  wmv2: {
    formats: ["yuv420p"],
    args: (gop) => ["-c:v", "wmv2", "-q:v", "4", "-g", String(gop)],
    canInterlace: false,
    raw: null,
    joinedIn: "mkv",
  },
};

const X264 = "-c:v libx264 -preset ultrafast";

/** Video parts of requests, lossless ones first and most often. */
export const ENCODERS_ASKED: Readonly<Record<Request["container"], readonly string[]>> = {
  mkv: [
    `${X264} -qp 0`,
    "-c:v ffv1",
    `${X264} -qp 0`,
    `${X264} -crf 30`,
    `${X264} -b:v 300k`,
    "-c:v libx265 -preset ultrafast -x265-params lossless=1",
    "-c:v mpeg4 -q:v 3",
    "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 400k",
    "-c:v mjpeg -q:v 3",
  ],
  mp4: [
    `${X264} -qp 0`,
    `${X264} -qp 0`,
    `${X264} -crf 30 -bf 2`,
    "-c:v libx265 -preset ultrafast -x265-params lossless=1",
    `${X264} -b:v 300k`,
    "-c:v mpeg4 -q:v 3",
  ],
  mov: [`${X264} -qp 0`, "-c:v prores_ks", "-c:v ffv1"],
  webm: [
    "-c:v libvpx-vp9 -lossless 1 -deadline realtime -cpu-used 8",
    "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 400k",
  ],
  ts: [`${X264} -qp 0`, "-c:v libx265 -preset ultrafast -x265-params lossless=1", "-c:v mpeg2video -q:v 3"],
};

/** Codec of a container by its number: a recipe stays good when another part of it shrinks. */
export function picked<T>(from: readonly T[], number: number): T {
  const one = from[number % from.length];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
}
