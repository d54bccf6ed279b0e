// The first step from a file to an output: which of its video streams is encoded, and what becomes of every stream.
import { withFirstLayouts } from "../audio/first-layouts.ts";
import { type CorrectedSource, correctClock } from "../clock/correct-clock.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container, SourceInfo } from "../model/source.ts";
import { audioToEncode, chosenVideoStream, planStreams, type StreamPlan } from "../plan/stream-plan.ts";
import { keptTick } from "../plan/time-base.ts";
import { requireBoundedPictures } from "../request/args/picture-bounds.ts";
import { type ProbeOptions, probeSource } from "../source/probe.ts";
import { withStartOf } from "../source/source-clock.ts";
import { requireBurnable } from "../subtitles/burn-in-files.ts";

export interface WantedOutput {
  readonly request: EncodeRequest;
  readonly container: Container;
}

export interface PlannedSource {
  /** With the video stream that is encoded; it starts where the first of the streams that are kept starts. */
  readonly info: SourceInfo;
  /** By the file's headers alone: a track that holds no packets is still in it. */
  readonly plan: StreamPlan;
  /** Where the file says that it starts, with all its streams. */
  readonly fileStartMicroseconds: number;
}

type PlanOptions = Pick<ProbeOptions, "signal" | "named">;

/** The source with the video stream that the request's `-map` picks, or its first. */
async function probeChosen(
  tools: Tools,
  path: string,
  request: EncodeRequest,
  options: PlanOptions,
): Promise<SourceInfo> {
  const info = await probeSource(tools, path, options);
  const videoStream = chosenVideoStream(info.streams, request.maps);
  if (videoStream === undefined || videoStream === info.video.streamIndex) return info;
  return await probeSource(tools, path, { ...options, videoStream });
}

/** Errors: those of probeSource, planStreams, requireBurnable and requireBoundedPictures, which are all that the file itself is refused for. */
export async function planSource(
  tools: Tools,
  path: string,
  { request, container }: WantedOutput,
  options: PlanOptions = {},
): Promise<PlannedSource> {
  const probed = await probeChosen(tools, path, request, options);
  const byHeaders = { info: probed, plan: planStreams(probed, request, container) };
  const info = await withFirstLayouts(tools, path, byHeaders, options.signal);
  const plan = info === probed ? byHeaders.plan : planStreams(info, request, container);
  requireBurnable(info, request);
  requireBoundedPictures(info.video, request);
  return { info: withStartOf(info, plan, tools), plan, fileStartMicroseconds: info.startMicroseconds };
}

/** A source whose clock starts anew in the middle: what is read instead, and what the plan is of it. */
export interface SourceOnOneClock extends Pick<CorrectedSource, "path" | "note"> {
  readonly planned: PlannedSource;
}

/** `target.path`: where the copy goes, which lies in `target.folder`. Null: the source is read itself. Errors: those of correctClock. */
export async function planOnOneClock(
  tools: Tools,
  { path, planned }: { readonly path: string; readonly planned: PlannedSource },
  { request, container }: WantedOutput,
  target: { readonly path: string; readonly folder: string },
  signal?: AbortSignal,
): Promise<SourceOnOneClock | null> {
  const { info, plan } = planned;
  const encoded = audioToEncode(plan).map(({ source }) => source.index);
  const used = {
    kept: plan.streams.map(({ source }) => source.index),
    decoded: [info.video.streamIndex, ...encoded],
    keptTick: keptTick(info.video, request, container),
  };
  const corrected = await correctClock(tools, { path, info }, used, target, signal);
  if (corrected === null) return null;
  const { path: copy, note, info: moved } = corrected;
  const again = planStreams(moved, request, container);
  const fileStartMicroseconds = moved.startMicroseconds;
  return { path: copy, note, planned: { info: withStartOf(moved, again, tools), plan: again, fileStartMicroseconds } };
}
