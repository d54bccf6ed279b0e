// The containers that ffcluster writes: names, supported codecs, clock resolution. The video codecs were checked by
// muxing each with ffmpeg 5.1.
import { AppError } from "../../../base/errors.ts";
import type { Rational } from "../../../base/rational.ts";
import type { EncodeRequest } from "../../model/encode-request.ts";
import type { Container } from "../../model/source.ts";
import { AUDIO_ENCODERS, SUBTITLE_ENCODERS } from "./audio-codecs.ts";
import { codecOfEncoder } from "./encoders.ts";

/** An encoder to use and the codec it makes, both by ffmpeg's names. */
export interface Conversion {
  readonly encoder: string;
  readonly codec: string;
}

export interface ContainerFacts {
  /** Without dot, the usual one first. */
  readonly extensions: readonly string[];
  /** ffmpeg's -f. */
  readonly muxer: string;
  /** Codecs by ffprobe's names. */
  readonly videoCodecs: ReadonlySet<string>;
  readonly audioCopy: ReadonlySet<string>;
  readonly audioDefault: Conversion;
  readonly subtitleCopy: ReadonlySet<string>;
  /** The codec for text subtitles that can't be copied; null: they are left out. */
  readonly subtitleConvert: Conversion | null;
  readonly attachments: boolean;
  readonly coverArt: boolean;
  readonly chapters: boolean;
  /** The container's own clock; null: any time base is exact. */
  readonly tick: Rational | null;
}

