// How each encoder is measured and brought to a target size, as documented by ffmpeg and the libraries.
import type { NamedOption, QualityKind, VideoRequest } from "../../model/encode-request.ts";

/** How an encoder takes two passes over one segment; "none": one pass, repeated at another rate when it misses. */
export type PassWords = "passlog" | "x265" | "none";

export interface EncoderPasses {
  readonly passes: PassWords;
  readonly quality: QualityKind;
  /** Quality at 0.07 bits per pixel, change when the bits double, and the range that is measured in. */
  readonly at: number;
  readonly perDoubling: number;
  readonly range: readonly [least: number, most: number];
  /**
   * A clock of one tick a frame that its rate control needs, where the segment's times allow one (frame-clock.ts).
   * "frames": libvpx and libaom believe each frame to last one tick of the encoder's clock, because ffmpeg below 6.0 says
   * so: with a clock as fine as the source's their second pass ends at a tenth of the rate, and they take one pass,
   * repeated. "frames from zero": ffmpeg's own (MPEG-2, MPEG-4) takes a tick for a frame too, and believes at the first
   * picture that it has spent nothing since time zero (libavcodec/ratecontrol.c, wanted_bits).
   */
  readonly clock?: "frames" | "frames from zero";
  /**
   * In place of `-bt`, in seconds of the rate: ffmpeg's own rate control steers as loosely as its 4 Mbit say, more than a
   * segment may hold. So the same segments end within 8 % rather than 20 % to 70 % above.
   */
  readonly tolerance?: number;
  /** Whether the first pass runs like the measurement, or with the request's own options. */
  readonly firstPass: "measuring" | "own";
  /** What makes a measuring run quick, as ffmpeg options that take the place of the user's. */
  readonly quick: readonly NamedOption[];
}

/** The encoder.s scales: x264 doubles its bits about every 6 steps of CRF; the others' scales are in request/translate/quality.ts. */
const X264: EncoderPasses = {
  passes: "passlog",
  firstPass: "measuring",
  quality: "crf",
  at: 23,
  perDoubling: -6,
  range: [14, 38],
  quick: [],
};
const X265: EncoderPasses = { ...X264, passes: "x265", at: 26, range: [17, 42] };
/** AV1 and VP9 double their bits about every 8 steps of theirs. */
const CRF_63: EncoderPasses = { ...X264, passes: "none", at: 31, perDoubling: -8, range: [16, 55] };
const TWO_PASS_63: EncoderPasses = { ...CRF_63, passes: "passlog", clock: "frames", firstPass: "own" };
const VPX: EncoderPasses = {
  ...TWO_PASS_63,
  quick: [
    ["deadline", "realtime"],
    ["cpu-used", "8"],
  ],
};
const AOM: EncoderPasses = { ...TWO_PASS_63, quick: [["cpu-used", "8"]] };
const SVTAV1: EncoderPasses = { ...CRF_63, quick: [["preset", "12"]] };
/** Halving the quantizer takes about twice the bits: close enough for a scale with additive steps. */
const QSCALE: EncoderPasses = {
  ...X264,
  passes: "none",
  quality: "qscale",
  at: 5,
  perDoubling: -3,
  range: [2, 24],
  clock: "frames from zero",
  tolerance: 0.25,
};
const QP: EncoderPasses = { ...X264, passes: "none", quality: "qp", at: 26 };
const ICQ: EncoderPasses = { ...QP, quality: "global_quality" };

/** Encoders that a whole video's bit rate can be shared out for; for any other, -b:v goes to each segment as it is. */
const PASSES: ReadonlyMap<string, EncoderPasses> = new Map([
  ["libx264", X264],
  ["libx264rgb", X264],
  ["libx265", X265],
  ["libvpx", VPX],
  ["libvpx-vp9", VPX],
  ["libaom-av1", AOM],
  ["libsvtav1", SVTAV1],
  ["mpeg4", QSCALE],
  ["mpeg2video", QSCALE],
  ...["h264_nvenc", "hevc_nvenc", "av1_nvenc"].map((name) => [name, QP] as const),
  ...["h264_vaapi", "hevc_vaapi", "av1_vaapi", "vp8_vaapi", "vp9_vaapi"].map((name) => [name, QP] as const),
  ...["h264_qsv", "hevc_qsv", "av1_qsv", "vp9_qsv"].map((name) => [name, ICQ] as const),
]);

/** Null: the encoder has no two passes here, or its -b:v does not mean a mean bit rate. */
export function passesOf(encoder: string): EncoderPasses | null {
  return PASSES.get(encoder) ?? null;
}

/** Keys of a parameter string that mean -maxrate and -bufsize, in kilobits. */
const BUFFER_KEYS = new Set(["vbv-maxrate", "vbv-bufsize"]);

function kilobits(video: VideoRequest, key: string): number | null {
  const value = Number(video.encoderParams.findLast(([name]) => name === key)?.[1] ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? Math.round(value * 1000) : null;
}

/** -maxrate and -bufsize, or what the encoder's own parameters say of them. */
export function bufferOf(video: VideoRequest): { readonly maxrate: number | null; readonly bufsize: number | null } {
  const positive = (value: number | null) => (value === null || value <= 0 ? null : value);
  return {
    maxrate: positive(video.maxrate) ?? kilobits(video, "vbv-maxrate"),
    bufsize: positive(video.bufsize) ?? kilobits(video, "vbv-bufsize"),
  };
}

export function withoutBufferParams(params: readonly NamedOption[]): readonly NamedOption[] {
  return params.filter(([key]) => !BUFFER_KEYS.has(key));
}
