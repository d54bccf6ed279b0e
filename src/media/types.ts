// The nouns of the media layer: what a source is, what a segment must hold, what came out.
// Plain data only; everything here can travel as JSON.
import type { Pts, Rational } from "../base/rational.ts";
import type { ColourTags } from "./colour-tags.ts";
import type { RateTask } from "./rate/rate-task.ts";
import type { EncodeRequest } from "./request/encode-request.ts";

/** A container that ffcluster writes. */
export type Container = "mp4" | "mov" | "mkv" | "webm" | "ts";

export type EncoderFamily = "software" | "nvenc" | "qsv" | "amf" | "videotoolbox" | "vaapi";

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

/** What the source says of its light beyond the colour tags. */
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
  /** Its packets are encrypted, by what the container says. */
  readonly isEncrypted?: true;
  /** Of a video stream whose pictures have no size: none could be read. */
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

/** What ffprobe says of a file, before any packet is read. */
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
  /** What the container says of the picture beside its colours (360°, stereo, HDR10), as ffprobe lists it. */
  readonly sideData?: readonly Readonly<Record<string, unknown>>[];
  /** The video's decoder puts pictures out in another order than they come (has_b_frames); absent: it does not. */
  readonly holdsPicturesBack?: true;
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

/** The bit rate that a whole video must have, in bits per second; null: no bound. */
export interface RateGoal {
  readonly bitrate: number;
  readonly maxrate: number | null;
  readonly bufsize: number | null;
}

/** Filters that draw letters, with the fonts and libraries of the machine they run on. */
export type TextDrawer = "drawtext" | "subtitles";

/** A digest of what letters look like here, by filter: machines with the same one draw alike. Null: it cannot draw. */
export type TextPrints = Readonly<Record<TextDrawer, string | null>>;

/** A lead-in of all there is: decoding begins where the source does, as in one run over everything. */
export type FromTheBeginning = 1_000_000_000;

/** How a segment decodes before its range: none, or from at least so many key frames (and a second) earlier. */
export type LeadIn = 0 | 1 | 3 | FromTheBeginning;

/** Size, format and shape of a picture. */
export interface PictureShape {
  readonly width: number;
  readonly height: number;
  /** ffmpeg's name. */
  readonly pixelFormat: string;
  /** "16:15"; null: not stated. */
  readonly sampleAspectRatio: string | null;
}

/** Everything a client needs to encode one segment; made by the server's planner, checked again by the client. */
export interface SegmentTask {
  readonly streamIndex: number;
  /** Demuxer short name for -format_whitelist (ffprobe's format_name). */
  readonly formatName: string;
  readonly timeBase: Rational;
  /** Half-open range of source ticks; null bounds mean the beginning or the end of the stream. */
  readonly startPts: Pts | null;
  readonly endPts: Pts | null;
  /** `-itsoffset`: puts the source's start at zero for filters and encoder (source-clock.ts); the bounds here are the source's own ticks. */
  readonly clockOffsetUs: number;
  /** Where to seek: the PTS of a key frame at or before startPts (earlier when there is a lead-in); null: from the beginning, no seek. */
  readonly seekPts: Pts | null;
  /**
   * Where filters see more than the range: so many of the chain (filters, -s, -r) run first, then the range is cut out, by
   * bounds on the job's clock in ticks of what comes out of them. Null: the range is cut out of the decoded frames.
   */
  readonly cut: {
    readonly after: number;
    readonly timeBase: Rational;
    readonly startPts: Pts | null;
    readonly endPts: Pts | null;
  } | null;
  /** Frames that the index says the range gives; null when they cannot be counted. */
  readonly expectedFrames: number | null;
  /** Pictures of the range may share a PTS: each is then moved a tick behind the one before it. */
  readonly spreadsPts?: boolean | undefined;
  /** The time base given to the encoder (-enc_time_base). */
  readonly encoderTimeBase: Rational;
  /**
   * One tick a frame, for an encoder whose rate control needs it: the segment's times are whole numbers of both clocks.
   * The encoder's zero is the tick `from`; the muxer adds it again.
   */
  readonly frameClock?: { readonly tick: Rational; readonly from: Pts };
  readonly request: EncodeRequest;
  /**
   * What the stream's first picture is, where pictures are known to change: all of the range are made like it, as in one
   * run over everything. Absent: nothing is changed.
   */
  readonly picture?: PictureShape;
  /** Source picture facts the encoder arguments depend on. */
  readonly video: SourceVideo;
  /** Bytes of the source this segment is expected to read, for prefetching: [start, end). */
  readonly byteRange: { readonly start: number; readonly end: number } | null;
  /** The range has given trouble: decode it on the CPU, whose decoder the server's own is. */
  readonly softwareDecode?: true;
  /** Where a bit rate or a buffer must hold for the whole video. */
  readonly rate?: RateTask;
}

