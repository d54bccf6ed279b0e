// Facts about a source from ffprobe and the index. Plain JSON.
import type { Pts, Rational } from "../../base/rational.ts";
import type { ColourTags } from "./colour-tags.ts";

/** A container that ffcluster writes. */
export type Container = "mp4" | "mov" | "mkv" | "webm" | "ts";

/** CIE 1931 x and y in units of 0.00002, as H.265 D.2.28 and the `mdcv` box count them. */
export interface Chromaticity {
  readonly x: number;
  readonly y: number;
}

/** SMPTE ST 2086; luminances in units of 0.0001 cd/m². */
export interface MasteringDisplay {
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
  readonly whitePoint: Chromaticity;
  readonly minLuminance: number;
  readonly maxLuminance: number;
}

export type DynamicHdr = "Dolby Vision" | "HDR10+" | "HDR Vivid";

/** HDR metadata of the source beyond the colour tags. */
export interface HdrMetadata {
  readonly masteringDisplay: MasteringDisplay | null;
  /** MaxCLL and MaxFALL, cd/m². */
  readonly contentLight: { readonly max: number; readonly average: number } | null;
  /** Kinds of per-frame metadata seen. */
  readonly dynamic: readonly DynamicHdr[];
}

export interface SourceStream {
  readonly index: number;
  readonly type: "video" | "audio" | "subtitle" | "attachment" | "data" | "other";
  readonly codec: string;
  readonly language: string | null;
  readonly title: string | null;
  readonly isAttachedPicture: boolean;
  /** The container marks its packets as encrypted. */
  readonly isEncrypted?: true;
  /** A video stream without a picture size: no picture could be read. */
  readonly isWithoutPictures?: true;
  /** Name of an attachment, where the container has one. */
  readonly fileName?: string;
  /** ffmpeg disposition names that are set: "default", "forced", … */
  readonly dispositions: readonly string[];
  /** Ticks of the stream's own time base; null when the container does not say. */
  readonly startPts: Pts | null;
  readonly timeBase: Rational;
  readonly sampleRate: number | null;
  readonly channels: number | null;
  /** ffmpeg's name, such as "5.1(side)"; absent where the source does not say. */
  readonly channelLayout?: string;
  /** The first frame's timecode, "10:20:30:12"; a semicolon before the frames means drop-frame. */
  readonly timecode?: string;
}

export interface SourceVideo {
  readonly streamIndex: number;
  readonly codec: string;
  readonly profile: string | null;
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: string;
  readonly timeBase: Rational;
  /** r_frame_rate and avg_frame_rate as ffprobe gives them; null for 0/0. */
  readonly realFrameRate: Rational | null;
  readonly averageFrameRate: Rational | null;
  readonly sampleAspectRatio: Rational | null;
  readonly fieldOrder: string | null;
  readonly rotationDegrees: number;
  readonly colour: ColourTags;
  readonly hasAlpha: boolean;
  /** Absent when the source has none. */
  readonly hdr?: HdrMetadata;
}

/** ffprobe's facts about a file, before any packet is read. */
export interface SourceInfo {
  /** ffprobe's format_name, e.g. "mov,mp4,m4a,3gp,3g2,mj2". */
  readonly formatName: string;
  readonly bytes: number;
  /**
   * What ffmpeg subtracts by default, microseconds: the start of the file, or of the streams that are kept
   * (`withStartOf`). 0 when unknown.
   */
  readonly startMicroseconds: number;
  /** Duration in microseconds by the container; null when it does not say. */
  readonly durationMicroseconds: number | null;
  readonly video: SourceVideo;
  readonly streams: readonly SourceStream[];
  readonly chapterCount: number;
  /** A timecode that the file as a whole has, not one of its streams. */
  readonly timecode?: string;
  /** What the container states about the picture besides its colours (360°, stereo, HDR10), as ffprobe lists it. */
  readonly sideData?: readonly Readonly<Record<string, unknown>>[];
  /** The video's decoder reorders pictures (has_b_frames); absent: it does not. */
  readonly holdsPicturesBack?: true;
  /** Streams whose clock does not matter, since the job reads none of their packets (`withStartOf`); absent: none is known. */
  readonly unread?: readonly number[];
  /** The file is a copy on one clock, and by its headers ffmpeg takes it for another frame rate than the source's. */
  readonly seemsOfOtherRate?: true;
}

/**
 * One group of pictures as the index streams it in: the half-open range [startPts, endPts) of presentation time that
 * begins at a key frame. All frames with a PTS in the range are known when it is emitted.
 */
export interface Gop {
  readonly startPts: Pts;
  readonly endPts: Pts;
  readonly frames: number;
  /** Byte offset of the key frame's packet in the source; null when the demuxer does not say. */
  readonly bytePosition: number | null;
}

/** Size, format and shape of a picture. */
export interface PictureShape {
  readonly width: number;
  readonly height: number;
  /** ffmpeg's name. */
  readonly pixelFormat: string;
  /** "16:15"; null: not stated. */
  readonly sampleAspectRatio: string | null;
}

/** A picture as it comes from the decoder. */
export interface DecodedPicture {
  readonly shape: PictureShape;
  /** Size, shape and bytes, "320x180 1/1 86400": as a segment's report says them of its first picture. */
  readonly text: string;
}
