// Writes the video part of a request as ffmpeg arguments. Pure.

import { parseRational } from "../../../base/rational.ts";
import type { FilterText } from "../../ffmpeg/filter-graph.ts";
import type { EncodeRequest, FilterCall, NamedOption, QualityKind } from "../../model/encode-request.ts";
import type { SourceVideo } from "../../model/source.ts";
import { renderCadence } from "../filters/render-cadence.ts";
import { renderFilter } from "../filters/render-filters.ts";
import { PARAM_OPTION } from "../tables/encoder-params.ts";
import { findVideoEncoder, type VideoEncoder } from "../tables/encoders.ts";
import { optionWord } from "../values/colour-words.ts";
import { withClosedGop } from "./closed-gop.ts";
import { sourceParams } from "./source-params.ts";

const QUALITY_OPTION: Readonly<Record<QualityKind, string>> = {
  crf: "-crf",
  cq: "-cq",
  qp: "-qp",
  qscale: "-q:v",
  global_quality: "-global_quality",
  percent: "-quality",
};

/**
 * From `-c:v` to the encoder's parameters, for one segment; renderedChain has size, rate and filters. `threads`: a
 * slot's share of the machine; absent: the encoder decides. `source`: adds what the encoder must know about the
 * source's picture.
 */
export function videoEncoderArgs(
  request: EncodeRequest,
  options: { readonly threads?: number; readonly source?: SourceVideo } = {},
): string[] {
  const { video } = request;
  const encoder = findVideoEncoder("-c:v", video.encoder);
  const args = ["-c:v", video.encoder, ...userArgs(asSegment(request, encoder))];
  const { source } = options;
  const fromSource =
    source === undefined || encoder.params === null ? [] : sourceParams(encoder.params, source, request);
  const forced = [...fromSource, ...forcedParams(encoder, options.threads)];
  if (encoder.params !== null && video.encoderParams.length + forced.length > 0) {
    const pairs = [...video.encoderParams, ...forced].map(([key, value]) => `${key}=${value}`);
    args.push(`-${PARAM_OPTION[encoder.params]}`, pairs.join(":"));
  }
  // libx265 reads -threads as its number of frame threads and libsvtav1 not at all: theirs are parameters.
  if (
    encoder.family === "software" &&
    encoder.params !== "x265" &&
    encoder.params !== "svtav1" &&
    options.threads !== undefined
  ) {
    args.push("-threads", String(options.threads));
  }
  return args;
}

/** VA-API's encoders take frames of the device only: their pixel format is that of the upload (encode-device.ts). */
function asSegment(request: EncodeRequest, encoder: VideoEncoder): EncodeRequest {
  const { video } = request;
  const pixelFormat = encoder.family === "vaapi" ? null : (video.pixelFormat ?? video.encodedFormat ?? null);
  return { ...request, video: { ...video, pixelFormat, privateOptions: withClosedGop(encoder, video) } };
}

/** The user's options except `-c:v` and the parameter string, in a fixed order. */
export function userArgs({ video }: EncodeRequest): string[] {
  const args: string[] = [];
  const add = (name: string, value: string | number | null): void => {
    if (value !== null) args.push(name, String(value));
  };
  if (video.quality !== null) add(QUALITY_OPTION[video.quality.kind], video.quality.value);
  add("-b:v", video.bitrate);
  add("-minrate", video.minrate);
  add("-maxrate", video.maxrate);
  add("-bufsize", video.bufsize);
  add("-preset", video.preset);
  add("-tune", video.tune);
  add("-profile:v", video.profile);
  add("-level", video.level);
  add("-pix_fmt", video.pixelFormat);
  add("-g", video.gop);
  add("-keyint_min", video.keyintMin);
  add("-bf", video.bFrames);
  add("-refs", video.refs);
  for (const [key, value] of video.privateOptions) add(`-${key}`, value);
  add("-color_range", video.colour.range === null ? null : optionWord("range", video.colour.range));
  add("-colorspace", video.colour.space);
  add("-color_trc", video.colour.transfer);
  add("-color_primaries", video.colour.primaries);
  add("-chroma_sample_location", video.colour.chromaLocation);
  add("-field_order", video.fieldOrder);
  return args;
}

/** A segment must be closed: x265 alone defaults to open GOP. Threads in the words of each library. */
function forcedParams(encoder: VideoEncoder, threads: number | undefined): readonly NamedOption[] {
  const share = String(threads);
  switch (encoder.params) {
    case "x265":
      return [
        ["open-gop", "0"],
        // x265 counts the machine's cores, not the pool's, when it picks frame threads: its own table, by the pool.
        ...(threads === undefined
          ? []
          : ([
              ["pools", share],
              ["frame-threads", threads >= 8 ? "3" : threads >= 4 ? "2" : "1"],
            ] as const)),
      ];
    case "svtav1":
      return threads === undefined ? [] : [["lp", share]];
    case "x264":
    case "aom":
    case null:
      return [];
  }
}

/** The user's filters, then -s, in ffmpeg's order; -r follows them. */
export function filterChain(request: EncodeRequest): readonly FilterCall[] {
  const { size } = request.video;
  return [
    ...request.filters,
    ...(size === null
      ? []
      : [
          {
            name: "scale",
            options: [
              ["w", String(size.width)],
              ["h", String(size.height)],
            ] as const,
          },
        ]),
  ];
}

/** The whole chain as ffmpeg's text, one word for each filter and one for the cadence that makes -r. */
export function renderedChain(request: EncodeRequest, calls = filterChain(request)): readonly FilterText[] {
  const { frameRate, cadence } = request.video;
  const filters = calls.map(renderFilter);
  const rate = frameRate === null ? null : parseRational(frameRate);
  return rate === null || cadence === undefined ? filters : [...filters, renderCadence(cadence, rate)];
}
