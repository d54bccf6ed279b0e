// The encode request: what a user may request of an encode, as plain JSON that travels from submitter to server to
// client. Types only: encode-request-schema.ts checks the shape on arrival; parse-params.ts and check-request.ts decide
// which names and values are allowed.

import type { Cadence } from "./cadence.ts";
import type { ColourTags } from "./colour-tags.ts";

/** A named option and its value, both as ffmpeg spells them. */
export type NamedOption = readonly [key: string, value: string];

/** One filter of a chain. Positional arguments are already named, values unescaped. */
export interface FilterCall {
  readonly name: string;
  readonly options: readonly NamedOption[];
}

/**
 * The scale of a fixed quality: libx264's `-crf` and `-qp`, NVENC's `-cq`, `-q:v`, `-global_quality` of QSV and VAAPI,
 * and "percent", 0 to 100, for requests that name a codec (`-quality`).
 */
export type QualityKind = "crf" | "cq" | "qp" | "qscale" | "global_quality" | "percent";

export interface VideoRequest {
  /** ffmpeg's encoder name, e.g. "libx264", or a codec ("hevc"), for which the server elects an encoder. */
  readonly encoder: string;
  readonly quality: { readonly kind: QualityKind; readonly value: number } | null;
  /** Bits per second; bufsize in bits. For libvpx and libaom, 0 means that quality alone decides. */
  readonly bitrate: number | null;
  /** Bytes of the whole output, from which the server makes `bitrate` once it knows the source. Absent: none is asked for. */
  readonly outputBytes?: number;
  readonly minrate: number | null;
  readonly maxrate: number | null;
  readonly bufsize: number | null;
  readonly preset: string | null;
  readonly tune: string | null;
  readonly profile: string | null;
  readonly level: string | null;
  readonly pixelFormat: string | null;
  /** Largest (-g) and smallest (-keyint_min) distance of key frames in frames, and most B-frames in a row (-bf). */
  readonly gop: number | null;
  readonly keyintMin: number | null;
  readonly bFrames: number | null;
  readonly refs: number | null;
  /** Constant output rate as exact text, "25/1" or "30000/1001"; null keeps every frame at its time. */
  readonly frameRate: string | null;
  /**
   * How one run of ffmpeg makes that rate from this source. The server finds it; users can't set it. Absent: it can't
   * be predicted, so one run encodes everything.
   */
  readonly cadence?: Cadence;
  /** -s: the last step after the filters. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** Pairs for the encoder library's own parameter string (-x264-params, -x265-params, -svtav1-params, -aom-params). */
  readonly encoderParams: readonly NamedOption[];
  /** Encoder options by their ffmpeg name without the dash, e.g. ["cpu-used", "4"]. */
  readonly privateOptions: readonly NamedOption[];
  /** Colour tags that the user sets, by ffmpeg's names; null keeps the source's. */
  readonly colour: ColourTags;
  /** "progressive", "tt", "bb", "tb", "bt"; null keeps the source's. */
  readonly fieldOrder: string | null;
  /** Set by the server: neither the codec nor the output's container can state full range (colour/container-range.ts). */
  readonly hasNoPlaceForRange?: true;
  /**
   * Set by the server: the pixel format that its own ffmpeg gives the encoder where none is asked for, so that builds of
   * another choice make the same (source/trial.ts). Absent: the pictures' own, or not known.
   */
  readonly encodedFormat?: string;
}

/** Settings of an audio encode; null: ffmpeg's default. */
export interface AudioSettings {
  /** ffmpeg's encoder name; null: the container's default. */
  readonly codec: string | null;
  readonly bitrate: number | null;
  /** -q:a */
  readonly quality: number | null;
  readonly channels: number | null;
  readonly sampleRate: number | null;
  readonly profile: string | null;
  /** -compression_level, -vbr, -application and the like, without the dash. */
  readonly privateOptions: readonly NamedOption[];
  readonly filters: readonly FilterCall[];
  /** EBU R 128: the loudness of the whole track, LUFS, reached by one gain. Absent: as it is. */
  readonly loudness?: number;
}