/** What a client says of the segment it made; the server checks each value it can. */
export interface SegmentReport {
  readonly frames: number;
  readonly seconds: number;
  readonly encoder: string;
  readonly ffmpegVersion: string;
  /** MD5 of the first decoded frame of the range and of the first decoded frame at or after its end (null: none). */
  readonly seamStart: string | null;
  readonly seamAfterEnd: string | null;
  /** Size, shape and bytes of the first decoded picture; absent: there was none, or the client does not say. */
  readonly decoded?: string;
  /** Decode errors seen on stderr (bounded), empty when none. */
  readonly decodeErrors: readonly string[];
  /** Bytes of the video packets alone; said when the segment had a share of bits to hold. */
  readonly videoBytes?: number;
}

/** A verified segment as the stitch and the proof need it. */
export interface SegmentFacts {
  readonly frames: number;
  /** PTS of the first and last output frame on the job's clock (source-clock.ts), in ticks of the encoder's time base. */
  readonly firstPts: Pts;
  readonly lastPts: Pts;
  readonly bytes: number;
  readonly sha256: string;
  /** SHA-256 of the codec's parameter sets (extradata), or null. */
  readonly extradataSha256: string | null;
  /** The size of its pictures, "320x180", by the file's header; absent when a version that did not say so verified it. */
  readonly size?: string;
  /** Which packet of the file, from 0, is shown last; absent when a version that did not say so verified it. */
  readonly lastShown?: number;
}

/** fast: counts, times and digests. full: the output is decoded as well, every picture and every sound. */
export type VerifyMode = "fast" | "full";

export interface ProofCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

export interface ProofSegment {
  readonly index: number;
  readonly start_pts: Pts;
  readonly end_pts: Pts;
  readonly frames: number;
  readonly sha256: string;
  readonly client: string;
  readonly encoder: string;
  readonly attempts: number;
  readonly seconds: number;
  readonly notes: readonly string[];
}

export interface ProofStream {
  readonly index: number;
  readonly type: string;
  readonly codec: string;
  readonly language: string | null;
}

/** The report that shows an output complete and exact; the shape is the CLI contract's, snake case on purpose. */
export interface Proof {
  readonly job_id: string;
  readonly exact: boolean;
  readonly frames: { readonly expected: number; readonly encoded: number; readonly in_output: number };
  readonly pts: { readonly equal: boolean; readonly max_error_ticks: number };
  readonly av_offset_error_ms: number | null;
  readonly streams: {
    readonly in: readonly ProofStream[];
    readonly out: readonly ProofStream[];
    readonly left_out: readonly (ProofStream & { readonly reason: string })[];
  };
  /** What of the source the output lacks beside whole streams, a sentence each; absent in proofs of earlier versions. */
  readonly lost?: readonly string[];
  readonly segments: readonly ProofSegment[];
  readonly wall_seconds: number;
  readonly checks: readonly ProofCheck[];
  readonly encoder: { readonly name: string; readonly family: EncoderFamily; readonly versions: readonly string[] };
  readonly output: { readonly name: string; readonly bytes: number; readonly sha256: string };
  readonly notes: readonly string[];
}
