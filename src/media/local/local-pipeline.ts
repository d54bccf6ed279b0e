// The whole path of a video in one process, without a cluster: index, cut, encode, verify, stitch, check. `doctor`'s
// self-test and the tests run it; the cluster does the same steps on many machines.
import { mkdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MICROSECONDS, type Pts, rescale } from "../../base/rational.ts";
import { encodeAudio } from "../audio/encode-audio.ts";
import { withoutPackets } from "../audio/silent-tracks.ts";
import { findCadence } from "../cadence/find-cadence.ts";
import { correctClock } from "../clock/correct-clock.ts";
import { sampledRangeChange } from "../colour/seen-ranges.ts";
import { forContainer } from "../colour/untold-range.ts";
import { restartsClock } from "../ffmpeg/formats.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { isFirstOfGroup, type Piece } from "../index/cut-points.ts";
import { FrameGrid } from "../index/frame-grid.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import { indexSource } from "../index/index-source.ts";
import { TrackTally, timeBasesOf } from "../index/track-packets.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container, SourceInfo } from "../model/source.ts";
import { candidateGrid } from "../plan/candidate-grid.ts";
import { frameTimingOf } from "../plan/frame-timing.ts";
import { OutputGroups } from "../plan/output-groups.ts";
import { lastFrameTicks } from "../plan/planned-frames.ts";
import { chosenVideoStream, leftOutOf, planStreams, type StreamPlan } from "../plan/stream-plan.ts";
import { cutDistance, keyDistance } from "../request/args/key-distance.ts";
import { inOneRun, splitMode, unlessWhole } from "../request/args/split-mode.ts";
import { compareSeam } from "../segment/seams.ts";
import type { SegmentRange } from "../segment/segment-task.ts";
import { probeSource } from "../source/probe.ts";
import { sourceMicroseconds, withStartOf } from "../source/source-clock.ts";
import { readOutputClock } from "../stitch/output-clock.ts";
import { stitch } from "../stitch/stitch.ts";
import { convertUpload, extractSubtitles, wantedSubtitles, withSideFiles } from "../subtitles/burn-in-files.ts";
import { joinerFor } from "../subtitles/subtitle-cuts.ts";
import { checkOutput, type OutputCheck } from "../verify/check-output.ts";
import { readSourceExtras } from "../verify/extras/check-extras.ts";
import { ReferenceDecode } from "../verify/frames/reference-decode.ts";
import type { SampledSegment } from "../verify/picture/choose-samples.ts";
import { decodeSourceSound } from "../verify/sound/check-sound.ts";
import { gridIn, type LocalSegment, makeSegment } from "./local-segment.ts";

export interface LocalResult {
  readonly info: SourceInfo;
  readonly index: FrameIndex;
  readonly plan: StreamPlan;
  readonly segments: readonly LocalSegment[];
  readonly seamProblems: readonly string[];
  /** Every rung of the ladder that was needed. */
  readonly notes: readonly string[];
  readonly outputPath: string;
  readonly check: OutputCheck;
}

