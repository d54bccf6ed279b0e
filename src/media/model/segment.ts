// What a segment is: the task that a client gets, the report that it hands in, and what was verified. Plain data that can
// travel as JSON.
import type { Pts, Rational } from "../../base/rational.ts";
import type { BitrateTask } from "./bitrate-task.ts";
import type { EncodeRequest } from "./encode-request.ts";
import type { PictureShape, SourceVideo } from "./source.ts";

/** The bit rate that a whole video must have, in bits per second; null: no bound. */
export interface BitrateGoal {
  readonly bitrate: number;
  readonly maxrate: number | null;
  readonly bufsize: number | null;
}

/** Filters that draw letters, with the fonts and libraries of the machine they run on. */
export type TextDrawer = "drawtext" | "subtitles";

/** A digest of what letters look like here, by filter: machines with the same one draw alike. Null: it cannot draw. */
export type TextPrints = Readonly<Record<TextDrawer, string | null>>;

/**
 * What a segment decodes before its range: nothing, at least so many key frames and one second, or everything from the
 * beginning of the source, as one run over all of it does.
 */
export type LeadIn = 0 | 1 | 3 | "beginning";

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
  readonly rate?: BitrateTask;
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
  /** As ffprobe reads it; absent when it says none, or a version that did not ask verified it. */
  readonly pixelFormat?: string;
  /** Which packet of the file, from 0, is shown last; absent when a version that did not say so verified it. */
  readonly lastShown?: number;
}
