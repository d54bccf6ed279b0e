// The document of `probe --json`. Its names are those of the command line's contract.

export interface KeyFrameSpacing {
  readonly count: number;
  /** Frames and seconds from a key frame to the next, or to the end. */
  readonly mean_frames: number;
  readonly mean_seconds: number;
  readonly longest_frames: number;
  readonly longest_seconds: number;
}

export type PreviewRate =
  | { readonly kind: "constant"; readonly rate: string; readonly fps: number }
  | {
      readonly kind: "variable";
      readonly mean_fps: number;
      /** Seconds between neighbouring frames. */
      readonly shortest_seconds: number;
      readonly longest_seconds: number;
    }
  | { readonly kind: "unknown"; readonly reason: string };

export interface PreviewStream {
  readonly index: number;
  readonly type: string;
  readonly codec: string;
  readonly language: string | null;
  readonly title: string | null;
  readonly dispositions: readonly string[];
  readonly action: "encode" | "copy" | "convert" | "leave-out";
  /** For streams that are encoded or converted. */
  readonly encoder: string | null;
  /** Why the stream is left out. */
  readonly reason: string | null;
}

export interface Preview {
  /** The local ffmpeg, and what it lacks for this job: "has no encoder libsvtav1". A client's ffmpeg may have it. */
  readonly ffmpeg: { readonly version: string; readonly lacks: readonly string[] };
  readonly file: string;
  readonly bytes: number;
  readonly container: string;
  readonly start_seconds: number;
  readonly duration_seconds: number | null;
  readonly chapters: number;
  readonly video: {
    readonly stream_index: number;
    readonly codec: string;
    readonly profile: string | null;
    readonly width: number;
    readonly height: number;
    readonly pixel_format: string;
    readonly has_alpha: boolean;
    readonly time_base: string;
    readonly frame_rate: PreviewRate;
    /** Null when the frames have no times in the file, so that only decoding can count them. */
    readonly frames: number | null;
    /** Packets that give no frame of the output: hidden by an edit list, before the first key frame, or sharing a time. */
    readonly uncounted: { readonly discarded: number; readonly leading: number; readonly same_time: number };
    readonly key_frames: KeyFrameSpacing | null;
    readonly colour: {
      readonly range: string | null;
      readonly space: string | null;
      readonly transfer: string | null;
      readonly primaries: string | null;
      readonly chroma_location: string | null;
    };
    readonly rotation_degrees: number;
    readonly sample_aspect_ratio: string | null;
    readonly field_order: string | null;
  };
  /** In the order of the output, followed by the streams that are left out. */
  readonly streams: readonly PreviewStream[];
  readonly request: {
    readonly ffmpeg_params: string;
    readonly output_name: string;
    readonly container: string;
    readonly encoder: string;
    /** Null: quality decides. */
    readonly video_bits_per_second: number | null;
    readonly passes: 1 | 2;
  };
  readonly split: {
    readonly mode: "keyframes" | "whole";
    readonly reason: string | null;
    readonly outlook: readonly {
      readonly clients: number;
      readonly segments: number;
      readonly busy_clients: number;
      readonly longest_segment_seconds: number;
    }[];
  };
}

/** To a millionth. */
export function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
