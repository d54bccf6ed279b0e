// What the cluster sees in a file and would do with it, without a cluster: the same probe, index, stream plan, split
// rule and sizing that a job goes through. Encodes nothing.
import { tmpdir } from "node:os";
import { toNumber } from "../../../base/rational.ts";
import { withoutPackets } from "../../../media/audio/silent-tracks.ts";
import { Durations, withCadence } from "../../../media/cadence/find-cadence.ts";
import { learnSyncRule } from "../../../media/cadence/learn-sync-rule.ts";
import { sampledRangeChange } from "../../../media/colour/seen-ranges.ts";
import { readInventory } from "../../../media/ffmpeg/inventory.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import { type FrameRate, frameRateOf } from "../../../media/index/frame-rate.ts";
import { indexSource } from "../../../media/index/index-source.ts";
import { TrackTally, timeBasesOf } from "../../../media/index/track-packets.ts";
import type { SourceInfo } from "../../../media/model/source.ts";
import { frameTimingOf } from "../../../media/plan/frame-timing.ts";
import { lacksFor, needsOf } from "../../../media/plan/needs.ts";
import { OutputGroups } from "../../../media/plan/output-groups.ts";
import {
  audioToEncode,
  chosenVideoStream,
  leftOutOf,
  planStreams,
  type StreamPlan,
} from "../../../media/plan/stream-plan.ts";
import { outputFrameRate } from "../../../media/plan/time-base.ts";
import { mayBeRemuxed } from "../../../media/remux/remux-elementary.ts";
import { bitrateGoalOf } from "../../../media/request/args/bitrate-requests.ts";
import { cutDistance } from "../../../media/request/args/key-distance.ts";
import { splitMode, unlessWhole } from "../../../media/request/args/split-mode.ts";
import { codecOfEncoder } from "../../../media/request/tables/encoders.ts";
import { isNeutralCodec } from "../../../media/request/tables/neutral-codecs.ts";
import { candidatesFor, translateRequest } from "../../../media/request/translate/translate.ts";
import { probeSource } from "../../../media/source/probe.ts";
import { withStartOf } from "../../../media/source/source-clock.ts";
import { requireBurnable } from "../../../media/subtitles/burn-in-files.ts";
import { type Outlook, outlookFor } from "../../scheduler/views/outlook.ts";
import { type CheckedRequest, checkRequest, type RequestDefaults } from "./create-job.ts";
import { type Preview, type PreviewRate, rounded } from "./preview-document.ts";
import { frameRateView, streamViews, videoView } from "./previewed-source.ts";
import { requireEncodable } from "./require-encodable.ts";

const CLIENT_COUNTS = [1, 2, 4, 8];

export interface PreviewOptions {
  readonly path: string;
  readonly inputName: string;
  readonly ffmpegParams: string | null;
  readonly outputName: string | null;
  readonly defaults: RequestDefaults;
  readonly benchmarkSeconds: number;
  readonly signal: AbortSignal;
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
  rate: PreviewRate,
  benchmarkSeconds: number,
  why: { readonly rate: string | null; readonly rangeChange: string | null },
) {
  const asked = unlessWhole(splitMode(checked.request, true, why.rate), why.rangeChange);
  const isWhole = asked.mode === "whole" || !index.seekable;
  const reason = asked.mode === "whole" ? asked.reason : index.seekable ? null : whyWhole(info, index);
  const sourceRate = rate.kind === "constant" ? rate.fps : rate.kind === "variable" ? rate.mean_fps : 25;
  const plan = frameTimingOf(checked.request, info.video.timeBase);
  const asIs = plan === null || plan.keepsTimes;
  const outRate = outputFrameRate(info.video, checked.request);
  const frameRate = asIs || outRate === null ? sourceRate : toNumber(outRate);
  const groups = new OutputGroups(plan, info, cutDistance(checked.request));
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

/** 2: a bit rate is held over the whole video, by the first encoder that can do what is asked. */
function passesFor({ request }: CheckedRequest, { video }: SourceInfo): 1 | 2 {
  const [first] = candidatesFor(request, video, null).candidates;
  if (first === undefined) return 1;
  return bitrateGoalOf(translateRequest(request, first.encoder, video).request) === null ? 1 : 2;
}

/** What this ffmpeg would not do of the job. */
async function lacksHere(
  tools: Tools,
  info: SourceInfo,
  { request }: CheckedRequest,
  plan: StreamPlan,
  signal: AbortSignal,
): Promise<string[]> {
  const { encoder } = request.video;
  const named = isNeutralCodec(encoder) ? [] : [encoder];
  const encoders = new Set([...named, ...audioToEncode(plan).map(({ action }) => action.encoder)]);
  return lacksFor(await readInventory(tools, signal), needsOf(info, request), [...encoders], codecOfEncoder(encoder));
}

/** Errors: those of checkRequest, probeSource and indexSource: what a submit of the same would be refused for. */
export async function preview(tools: Tools, options: PreviewOptions): Promise<Preview> {
  const { path, signal } = options;
  const told = checkRequest(options.defaults, options.ffmpegParams, options.outputName, options.inputName);
  const first = await probeSource(tools, path, { signal });
  const videoStream = chosenVideoStream(first.streams, told.request.maps);
  const probed = videoStream === undefined ? first : await probeSource(tools, path, { signal, videoStream });
  const announced = planStreams(probed, told.request, told.container);
  const info = withStartOf(probed, announced);
  requireBurnable(info, told.request);
  const [candidate] = candidatesFor(told.request, info.video, null).candidates;
  if (candidate !== undefined) await requireEncodable(tools, { path, info }, told.request, candidate.encoder, signal);
  const durations = new Durations();
  const tally = new TrackTally();
  const [rangeChange, rule, index] = await Promise.all([
    sampledRangeChange(tools, path, info, signal),
    told.request.video.frameRate === null ? null : learnSyncRule(tools, tmpdir(), signal),
    indexSource(tools, path, info, {
      signal,
      isEstimate: true,
      onGops: () => undefined,
      onPacket: (packet) => durations.add(packet),
      tally,
    }),
  ]);
  const plan = leftOutOf(announced, withoutPackets(announced, tally.tracks(timeBasesOf(info))));
  const rated = withCadence(rule, told.request, info, index, durations);
  const checked = { ...told, request: rated.request };
  const { realFrameRate, averageFrameRate, timeBase } = info.video;
  const declared = [realFrameRate, averageFrameRate].filter((rate) => rate !== null);
  const rate: FrameRate =
    index.uncounted.withoutPts > 0
      ? { kind: "unknown", reason: index.reason ?? "the frames have no times" }
      : frameRateOf(index.framePts(null, null), timeBase, declared);
  const frameRate = frameRateView(rate, timeBase);
  return {
    ffmpeg: { version: tools.version, lacks: await lacksHere(tools, info, told, plan, signal) },
    file: path,
    bytes: info.bytes,
    container: info.formatName,
    start_seconds: first.startMicroseconds / 1e6,
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
    split: splitView(info, index, checked, frameRate, options.benchmarkSeconds, { rate: rated.why, rangeChange }),
  };
}
