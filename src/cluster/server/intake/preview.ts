// Shows what a job would find in a file and do with it, without a cluster: the same probe, index, stream plan, split rule
// and sizing. Encodes nothing.
import { tmpdir } from "node:os";
import { type Rational, toNumber } from "../../../base/rational.ts";
import { neverHeard } from "../../../media/audio/silent-tracks.ts";
import { Durations, withCadence } from "../../../media/cadence/find-cadence.ts";
import { learnSyncRule } from "../../../media/cadence/learn-sync-rule.ts";
import { readInventory } from "../../../media/ffmpeg/builds/inventory.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import { frameRateOf } from "../../../media/index/frame-rate.ts";
import { indexSource } from "../../../media/index/index-source.ts";
import { TrackTally, timeBasesOf } from "../../../media/index/track-packets.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { SourceInfo, SourceVideo } from "../../../media/model/source.ts";
import { type FrameTiming, frameTimingOf } from "../../../media/plan/frame-timing.ts";
import { lacksFor, needsOf } from "../../../media/plan/needs.ts";
import { audioToEncode, leftOutOf, type StreamPlan } from "../../../media/plan/stream-plan.ts";
import { requireSpreadSound } from "../../../media/recipe/collapsed-sound.ts";
import { CuttableGroups } from "../../../media/recipe/cuttable-groups.ts";
import { planSource } from "../../../media/recipe/plan-source.ts";
import { planVideo } from "../../../media/recipe/plan-video.ts";
import { requireRateKept, withBitrateForSize } from "../../../media/recipe/size-goal.ts";
import { trySource } from "../../../media/recipe/try-source.ts";
import { mayBeRemuxed } from "../../../media/remux/remux-elementary.ts";
import { bitrateGoalOf } from "../../../media/request/args/bitrate-requests.ts";
import { codecOfEncoder } from "../../../media/request/tables/encoders.ts";
import { isNeutralCodec } from "../../../media/request/tables/neutral-codecs.ts";
import { candidatesFor } from "../../../media/request/translate/translate.ts";
import { type Outlook, outlookFor } from "../../scheduler/views/outlook.ts";
import { requestOf } from "../job/job-request.ts";
import { type CheckedRequest, checkRequest, type RequestDefaults } from "./check-request.ts";
import { formatLacking } from "./plan-format.ts";
import { type Preview, type PreviewRate, rounded } from "./preview-document.ts";
import { frameRateView, streamViews, videoView } from "./previewed-source.ts";

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

/** Remuxing takes two decodes: a job tries it, the preview does not. */
function whyWhole(info: SourceInfo, index: FrameIndex): string {
  const reason = index.reason ?? "the source can't be sought";
  return mayBeRemuxed(info) ? `${reason}; a job remuxes it first and splits it where that proves exact` : reason;
}

interface Found {
  readonly info: SourceInfo;
  readonly index: FrameIndex;
  readonly checked: CheckedRequest;
  /** Translated for the first encoder that can do what is asked. */
  readonly resolved: EncodeRequest;
  readonly rate: PreviewRate;
  readonly whyNoCadence: string | null;
  readonly rangeChange: string | null;
}

/** Frames a second of the output, for the estimate. */
function frameRateOfOutput(timing: FrameTiming | null, outputFrameRate: Rational | null, rate: PreviewRate): number {
  const keepsRate = timing === null || timing.keepsTimes;
  if (!keepsRate && outputFrameRate !== null) return toNumber(outputFrameRate);
  return rate.kind === "constant" ? rate.fps : rate.kind === "variable" ? rate.mean_fps : 25;
}

function splitView(found: Found, benchmarkSeconds: number): Preview["split"] {
  const { info, index, rate } = found;
  const { request, container } = found.checked;
  const video = planVideo({ ...found, request, container, exactly: true });
  const asked = video.split;
  const isWhole = asked.mode === "whole" || !index.seekable;
  const reason = asked.mode === "whole" ? asked.reason : index.seekable ? null : whyWhole(info, index);
  const timing = frameTimingOf(request, info.video.timeBase);
  const groups = new CuttableGroups(info, request, null, timing);
  const gops = isWhole ? [] : [...groups.add(index.gops, index), ...groups.finish(index)];
  const secondsPerTick = toNumber(index.timeBase);
  const seconds = ((index.endPts ?? 0) - (index.firstPts ?? 0)) * secondsPerTick;
  const frameRate = frameRateOfOutput(timing, video.frameRate, rate);
  const { encoder } = request.video;
  const outlooks = CLIENT_COUNTS.map(
    (clients): Outlook =>
      isWhole
        ? { clients, segments: 1, busyClients: 1, longestSegmentSeconds: seconds }
        : outlookFor(gops, { clients, frameRate, secondsPerTick, benchmarkSeconds, encoder }),
  );
  return {
    mode: isWhole ? "whole" : "keyframes",
    reason,
    outlook: outlooks.map(({ clients, segments, busyClients, longestSegmentSeconds }) => ({
      clients,
      segments,
      busy_clients: busyClients,
      longest_segment_seconds: rounded(longestSegmentSeconds),
    })),
  };
}

