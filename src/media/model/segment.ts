// The data of a segment: the task that a client gets, the report that it returns, and the verified facts. Plain JSON.
import type { Pts, Rational } from "../../base/rational.ts";
import type { BitrateTask } from "./bitrate-task.ts";
import type { EncodeRequest } from "./encode-request.ts";
import type { PictureShape, SourceVideo } from "./source.ts";

/** The required bit rate of the whole video, in bits per second; null: no bound. */
export interface BitrateGoal {
  readonly bitrate: number;
  readonly maxrate: number | null;
  readonly bufsize: number | null;
}

/** Filters that draw text with the fonts and libraries of the machine they run on. */
export type TextDrawer = "drawtext" | "subtitles";

/**
 * A digest of rendered text per filter: machines with the same digest draw the same pixels. Null: this machine can't
 * draw.
 */
export type TextPrints = Readonly<Record<TextDrawer, string | null>>;

/**
 * What a segment decodes before its range: nothing, at least so many key frames and one second, or everything from the
 * beginning of the source, as one run over all of it does.
 */
export type LeadIn = 0 | 1 | 3 | "beginning";

/** Everything a client needs to encode one segment. The server makes it; the client checks it again. */
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
  /**
   * Where to seek: the PTS of a key frame at or before startPts (earlier with a lead-in); null: no seek, read from the
   * beginning.
   */
  readonly seekPts: Pts | null;
  /**
   * For filters that see more than the range: the first `after` steps of the chain (filters, -s, -r) run on more, then
   * these bounds cut out the range, on the job's clock in ticks of what those steps put out. Null: the range is cut
   * from the decoded frames.
   */
  readonly cut: {
    readonly after: number;
    readonly timeBase: Rational;
    readonly startPts: Pts | null;
    readonly endPts: Pts | null;
  } | null;
  /** Frames of the range by the index; null when they cannot be counted. */
  readonly expectedFrames: number | null;
  /**
   * Present where a new rate hides a picture that decoding lost or gave another time: so many of the source from
   * `startPts` (source ticks; null: the beginning) to the end of the range, which the run counts.
   */
  readonly sourceFrames?: { readonly startPts: Pts | null; readonly frames: number };
  /** Pictures of the range may share a PTS, or go back; each is then moved one tick after the previous one. */
  readonly spreadsPts?: boolean | undefined;
  /** ffmpeg's output stage does that (`-fps_mode vfr`), in place of a filter (segment/rising-times.ts). */
  readonly isVfr?: true;
  /** The time base given to the encoder (-enc_time_base). */
  readonly encoderTimeBase: Rational;
  /**
   * A clock of one tick per frame, for an encoder whose rate control needs it; the segment's times are whole numbers on
   * both clocks. The encoder's zero is the tick `from`, which the muxer adds back.
   */
  readonly frameClock?: { readonly tick: Rational; readonly from: Pts };
  readonly request: EncodeRequest;
  /**
   * The shape of the stream's first picture, where pictures are known to change: all pictures of the range are
   * converted to it, as one run over everything does. Absent: no conversion.
   */
  readonly picture?: PictureShape;
  /** Facts about the source's picture that the encoder arguments depend on. */
  readonly video: SourceVideo;
  /** Bytes of the source that this segment will probably read, for prefetching: [start, end). */
  readonly byteRange: { readonly start: number; readonly end: number } | null;
  /** An earlier attempt failed: decode on the CPU, as the server does. */
  readonly softwareDecode?: true;
  /** Present where a bit rate or a buffer must hold for the whole video. */
  readonly rate?: BitrateTask;
}

/** A client's report about its segment; the server checks every value it can. */
export interface SegmentReport {
  readonly frames: number;
  readonly seconds: number;
  readonly encoder: string;
  readonly ffmpegVersion: string;
  /** MD5 of the first decoded frame of the range and of the first decoded frame at or after its end (null: none). */
  readonly seamStart: string | null;
  readonly seamAfterEnd: string | null;
  /** Size, shape and bytes of the first decoded picture; absent: there was none, or the client does not report it. */
  readonly decoded?: string;
  /** Decoded pictures of the source; absent: the task counts none. */
  readonly sourceFrames?: number;
  /** Digest of their times; absent: as above, or an older version made the report. */
  readonly sourceTimes?: string;
  /** Decode errors on stderr (bounded); empty when there were none. */
  readonly decodeErrors: readonly string[];
  /** Bytes of the video packets only; reported when the segment had a share of bits to keep. */
  readonly videoBytes?: number;
}

/** Facts about a verified segment that the stitch and the proof need. */
export interface SegmentFacts {
  readonly frames: number;
  /** PTS of the first and last output frame on the job's clock (source-clock.ts), in ticks of the encoder's time base. */
  readonly firstPts: Pts;
  readonly lastPts: Pts;
  readonly bytes: number;
  readonly sha256: string;
  /** SHA-256 of the codec's parameter sets (extradata), or null. */
  readonly extradataSha256: string | null;
  /** Size of its pictures by the file's header, "320x180"; absent when an older version verified it. */
  readonly size?: string;
  /** As ffprobe reads it; absent when it reads none, or an older version verified it. */
  readonly pixelFormat?: string;
  /** Number of the packet that is shown last, from 0; absent when an older version verified it. */
  readonly lastShown?: number;
}