export interface LocalOptions {
  readonly workDir: string;
  readonly container: Container;
  /** Least length of a segment. */
  readonly segmentSeconds: number;
  readonly threads: number | null;
  /** Path of the file that `subtitles=upload` draws. */
  readonly subtitles?: string;
  /** False: filters of unbounded memory are split too. */
  readonly exactly?: boolean;
  /** Every picture is held against the source's. */
  readonly everyPicture?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Groups of pictures joined until each range lasts so long; parts of a group stay together. */
function groupGops(
  gops: readonly Pick<Piece, "startPts" | "endPts" | "leadFrames" | "opensGroup">[],
  ticksAtLeast: number,
): SegmentRange[] {
  const ranges: { startPts: Pts; endPts: Pts }[] = [];
  for (const gop of gops) {
    const last = ranges.at(-1);
    const isPart = !isFirstOfGroup(gop);
    if (last !== undefined && (isPart || last.endPts - last.startPts < ticksAtLeast)) last.endPts = gop.endPts;
    else ranges.push({ startPts: gop.startPts, endPts: gop.endPts });
  }
  return ranges;
}

/** The subtitles that are drawn; `options.subtitles` is the file that stands for an uploaded one. */
async function makeSideFiles(
  tools: Tools,
  source: { readonly path: string; readonly info: SourceInfo },
  request: EncodeRequest,
  options: LocalOptions,
): Promise<string[]> {
  const files: string[] = [];
  for (const [number, wanted] of wantedSubtitles(request).entries()) {
    const file = join(options.workDir, `subtitles-${number}.mkv`);
    if (wanted.from === "source") await extractSubtitles(tools, source, wanted.track, file, options.signal);
    else await convertUpload(tools, await uploadOf(options), file);
    files.push(file);
  }
  return files;
}

async function uploadOf({ subtitles }: LocalOptions) {
  if (subtitles === undefined) throw new Error("the request draws a file that is not given");
  return { name: basename(subtitles), path: subtitles, bytes: (await stat(subtitles)).size };
}

/** The source on one clock, counted from the start of the streams that are kept. */
async function openSource(tools: Tools, given: string, told: EncodeRequest, options: LocalOptions) {
  const { workDir, container, signal } = options;
  const first = await probeSource(tools, given, { signal });
  const videoStream = chosenVideoStream(first.streams, told.maps);
  const probed = videoStream === undefined ? first : await probeSource(tools, given, { signal, videoStream });
  await mkdir(workDir, { recursive: true });
  const target = { path: join(workDir, "corrected.ts"), folder: workDir };
  const corrected = await correctClock(tools, { path: given, info: probed }, target, signal);
  const { path, info } = corrected ?? { path: given, info: probed };
  return { path, info: withStartOf(info, planStreams(info, told, container)), note: corrected?.note ?? null };
}

/** Where a segment climbed the ladder, the beginning of the source alone is sure. */
function lookedAt({ task, facts, leadIn, report }: LocalSegment): SampledSegment {
  return {
    startPts: task.startPts,
    endPts: task.endPts,
    frames: facts.frames,
    leadIn: leadIn === 0 ? 0 : "beginning",
    complaint: report.decodeErrors[0] ?? null,
  };
}

export async function runLocally(
  tools: Tools,
  given: string,
  asked: EncodeRequest,
  options: LocalOptions,
): Promise<LocalResult> {
  const { workDir, container, signal } = options;
  const told = forContainer(asked, container);
  const { path, info, note } = await openSource(tools, given, told, options);
  const { request: rated } = await findCadence(tools, told, { path, info, workDir, signal });
  const candidate = candidateGrid(info, rated, container);
  const grid = candidate === null ? null : new FrameGrid(candidate, info);
  const tally = new TrackTally(timeBasesOf(info));
  const index = await indexSource(tools, path, info, { onGops: () => undefined, grid, tally, signal });
  const sourceTracks = tally.tracks(timeBasesOf(info));
  const rangeChange = await sampledRangeChange(tools, path, info, signal);
  const split = unlessWhole(splitMode(rated, options.exactly ?? true), rangeChange);
  const isSplit = index.seekable && split.mode === "keyframes";
  const request = isSplit ? rated : inOneRun(rated);
  const ticks = (options.segmentSeconds * info.video.timeBase.den) / info.video.timeBase.num;
  const plannedTimes = frameTimingOf(request, info.video.timeBase);
  const groups = new OutputGroups(plannedTimes, info, cutDistance(request));
  const sideFiles = await makeSideFiles(tools, { path, info }, request, options);
  const joiner = await joinerFor(tools, info, sideFiles, signal);
  const outputGroups = [...groups.add(index.gops, index), ...groups.finish(index)];
  const gops = [...joiner.push(outputGroups), ...joiner.end()];
  const ranges = isSplit ? groupGops(gops, ticks) : [{ startPts: null, endPts: null }];
  const notes: string[] = note === null ? [] : [note];
  const segments: LocalSegment[] = [];
  using reference = new ReferenceDecode(tools, path, info, request.video.encoder, signal);
  for (const [number, range] of ranges.entries()) {
    const where = { workDir: join(workDir, `segment-${number}`), threads: options.threads, signal };
    const source = { path, info, index, sideFiles, reference };
    segments.push(await makeSegment(tools, source, request, range, segments.at(-1), where, notes));
  }
  const seamProblems = segments.flatMap((segment, number) => {
    const next = segments[number + 1];
    return next !== undefined && compareSeam(segment.report.seamAfterEnd, next.report.seamStart) === "differ"
      ? [`segments ${number} and ${number + 1}`]
      : [];
  });
  const announced = planStreams(info, request, container);
  const plan = leftOutOf(announced, withoutPackets(announced, sourceTracks));
  const { files: audioPaths, lengths } = await encodeAudio(tools, path, info, plan, { workDir, signal });
  const encoderTimeBase = segments[0]?.task.encoderTimeBase ?? info.video.timeBase;
  const begins = sourceMicroseconds(segments[0]?.facts.firstPts ?? 0, encoderTimeBase, info);
  const onGrid = gridIn(index);
  const trueUs =
    onGrid === null || index.firstPts === null ? begins : rescale(index.firstPts, info.video.timeBase, MICROSECONDS);
  const outputPath = join(workDir, `output.${container}`);
  const files = { sourcePath: path, sourceTracks, audioPaths, workDir };
  await stitch(tools, {
    info,
    request,
    plan,
    segments: segments.map((segment) => ({
      path: segment.path,
      frames: segment.facts.frames,
      firstPts: segment.facts.firstPts,
      lastPts: segment.facts.lastPts,
    })),
    encoderTimeBase,
    firstFrameUs: onGrid === null || index.firstPts === null ? begins : onGrid.beginsUs(index.firstPts),
    lastDuration:
      plannedTimes === null ? 1 : rescale(lastFrameTicks(plannedTimes, index), plannedTimes.timeBase, encoderTimeBase),
    sourcePath: path,
    audioPaths,
    clock: await readOutputClock(tools, { info, plan, ...files, signal }),
    outputPath,
    signal,
  });
  const framePts = segments.every((segment) => segment.pts !== null)
    ? segments.flatMap((segment) =>
        (segment.pts ?? []).map((pts) => rescale(pts, plannedTimes?.timeBase ?? encoderTimeBase, encoderTimeBase)),
      )
    : null;
  const sound = { info, plan, sourcePath: path, encoderTimeBase, firstFrameUs: trueUs, signal };
  const check = await checkOutput(tools, {
    ...sound,
    outputPath,
    framePts,
    keyDistance: keyDistance(request),
    timesAre: onGrid === null ? "the source's times" : "exact times of the declared rate",
    frames: segments.reduce((sum, segment) => sum + segment.facts.frames, 0),
    sourceSound: await decodeSourceSound(tools, { ...sound, sourceEnds: sourceTracks }, dirname(outputPath)),
    sourceTracks,
    sourceExtras: await readSourceExtras(tools, { path, info, plan }, signal),
    soundLengths: lengths,
    pictures: {
      info,
      index,
      request: withSideFiles(request, sideFiles),
      grid: gridIn(index)?.tick ?? null,
      sourcePath: path,
      container,
      segments: segments.map(lookedAt),
      every: options.everyPicture === true,
    },
    withoutTimes: index.hasTimeJump && restartsClock(info.formatName) ? "the source's clock starts anew" : null,
  });
  return { info, index, plan, segments, seamProblems, notes, outputPath, check };
}
