// The requests of the runs that a bit rate needs: the user's request, with the rate control of each run in place of
// -b:v. Pure.

import { toNumber } from "../../../base/rational.ts";
import type { EncodeRequest, NamedOption, VideoRequest } from "../../model/encode-request.ts";
import type { BitrateGoal } from "../../model/segment.ts";
import type { SourceVideo } from "../../model/source.ts";
import { bufferOf, type EncoderPasses, passesOf, withoutBufferParams } from "../tables/encoder-passes.ts";

/**
 * The bit rate of the whole video: -b:v where nothing else fixes the quality and the bits can be shared out for the
 * encoder. For libvpx, `-b:v 0` means quality alone. Null: one pass.
 */
export function bitrateGoalOf({ video }: EncodeRequest): BitrateGoal | null {
  const isFixedByQuality = video.quality !== null || video.encoderParams.some(([key]) => key === "crf" || key === "qp");
  if (video.bitrate === null || video.bitrate <= 0 || isFixedByQuality) return null;
  if (passesOf(video.encoder) === null || isConstant(video)) return null;
  const { maxrate, bufsize } = bufferOf(video);
  return { bitrate: video.bitrate, maxrate, bufsize };
}

/** The encoder keeps a bit rate in two passes on a clock of one tick per frame. */
export function wantsFrameClock(request: EncodeRequest): boolean {
  return passesOf(request.video.encoder)?.clock !== undefined && bitrateGoalOf(request) !== null;
}

/** Options with which the user selects another rate control of a hardware encoder than a mean over time. */
function isConstant(video: VideoRequest): boolean {
  return video.privateOptions.some(([key, value]) => key === "rc" && /^(constqp|cqp|cq|icq)$/i.test(value));
}

/** The size of the encoded picture, as far as it is known without running the filters. */
export function pixelsOf({ video, filters }: EncodeRequest, source: SourceVideo): number {
  if (video.size !== null) return video.size.width * video.size.height;
  const scale = filters.findLast(({ name }) => name === "scale");
  const side = (...keys: string[]) => Number(scale?.options.find(([key]) => keys.includes(key))?.[1] ?? Number.NaN);
  const width = side("w", "width");
  const height = side("h", "height");
  const ratio = source.width / source.height;
  if (width > 0 && height > 0) return width * height;
  if (width > 0) return (width * width) / ratio;
  if (height > 0) return height * height * ratio;
  return source.width * source.height;
}

/**
 * The quality to measure at: close to that of the requested rate, so that the measured shares match those of the
 * encode. The same for every segment of a video.
 */
export function measuringQuality(request: EncodeRequest, source: SourceVideo, bitrate: number): number {
  const passes = passesOf(request.video.encoder);
  if (passes === null) return 0;
  const rate = source.averageFrameRate ?? source.realFrameRate;
  const framesPerSecond = Math.min(120, Math.max(1, rate === null ? 25 : toNumber(rate)));
  const bitsPerPixel = bitrate / (pixelsOf(request, source) * framesPerSecond);
  const value = passes.at + passes.perDoubling * Math.log2(bitsPerPixel / 0.07);
  const [least, most] = passes.range;
  return Math.round(Math.min(most, Math.max(least, value)));
}

/** Constant quality, without bounds, at the encoder's fastest settings. */
export function measuringRequest(
  request: EncodeRequest,
  source: SourceVideo,
  bitrate: number,
  passes: EncoderPasses,
): EncodeRequest {
  const value = measuringQuality(request, source, bitrate);
  const isVpx = passes.quick.some(([key]) => key === "cpu-used");
  return withVideo(request, {
    quality: { kind: passes.quality, value },
    // libvpx and libaom: CRF alone needs -b:v 0.
    bitrate: isVpx ? 0 : null,
    minrate: null,
    maxrate: null,
    bufsize: null,
    ...quicker(request.video, passes.quick),
    encoderParams: withoutBufferParams(request.video.encoderParams).filter(([key]) => key !== "bitrate"),
  });
}

function quicker(video: VideoRequest, quick: readonly NamedOption[]): Pick<VideoRequest, "preset" | "privateOptions"> {
  const replaced = new Set(quick.map(([key]) => key));
  const own = quick.filter(([key]) => key !== "preset");
  return {
    preset: quick.find(([key]) => key === "preset")?.[1] ?? video.preset,
    privateOptions: [...video.privateOptions.filter(([key]) => !replaced.has(key) && key !== "quality"), ...own],
  };
}

/** A mean of `bitrate` over the segment, within its own buffer. */
export function targetRequest(
  request: EncodeRequest,
  bitrate: number,
  buffer: { readonly maxrate: number; readonly bufsize: number } | null,
): EncodeRequest {
  const { video } = request;
  const bounded = buffer === null ? {} : buffer;
  const params = buffer === null ? video.encoderParams : withoutBufferParams(video.encoderParams);
  return withVideo(request, {
    bitrate: Math.max(1000, Math.round(bitrate)),
    // A minimum rate above the segment's mean would pull it away from its share.
    minrate: video.minrate === null ? null : Math.min(video.minrate, Math.round(bitrate)),
    ...bounded,
    encoderParams: params.filter(([key]) => key !== "bitrate"),
  });
}

/** The request of one pass with a segment's own buffer. */
export function boundedRequest(
  request: EncodeRequest,
  buffer: { readonly maxrate: number; readonly bufsize: number },
): EncodeRequest {
  return withVideo(request, { ...buffer, encoderParams: withoutBufferParams(request.video.encoderParams) });
}

/** Adds parameters to the encoder library's own string. */
export function withParams(request: EncodeRequest, params: readonly NamedOption[]): EncodeRequest {
  return withVideo(request, { encoderParams: [...request.video.encoderParams, ...params] });
}

function withVideo(request: EncodeRequest, changes: Partial<VideoRequest>): EncodeRequest {
  return { ...request, video: { ...request.video, ...changes } };
}