function set(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

const AAC: Conversion = { encoder: "aac", codec: "aac" };

export const CONTAINERS: Readonly<Record<Container, ContainerFacts>> = {
  mp4: {
    extensions: ["mp4", "m4v"],
    muxer: "mp4",
    videoCodecs: set("h264 hevc av1 vp9 mpeg4 mpeg2video mjpeg"),
    audioCopy: set("aac mp3 mp2 ac3 eac3 alac flac opus dts"),
    audioDefault: AAC,
    subtitleCopy: set("mov_text dvd_subtitle"),
    subtitleConvert: { encoder: "mov_text", codec: "mov_text" },
    attachments: false,
    coverArt: true,
    chapters: true,
    tick: null,
  },
  mov: {
    extensions: ["mov", "qt"],
    muxer: "mov",
    videoCodecs: set("h264 hevc prores dnxhd mjpeg mpeg4 mpeg2video ffv1 huffyuv ffvhuff utvideo"),
    audioCopy: set(
      "aac mp3 ac3 eac3 alac pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_f32le pcm_u8",
    ),
    audioDefault: AAC,
    subtitleCopy: set("mov_text"),
    subtitleConvert: { encoder: "mov_text", codec: "mov_text" },
    attachments: false,
    coverArt: false,
    chapters: true,
    tick: null,
  },
  mkv: {
    extensions: ["mkv"],
    muxer: "matroska",
    videoCodecs: set("h264 hevc av1 vp8 vp9 ffv1 prores mpeg4 mpeg2video mjpeg dnxhd utvideo huffyuv ffvhuff"),
    audioCopy: set(
      "aac mp3 mp2 ac3 eac3 dts truehd flac alac opus vorbis wavpack tta pcm_u8 pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_f32le pcm_f64le",
    ),
    audioDefault: AAC,
    subtitleCopy: set("subrip ass ssa webvtt hdmv_pgs_subtitle dvd_subtitle dvb_subtitle"),
    subtitleConvert: { encoder: "srt", codec: "subrip" },
    attachments: true,
    coverArt: true,
    chapters: true,
    tick: { num: 1, den: 1000 },
  },
  webm: {
    extensions: ["webm"],
    muxer: "webm",
    videoCodecs: set("vp8 vp9 av1"),
    audioCopy: set("opus vorbis"),
    audioDefault: { encoder: "libopus", codec: "opus" },
    subtitleCopy: set("webvtt"),
    subtitleConvert: { encoder: "webvtt", codec: "webvtt" },
    attachments: false,
    coverArt: false,
    chapters: true,
    tick: { num: 1, den: 1000 },
  },
  ts: {
    extensions: ["ts"],
    muxer: "mpegts",
    videoCodecs: set("h264 hevc mpeg2video mpeg4"),
    audioCopy: set("aac mp3 mp2 ac3 eac3 dts opus"),
    audioDefault: AAC,
    subtitleCopy: set("dvb_subtitle dvb_teletext"),
    subtitleConvert: null,
    attachments: false,
    coverArt: false,
    chapters: false,
    tick: { num: 1, den: 90_000 },
  },
};

const NAMES: readonly Container[] = ["mp4", "mov", "mkv", "webm", "ts"];

/** The container that ffmpeg's -f or a file extension names, or null. */
export function containerNamed(name: string): Container | null {
  const lower = name.toLowerCase();
  return NAMES.find((each) => CONTAINERS[each].muxer === lower || CONTAINERS[each].extensions.includes(lower)) ?? null;
}

/** The usual extension with its dot: ".mp4". */
export function extensionOf(container: Container): string {
  return `.${CONTAINERS[container].extensions[0] ?? container}`;
}

/** The container of an output: the extension of its name, else the request's -f. Throws E_CONTAINER. */
export function containerOf(fileName: string, request: EncodeRequest): Container {
  const base = fileName.split(/[\\/]/).at(-1) ?? "";
  const dot = base.lastIndexOf(".");
  const extension = dot > 0 ? base.slice(dot + 1) : "";
  const container = containerNamed(extension) ?? request.container.format;
  if (container !== null) return container;
  const known = NAMES.flatMap((each) => CONTAINERS[each].extensions).map((each) => `.${each}`);
  throw new AppError(
    "E_CONTAINER",
    extension === "" ? `${base} has no extension` : `.${extension} is not a container that ffcluster writes`,
    `Name the output with one of ${known.join(", ")}, or give -f mp4, mov, matroska, webm or mpegts.`,
  );
}

/** What is asked for besides the video, each by the option that asks and the codec that comes of it. */
function askedCodecs(
  request: EncodeRequest,
): { readonly kind: Kind; readonly encoder: string; readonly codec: string }[] {
  const tracks = request.audioTracks ?? [];
  const audio = [request.audio.mode === "encode" ? request.audio.codec : null, ...tracks.map(({ codec }) => codec)];
  const subtitles = [
    request.subtitles.mode === "convert" ? request.subtitles.codec : null,
    ...(request.subtitleTracks ?? []).map(({ codec }) => codec),
  ];
  const known = (kind: Kind, encoders: readonly (string | null)[], codecs: ReadonlyMap<string, string>) =>
    encoders.flatMap((encoder) => {
      const codec = encoder === null ? undefined : codecs.get(encoder);
      return encoder === null || codec === undefined ? [] : [{ kind, encoder, codec }];
    });
  return [
    { kind: "video", encoder: request.video.encoder, codec: codecOfEncoder(request.video.encoder) },
    ...known("audio", audio, AUDIO_ENCODERS),
    ...known("subtitle", subtitles, SUBTITLE_ENCODERS),
  ];
}

type Kind = "video" | "audio" | "subtitle";

function held(container: Container, kind: Kind): ReadonlySet<string> {
  const facts = CONTAINERS[container];
  return kind === "video" ? facts.videoCodecs : kind === "audio" ? facts.audioCopy : facts.subtitleCopy;
}

function insteadOf(container: Container, kind: Kind): string {
  const codecs = held(container, kind);
  if (kind === "video") return `an encoder for ${[...codecs].join(", ")}`;
  const encoders = [...(kind === "audio" ? AUDIO_ENCODERS : SUBTITLE_ENCODERS)].filter(([, codec]) =>
    codecs.has(codec),
  );
  return encoders.length === 0 ? "leave it out" : `one of ${encoders.map(([encoder]) => encoder).join(", ")}`;
}

/** Throws E_CONTAINER when the container cannot hold what the request asks for. */
export function checkContainer(container: Container, request: EncodeRequest): void {
  for (const { kind, encoder, codec } of askedCodecs(request)) {
    if (held(container, kind).has(codec)) continue;
    const fitting = NAMES.filter((each) => held(each, kind).has(codec)).map(extensionOf);
    const instead = insteadOf(container, kind);
    throw new AppError(
      "E_CONTAINER",
      `${container} cannot hold ${codec} ${kind} (${encoder})`,
      `Use ${fitting.join(", ")}, or ${instead}.`,
    );
  }
}
