// What the cluster sees in a file and would do with it, without a cluster: the same probe, index, stream plan, split
// rule and sizing that a job goes through. Encodes nothing.
import { formatRational, type Rational, toNumber } from "../../../base/rational.ts";
import type { FrameIndex } from "../../../media/frame-index.ts";
import { type FrameRate, frameRateOf } from "../../../media/frame-rate.ts";
import { indexSource } from "../../../media/index-source.ts";
import { OutputGroups } from "../../../media/output-groups.ts";
import { outputPlan } from "../../../media/output-plan.ts";
import { probeSource } from "../../../media/probe.ts";
import { rateGoalOf } from "../../../media/rate/rate-requests.ts";
import { mayBeRemuxed } from "../../../media/remux/remux-elementary.ts";
import { splitMode } from "../../../media/request/split-mode.ts";
import { candidatesFor, translateRequest } from "../../../media/request/translate/translate.ts";
import { requireBurnable } from "../../../media/side-files.ts";
import { chosenVideoStream, planStreams, type StreamPlan } from "../../../media/stream-plan.ts";
import { outputRate } from "../../../media/time-base.ts";
import type { Tools } from "../../../media/tools.ts";
import type { SourceInfo, SourceStream } from "../../../media/types.ts";
import { type Outlook, outlookFor } from "../../scheduler/views/outlook.ts";
import { type CheckedRequest, checkRequest, type RequestDefaults } from "./create-job.ts";

const CLIENT_COUNTS = [1, 2, 4, 8];

export interface ForeseeOptions {
  readonly path: string;
  readonly inputName: string;
  readonly ffmpegParams: string | null;
  readonly outputName: string | null;
  readonly defaults: RequestDefaults;
  readonly benchmarkSeconds: number;
  readonly signal: AbortSignal;
}

export interface KeyFrameSpacing {
  readonly count: number;
  /** Frames and seconds from a key frame to the next, or to the end. */
  readonly mean_frames: number;
  readonly mean_seconds: number;
  readonly longest_frames: number;
  readonly longest_seconds: number;
}

export type ForeseenRate =
  | { readonly kind: "constant"; readonly rate: string; readonly fps: number }
  | {
      readonly kind: "variable";
      readonly mean_fps: number;
      /** Seconds between neighbouring frames. */
      readonly shortest_seconds: number;
      readonly longest_seconds: number;
    }
  | { readonly kind: "unknown"; readonly reason: string };

export interface ForeseenStream {
  readonly index: number;
  readonly type: string;
  readonly codec: string;
  readonly language: string | null;
  readonly title: string | null;
  readonly dispositions: readonly string[];
  readonly action: "encode" | "copy" | "convert" | "leave-out";
  /** Encoder, for what is encoded or converted. */
  readonly encoder: string | null;
  /** Why it is left out. */
  readonly reason: string | null;
}