/** What the local ffmpeg lacks for the job. */
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

/** Finds in one pass over the packets what a job finds in several. */
async function readSource(tools: Tools, path: string, info: SourceInfo, request: EncodeRequest, signal: AbortSignal) {
  const durations = new Durations();
  const tally = new TrackTally();
  const [rule, index] = await Promise.all([
    request.video.frameRate === null ? null : learnSyncRule(tools, tmpdir(), signal),
    indexSource(tools, path, info, {
      signal,
      isEstimate: true,
      onGops: () => undefined,
      onPacket: (packet) => durations.add(packet),
      tally,
    }),
  ]);
  const rated = withCadence(rule, request, info, index, durations);
  return { index, rated, tracks: tally.tracks(timeBasesOf(info)) };
}

function frameRateIn(index: FrameIndex, info: SourceInfo): PreviewRate {
  const { realFrameRate, averageFrameRate, timeBase } = info.video;
  if (index.uncounted.withoutPts > 0) return { kind: "unknown", reason: index.reason ?? "the frames have no times" };
  const declared = [realFrameRate, averageFrameRate].filter((rate) => rate !== null);
  return frameRateView(frameRateOf(index.framePts(null, null), timeBase, declared), timeBase);
}

/** A pixel format that the request asks for and that the encoder of the local ffmpeg lacks. */
function lackingFormat(request: EncodeRequest, encoder: string, video: SourceVideo, tried: string | null): string[] {
  const lacking = formatLacking({ request, encoder, video, tried });
  return lacking === null ? [] : [`has no ${lacking} in its ${encoder}`];
}

/** Errors: those of checkRequest, planSource, trySource, indexSource and requireSpreadSound, for which a submit of the same file would be refused too. */
export async function preview(tools: Tools, options: PreviewOptions): Promise<Preview> {
  const { path, signal } = options;
  const asked = checkRequest(options.defaults, options.ffmpegParams, options.outputName, options.inputName);
  const { info, plan: announced, fileStartMicroseconds } = await planSource(tools, path, asked, { signal });
  const [candidate] = candidatesFor(asked.request, info.video, null).candidates;
  const request = await withBitrateForSize(tools, { path, info, plan: announced }, asked.request, signal);
  const encoder = candidate?.encoder ?? null;
  const tried = await trySource(tools, { path, info, plan: announced }, { request, encoder }, signal);
  const shallow =
    encoder === null ? [] : lackingFormat(request, encoder, info.video, tried.picture?.pixelFormat ?? null);
  const { index, rated, tracks } = await readSource(tools, path, info, request, signal);
  requireSpreadSound(tracks, announced);
  const plan = leftOutOf(announced, neverHeard(announced, info.formatName, tracks));
  const checked = { ...asked, request: rated.request };
  const resolved = encoder === null ? null : requestOf({ request: rated.request, info }, encoder);
  if (asked.request.video.outputBytes !== undefined && resolved !== null) requireRateKept(resolved);
  const rate = frameRateIn(index, info);
  const found = {
    info,
    index,
    checked,
    resolved: resolved ?? rated.request,
    rate,
    whyNoCadence: rated.why,
    rangeChange: tried.rangeChange,
  };
  return {
    ffmpeg: { version: tools.version, lacks: [...(await lacksHere(tools, info, asked, plan, signal)), ...shallow] },
    file: path,
    bytes: info.bytes,
    container: info.formatName,
    start_seconds: fileStartMicroseconds / 1e6,
    duration_seconds: info.durationMicroseconds === null ? null : info.durationMicroseconds / 1e6,
    chapters: info.chapterCount,
    video: videoView(info, index, rate),
    streams: streamViews(plan, checked),
    request: {
      ffmpeg_params: checked.requestText,
      output_name: checked.outputName,
      container: checked.container,
      encoder: checked.request.video.encoder,
      video_bits_per_second: resolved?.video.bitrate ?? null,
      passes: resolved === null || bitrateGoalOf(resolved) === null ? 1 : 2,
    },
    split: splitView(found, options.benchmarkSeconds),
  };
}
