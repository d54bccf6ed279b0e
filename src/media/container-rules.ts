// What each container that ffcluster writes can hold beside the video, and what to turn the rest into.
import type { Container } from "./types.ts";

interface ContainerRules {
  /** ffmpeg's muxer. */
  readonly muxer: string;
  /** Audio codecs that may be copied in; null: any. */
  readonly audio: ReadonlySet<string> | null;
  readonly audioEncoder: string;
  readonly subtitles: ReadonlySet<string>;
  /** What text subtitles that it cannot hold are turned into; null: nothing. */
  readonly textSubtitle: string | null;
  readonly attachments: boolean;
  readonly coverArt: ReadonlySet<string>;
  readonly chapters: boolean;
}

const MP4_AUDIO = ["aac", "ac3", "eac3", "mp3", "mp2", "alac", "opus", "flac", "dts"];

export const TEXT_SUBTITLES: ReadonlySet<string> = new Set([
  "subrip",
  "srt",
  "ass",
  "ssa",
  "webvtt",
  "mov_text",
  "text",
  "microdvd",
  "sami",
  "subviewer",
  "stl",
  "ttml",
]);

export const CONTAINER_RULES: Record<Container, ContainerRules> = {
  mp4: {
    muxer: "mp4",
    audio: new Set(MP4_AUDIO),
    audioEncoder: "aac",
    subtitles: new Set(["mov_text"]),
    textSubtitle: "mov_text",
    attachments: false,
    coverArt: new Set(["mjpeg", "png"]),
    chapters: true,
  },
  mov: {
    muxer: "mov",
    audio: new Set([
      "aac",
      "ac3",
      "eac3",
      "mp3",
      "mp2",
      "alac",
      "pcm_s16le",
      "pcm_s16be",
      "pcm_s24le",
      "pcm_s24be",
      "pcm_s32le",
      "pcm_s32be",
      "pcm_f32le",
      "pcm_u8",
      "pcm_alaw",
      "pcm_mulaw",
    ]),
    audioEncoder: "aac",
    subtitles: new Set(["mov_text"]),
    textSubtitle: "mov_text",
    attachments: false,
    coverArt: new Set(["mjpeg", "png"]),
    chapters: true,
  },
  mkv: {
    muxer: "matroska",
    audio: null,
    audioEncoder: "aac",
    subtitles: new Set(["subrip", "srt", "ass", "ssa", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"]),
    textSubtitle: "srt",
    attachments: true,
    coverArt: new Set(),
    chapters: true,
  },
  webm: {
    muxer: "webm",
    audio: new Set(["opus", "vorbis"]),
    audioEncoder: "libopus",
    subtitles: new Set(["webvtt"]),
    textSubtitle: "webvtt",
    attachments: false,
    coverArt: new Set(),
    chapters: true,
  },
  ts: {
    muxer: "mpegts",
    audio: new Set(["aac", "mp2", "mp3", "ac3", "eac3", "dts", "opus"]),
    audioEncoder: "aac",
    subtitles: new Set(["dvb_subtitle", "dvb_teletext"]),
    textSubtitle: null,
    attachments: false,
    coverArt: new Set(),
    chapters: false,
  },
};