/** `auto`: copied where the container takes the codec, else encoded with the container's default. */
export type AudioRequest =
  | { readonly mode: "auto" }
  | { readonly mode: "none" }
  | { readonly mode: "copy" }
  | ({ readonly mode: "encode" } & AudioSettings);

/** Settings for one output track (`-b:a:1`), which override those for all tracks. */
export interface AudioTrackRequest extends AudioSettings {
  /** Counted among the audio streams that the output is asked to have. */
  readonly track: number;
  /** "copy", an encoder, or null for the one of all tracks. */
  readonly codec: string | null;
}

export type SubtitleRequest =
  | { readonly mode: "auto" }
  | { readonly mode: "none" }
  | { readonly mode: "copy" }
  /** ffmpeg's encoder name: "mov_text", "srt", "webvtt", "ass". */
  | { readonly mode: "convert"; readonly codec: string };

/** `-c:s:1`: the choice for one output track. */
export interface SubtitleTrackRequest {
  readonly track: number;
  /** "copy" or an encoder. */
  readonly codec: string;
}

/**
 * One `-map 0…` in the order given. `type` null and `index` null: every stream; `type` null with `index`: the stream of
 * that number in the file; with `type`, `index` counts within the type. "V" is video without attached pictures.
 */
export interface StreamChoice {
  /** `-map -0:…` */
  readonly exclude: boolean;
  /** Trailing `?`: no error when nothing matches. */
  readonly optional: boolean;
  readonly type: "v" | "V" | "a" | "s" | "t" | "d" | null;
  readonly index: number | null;
  /** `m:language:xxx` */
  readonly language: string | null;
}

/** An output stream by type and number within the type, for metadata and dispositions; index null: all of that type. */
export interface OutputStream {
  readonly type: "v" | "a" | "s" | "t";
  readonly index: number | null;
}

export interface MetadataRequest {
  /** false: `-map_metadata -1`, the source's tags are left out. */
  readonly keepSource: boolean;
  /** false: `-map_chapters -1` */
  readonly keepChapters: boolean;
  /** stream null: a tag of the file. An empty value removes the tag. */
  readonly tags: readonly { readonly stream: OutputStream | null; readonly key: string; readonly value: string }[];
  /** Flags as ffmpeg writes them: "default", "default+forced", "0". */
  readonly dispositions: readonly { readonly stream: OutputStream; readonly flags: string }[];
}

export interface ContainerRequest {
  readonly format: "mp4" | "mov" | "mkv" | "webm" | "ts" | null;
  /** Names that are set, without signs: ["faststart"]. */
  readonly movflags: readonly string[];
}

export interface EncodeRequest {
  readonly video: VideoRequest;
  readonly filters: readonly FilterCall[];
  readonly audio: AudioRequest;
  /** Rising by track; absent when no option names a single track. */
  readonly audioTracks?: readonly AudioTrackRequest[];
  readonly subtitles: SubtitleRequest;
  readonly subtitleTracks?: readonly SubtitleTrackRequest[];
  /** Empty: the first video stream, and all audio, subtitles and attachments that the container takes. */
  readonly maps: readonly StreamChoice[];
  readonly container: ContainerRequest;
  readonly metadata: MetadataRequest;
}

/** A request without any option: libx264 with its defaults, everything else kept. */
export function emptyEncodeRequest(): EncodeRequest {
  return {
    video: {
      encoder: "libx264",
      quality: null,
      bitrate: null,
      minrate: null,
      maxrate: null,
      bufsize: null,
      preset: null,
      tune: null,
      profile: null,
      level: null,
      pixelFormat: null,
      gop: null,
      keyintMin: null,
      bFrames: null,
      refs: null,
      frameRate: null,
      size: null,
      encoderParams: [],
      privateOptions: [],
      colour: { range: null, space: null, transfer: null, primaries: null, chromaLocation: null },
      fieldOrder: null,
    },
    filters: [],
    audio: { mode: "auto" },
    subtitles: { mode: "auto" },
    maps: [],
    container: { format: null, movflags: [] },
    metadata: { keepSource: true, keepChapters: true, tags: [], dispositions: [] },
  };
}
