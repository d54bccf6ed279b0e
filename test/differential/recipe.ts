// What a made-up file is made of, and what is asked of it: plain data that travels as JSON, so that a failure can be
// played again. Seconds where not said otherwise.

export const CONTAINERS = ["mp4", "mkv", "ts", "mov", "webm", "avi", "flv", "vob", "ogv", "mxf", "asf", "raw"] as const;
export type Container = (typeof CONTAINERS)[number];

export type VideoCodec =
  | "h264"
  | "hevc"
  | "mpeg2video"
  | "mpeg4"
  | "vp8"
  | "vp9"
  | "av1"
  | "ffv1"
  | "prores"
  | "mjpeg"
  | "theora"
  | "flv1"
  | "wmv2";

export interface SoundRecipe {
  /** Picks among the codecs of the container. */
  readonly codec: number;
  readonly layout: "stereo" | "mono" | "5.1";
  readonly rate: 48_000 | 44_100 | 32_000;
  /** Against the picture; negative: before it. */
  readonly begins: number;
  /** Share of the film that it lasts. */
  readonly lasts: number;
  /** Packets that are not there, as shares of the film: a pause in mid-track. */
  readonly pause: readonly [number, number] | null;
  /** Where there is one: halfway the layout becomes another. */
  readonly changesLayout: boolean;
  /** Announced, but not one packet of it is there. */
  readonly isEmpty: boolean;
}

export type Pace =
  | { readonly kind: "constant" }
  /** Each picture is moved by up to so large a part of its duration, after a pattern. */
  | { readonly kind: "variable"; readonly by: number }
  /** From a picture on (share of the film) all come later by so much. */
  | { readonly kind: "hole"; readonly at: number; readonly seconds: number };

export type Which = "all" | "video" | "sound";

export type Edit =
  /** Each PTS becomes the DTS, as where a muxer knew no reordering. */
  | { readonly kind: "pts-is-dts" }
  /** The packets of some streams come later or earlier by so much, from a share of the film on. */
  | { readonly kind: "clock-jump"; readonly which: Which; readonly at: number; readonly seconds: number }
  /** The whole recording once more behind itself, with its own clock again. */
  | { readonly kind: "clock-restart" }
  /** The clock of 33 bits passes its end at a share of the film. */
  | { readonly kind: "clock-wrap"; readonly at: number }
  /** Every so manyth picture has no PTS. */
  | { readonly kind: "pts-missing"; readonly every: number }
  /** One picture has the PTS of the one before it. */
  | { readonly kind: "pts-equal"; readonly at: number }
  /** Sync samples, key frame flags: all are said to be, none, or those one picture later. */
  | { readonly kind: "sync-lies"; readonly how: "all" | "none" | "shifted" }
  /** MP4: what is played. `from` and `lasts` as shares of the film; `from` null: an empty edit of so many seconds. */
  | {
      readonly kind: "edit-list";
      readonly which: "video" | "sound";
      readonly entries: readonly { readonly from: number | null; readonly lasts: number }[];
    }
  /** The index or the like that is for seeking is not there. */
  | { readonly kind: "no-index" }
  /** Neither the file nor its streams state a duration. */
  | { readonly kind: "no-duration" }
  /** A stream of a kind that nobody knows. */
  | { readonly kind: "unknown-stream" }
  /** Single packets of a transport stream are lost: one in so many, from a share of the film on. */
  | { readonly kind: "lost-packets"; readonly every: number }
  /** The file ends after this share of its bytes. */
  | { readonly kind: "cut-off"; readonly at: number };

export interface Request {
  /** Picks among the encoders of the container. */
  readonly encoder: number;
  readonly filter: string | null;
  readonly rate: string | null;
  readonly sound: "copy" | "aac" | "libopus" | "none" | "default";
  readonly map: string | null;
  readonly container: "mkv" | "mp4" | "mov" | "webm" | "ts";
}

export interface Recipe {
  readonly container: Container;
  /** Picks among the codecs of the container. */
  readonly codec: number;
  readonly frames: number;
  readonly rate: string;
  readonly pace: Pace;
  readonly gop: number;
  readonly bFrames: number;
  readonly isOpen: boolean;
  readonly size: readonly [number, number];
  /** Picks among the formats of the codec. */
  readonly format: number;
  readonly isInterlaced: boolean;
  readonly isRotated: boolean;
  /** When the first stream begins. */
  readonly startsAt: number;
  readonly sounds: readonly SoundRecipe[];
  /** Begin and duration; before, in and after the film. */
  readonly subtitles: readonly (readonly [number, number])[];
  readonly chapters: readonly (readonly [number, number])[];
  /** Order of the streams in the file. */
  readonly order: "video first" | "sound first" | "subtitles first";
  /** Halfway the pictures become others. */
  readonly change: "size" | "shape" | "format" | "range" | null;
  readonly edits: readonly Edit[];
  readonly request: Request;
}
