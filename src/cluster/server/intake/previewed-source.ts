// The part of the preview that describes the file: frame rate, key frames, video and other streams.
import { formatRational, type Rational, toNumber } from "../../../base/rational.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import type { FrameRate } from "../../../media/index/frame-rate.ts";
import type { SourceInfo, SourceStream } from "../../../media/model/source.ts";
import type { StreamPlan } from "../../../media/plan/stream-plan.ts";
import type { CheckedRequest } from "./check-request.ts";
import {
  type KeyFrameSpacing,
  type Preview,
  type PreviewRate,
  type PreviewStream,
  rounded,
} from "./preview-document.ts";

export function frameRateView(rate: FrameRate, timeBase: Rational): PreviewRate {
  switch (rate.kind) {
    case "constant":
      return { kind: "constant", rate: formatRational(rate.rate), fps: rounded(toNumber(rate.rate)) };
    case "variable": {
      const seconds = (ticks: number) => rounded(ticks * toNumber(timeBase));
      const { shortest, longest } = rate;
      const mean_fps = rounded(toNumber(rate.mean));
      return {
        kind: "variable",
        mean_fps,
        shortest_seconds: seconds(shortest),
        longest_seconds: seconds(longest),
      };
    }
    case "unknown":
      return rate;
  }
}

/** Null when the source has no group of pictures. */
function keyFrameSpacing(index: FrameIndex): KeyFrameSpacing | null {
  const { gops, timeBase } = index;
  const first = gops[0];
  const last = gops.at(-1);
  if (first === undefined || last === undefined) return null;
  const tick = toNumber(timeBase);
  const frames = gops.reduce((sum, gop) => sum + gop.frames, 0);
  return {
    count: gops.length,
    mean_frames: rounded(frames / gops.length),
    mean_seconds: rounded(((last.endPts - first.startPts) * tick) / gops.length),
    longest_frames: gops.reduce((most, gop) => Math.max(most, gop.frames), 0),
    longest_seconds: rounded(gops.reduce((most, gop) => Math.max(most, gop.endPts - gop.startPts), 0) * tick),
  };
}

export function streamViews(plan: StreamPlan, checked: CheckedRequest): PreviewStream[] {
  const view = (source: SourceStream, rest: Pick<PreviewStream, "action" | "encoder" | "reason">): PreviewStream => ({
    index: source.index,
    type: source.isAttachedPicture ? "cover" : source.type,
    codec: source.codec,
    language: source.language,
    title: source.title,
    dispositions: source.dispositions,
    ...rest,
  });
  const kept = plan.streams.map(({ source, action }) => {
    switch (action.kind) {
      case "encode-video":
        return view(source, { action: "encode", encoder: checked.request.video.encoder, reason: null });
      case "copy":
      case "attach":
        return view(source, { action: "copy", encoder: null, reason: null });
      case "encode-audio":
        return view(source, { action: "encode", encoder: action.encoder, reason: null });
      case "convert-subtitle":
        return view(source, { action: "convert", encoder: action.encoder, reason: null });
    }
  });
  const left = plan.leftOut.map(({ source, reason }) => view(source, { action: "leave-out", encoder: null, reason }));
  return [...kept, ...left];
}

export function videoView(info: SourceInfo, index: FrameIndex, frame_rate: PreviewRate): Preview["video"] {
  const { video } = info;
  const { discarded, leading, samePts, withoutPts } = index.uncounted;
  const { range, space, transfer, primaries, chromaLocation } = video.colour;
  return {
    stream_index: video.streamIndex,
    codec: video.codec,
    profile: video.profile,
    width: video.width,
    height: video.height,
    pixel_format: video.pixelFormat,
    has_alpha: video.hasAlpha,
    time_base: formatRational(video.timeBase),
    frame_rate,
    frames: withoutPts > 0 ? null : index.frameCount,
    uncounted: { discarded, leading, same_time: samePts },
    key_frames: keyFrameSpacing(index),
    colour: { range, space, transfer, primaries, chroma_location: chromaLocation },
    rotation_degrees: video.rotationDegrees,
    sample_aspect_ratio: video.sampleAspectRatio === null ? null : formatRational(video.sampleAspectRatio),
    field_order: video.fieldOrder,
  };
}