/** The document of `probe --json`; snake case is the contract's. */
export interface Foreseen {
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
    readonly frame_rate: ForeseenRate;
    /** Null when the file gives its frames no times and they are counted by decoding only. */
    readonly frames: number | null;
    /** Packets that are no frames of the output: hidden by an edit list, before the first key frame, sharing a time. */
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
  /** In output order, then what is left out. */
  readonly streams: readonly ForeseenStream[];
  readonly request: {
    readonly ffmpeg_params: string;
    readonly output_name: string;
    readonly container: string;
    readonly encoder: string;
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

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function rateView(rate: FrameRate, timeBase: Rational): ForeseenRate {
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

/** Null when the index has no group of pictures. */
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

function streamViews(plan: StreamPlan, checked: CheckedRequest): ForeseenStream[] {
  const view = (source: SourceStream, rest: Pick<ForeseenStream, "action" | "encoder" | "reason">): ForeseenStream => ({
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

/** Remuxing takes two decodes: a job tries it, an estimate does not. */
function whyWhole(info: SourceInfo, index: FrameIndex): string {
  const reason = index.reason ?? "the source can't be sought";
  return mayBeRemuxed(info) ? `${reason}; a job remuxes it first and splits it where that is shown exact` : reason;
}

function splitView(
  info: SourceInfo,
  index: FrameIndex,
  checked: CheckedRequest,
  rate: ForeseenRate,
  benchmarkSeconds: number,
) {
  const asked = splitMode(checked.request);
  const isWhole = asked.mode === "whole" || !index.seekable;
  const reason = asked.mode === "whole" ? asked.reason : index.seekable ? null : whyWhole(info, index);
  const sourceRate = rate.kind === "constant" ? rate.fps : rate.kind === "variable" ? rate.mean_fps : 25;
  const plan = outputPlan(checked.request, info.video.timeBase);
  const asIs = plan === null || plan.keepsTimes;
  const outRate = outputRate(info.video, checked.request);
  const frameRate = asIs || outRate === null ? sourceRate : toNumber(outRate);
  const groups = new OutputGroups(plan, info);
  const gops = isWhole ? [] : [...groups.add(index.gops, index), ...groups.finish(index)];
  const seconds = ((index.endPts ?? 0) - (index.firstPts ?? 0)) * toNumber(index.timeBase);
  const whole = (clients: number): Outlook => ({
    clients,
    segments: 1,
    busyClients: 1,
    longestSegmentSeconds: seconds,
  });
  const secondsPerTick = toNumber(index.timeBase);
  const outlooks = CLIENT_COUNTS.map((clients) =>
    isWhole
      ? whole(clients)
      : outlookFor(gops, {
          clients,
          frameRate,
          secondsPerTick,
          benchmarkSeconds,
          encoder: checked.request.video.encoder,
        }),
  );
  return {
    mode: isWhole ? ("whole" as const) : ("keyframes" as const),
    reason,
    outlook: outlooks.map(({ clients, segments, busyClients, longestSegmentSeconds }) => ({
      clients,
      segments,
      busy_clients: busyClients,
      longest_segment_seconds: rounded(longestSegmentSeconds),
    })),
  };
}

function videoView(info: SourceInfo, index: FrameIndex, frame_rate: ForeseenRate): Foreseen["video"] {
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

/** 2: a bit rate is held over the whole video, by the first encoder that can do what is asked. */
function passesFor({ request }: CheckedRequest, { video }: SourceInfo): 1 | 2 {
  const [first] = candidatesFor(request, video, null).candidates;
  if (first === undefined) return 1;
  return rateGoalOf(translateRequest(request, first.encoder, video).request) === null ? 1 : 2;
}

/** Errors: those of checkRequest, probeSource and indexSource: what a submit of the same would be refused for. */
export async function foresee(tools: Tools, options: ForeseeOptions): Promise<Foreseen> {
  const { path, signal } = options;
  const checked = checkRequest(options.defaults, options.ffmpegParams, options.outputName, options.inputName);
  const first = await probeSource(tools, path, { signal });
  const videoStream = chosenVideoStream(first.streams, checked.request.maps);
  const info = videoStream === undefined ? first : await probeSource(tools, path, { signal, videoStream });
  const plan = planStreams(info, checked.request, checked.container);
  requireBurnable(info, checked.request);
  const index = await indexSource(tools, path, info, { signal, onGops: () => undefined });
  const { realFrameRate, averageFrameRate, timeBase } = info.video;
  const declared = [realFrameRate, averageFrameRate].filter((rate) => rate !== null);
  const rate: FrameRate =
    index.uncounted.withoutPts > 0
      ? { kind: "unknown", reason: index.reason ?? "the frames have no times" }
      : frameRateOf(index.framePts(null, null), timeBase, declared);
  const frameRate = rateView(rate, timeBase);
  return {
    file: path,
    bytes: info.bytes,
    container: info.formatName,
    start_seconds: info.startMicroseconds / 1e6,
    duration_seconds: info.durationMicroseconds === null ? null : info.durationMicroseconds / 1e6,
    chapters: info.chapterCount,
    video: videoView(info, index, frameRate),
    streams: streamViews(plan, checked),
    request: {
      ffmpeg_params: checked.requestText,
      output_name: checked.outputName,
      container: checked.container,
      encoder: checked.request.video.encoder,
      passes: passesFor(checked, info),
    },
    split: splitView(info, index, checked, frameRate, options.benchmarkSeconds),
  };
}
