// The whole path of a video in one process, without a cluster: index, cut, encode, verify, stitch, check. `doctor`'s
// self-test and the tests run it; the cluster does the same steps on many machines.
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MICROSECONDS, type Pts, rescale } from "../base/rational.ts";
import { encodeAudio } from "./audio.ts";
import { soundLengths } from "./audio-length.ts";
import { readSourceExtras } from "./check-extras.ts";
import { checkOutput, type OutputCheck } from "./check-output.ts";
import { decodeSourceSound } from "./check-sound.ts";
import type { Piece } from "./cut-points.ts";
import { encodeSegment } from "./encode-segment.ts";
import { restartsClock } from "./formats.ts";
import { candidateGrid, FrameGrid } from "./frame-grid.ts";
import type { FrameIndex } from "./frame-index.ts";
import { indexSource } from "./index-source.ts";
import { lightPlan } from "./light/segment-light.ts";
import { OutputGroups } from "./output-groups.ts";
import { outputPlan } from "./output-plan.ts";
import { lastFrameTicks, plannedFrames } from "./planned-frames.ts";
import { probeSource } from "./probe.ts";
import { referenceFrames } from "./reference.ts";
import { numbersFrames, splitMode } from "./request/classify.ts";
import type { EncodeRequest } from "./request/encode-request.ts";
import { compareSeam } from "./seams.ts";
import { planSegment, type SegmentRange } from "./segment-task.ts";
import { convertUpload, extractSubtitles, wantedSubtitles } from "./side-files.ts";
import { sourceMicroseconds } from "./source-clock.ts";
import { stitch } from "./stitch.ts";
import { chosenVideoStream, planStreams, type StreamPlan } from "./stream-plan.ts";
import { joinerFor } from "./subtitle-cuts.ts";
import type { Tools } from "./tools.ts";
import { TrackTally, timeBasesOf } from "./track-packets.ts";
import type { Container, SegmentFacts, SegmentReport, SegmentTask, SourceInfo } from "./types.ts";
import { verifySegment } from "./verify-segment.ts";

export interface LocalSegment {
  readonly task: SegmentTask;
  readonly path: string;
  readonly facts: SegmentFacts;
  readonly report: SegmentReport;
  /** PTS of its frames on the job's clock, in ticks of the output plan; null when nobody can tell them. */
  readonly pts: readonly Pts[] | null;
}

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
  readonly signal?: AbortSignal | undefined;
}

/** Groups of pictures joined until each range lasts so long; parts of a group stay together. */
export function groupGops(
  gops: readonly Pick<Piece, "startPts" | "endPts" | "leadFrames">[],
  ticksAtLeast: number,
): SegmentRange[] {
  const ranges: { startPts: Pts; endPts: Pts }[] = [];
  for (const gop of gops) {
    const last = ranges.at(-1);
    const isPart = (gop.leadFrames ?? 0) > 0;
    if (last !== undefined && (isPart || last.endPts - last.startPts < ticksAtLeast)) last.endPts = gop.endPts;
    else ranges.push({ startPts: gop.startPts, endPts: gop.endPts });
  }
  return ranges;
}

/** Null: the frames keep the source's own times. */
function gridIn(index: FrameIndex): FrameGrid | null {
  return index.grid === null || index.grid.broken !== null ? null : index.grid;
}

/** One segment down the verification ladder; throws with the reason when every rung fails. */
async function makeSegment(
  tools: Tools,
  source: { path: string; info: SourceInfo; index: FrameIndex; sideFiles: readonly string[] },
  request: EncodeRequest,
  range: SegmentRange,
  workDir: string,
  previous: LocalSegment | undefined,
  options: LocalOptions,
  notes: string[],
): Promise<LocalSegment> {
  const { path, info, index, sideFiles } = source;
  const { signal } = options;
  let reason = "";
  for (const leadIn of [0, 1, 3] as const) {
    const task = planSegment(info, index, request, range, leadIn, gridIn(index)?.tick ?? null);
    const made = await encodeSegment(tools, task, {
      input: path,
      inputKind: "file",
      workDir,
      threads: options.threads,
      sideFiles,
      signal,
    });
    if (!made.ok) {
      reason = made.reason;
      notes.push(`lead-in ${leadIn}: ${reason}`);
      continue;
    }
    const plan = outputPlan(request, info.video.timeBase);
    const clocks = {
      timeBase: plan?.timeBase ?? info.video.timeBase,
      encoderTimeBase: task.encoderTimeBase,
      light: lightPlan(task.video, task.request),
    };
    let pts = plan === null || task.expectedFrames === null ? null : plannedFrames(plan, index, info, task);
    let verified = await verifySegment(tools, made.path, { pts, ...clocks }, signal);
    // Where frames are numbered, those of later segments would be wrong by what the index miscounts here.
    const mayBelieve = task.startPts === null && task.endPts === null ? true : !numbersFrames(request);
    if (!verified.ok && leadIn === 3 && pts !== null && mayBelieve) {
      pts = [...(await referenceFrames(tools, path, task, { workDir, signal })).pts];
      verified = await verifySegment(tools, made.path, { pts, ...clocks }, signal);
      if (verified.ok) notes.push("believed by reference decoding");
    }
    if (!verified.ok) {
      reason = verified.reason;
      notes.push(`lead-in ${leadIn}: ${reason}`);
      continue;
    }
    if (compareSeam(previous?.report.seamAfterEnd ?? null, made.report.seamStart) === "differ" && leadIn < 3) {
      notes.push(`lead-in ${leadIn}: the seam does not agree`);
      continue;
    }
    return { task, path: made.path, facts: verified.facts, report: made.report, pts };
  }
  throw new Error(reason);
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

export async function runLocally(
  tools: Tools,
  path: string,
  request: EncodeRequest,
  options: LocalOptions,
): Promise<LocalResult> {
  const { workDir, container, signal } = options;
  const first = await probeSource(tools, path, { signal });
  const videoStream = chosenVideoStream(first.streams, request.maps);
  const info = videoStream === undefined ? first : await probeSource(tools, path, { signal, videoStream });
  const candidate = candidateGrid(info, request, container);
  const grid = candidate === null ? null : new FrameGrid(candidate, info);
  const tally = new TrackTally();
  const index = await indexSource(tools, path, info, { onGops: () => undefined, grid, tally, signal });
  const sourceTracks = tally.tracks(timeBasesOf(info));
  const isSplit = index.seekable && splitMode(request, options.exactly ?? true).mode === "keyframes";
  const ticks = (options.segmentSeconds * info.video.timeBase.den) / info.video.timeBase.num;
  const plannedTimes = outputPlan(request, info.video.timeBase);
  const groups = new OutputGroups(plannedTimes, info);
  const sideFiles = await makeSideFiles(tools, { path, info }, request, options);
  const joiner = await joinerFor(tools, info, sideFiles, signal);
  const outputGroups = [...groups.add(index.gops, index), ...groups.finish(index)];
  const gops = [...joiner.push(outputGroups), ...joiner.end()];
  const ranges = isSplit ? groupGops(gops, ticks) : [{ startPts: null, endPts: null }];
  const notes: string[] = [];
  const segments: LocalSegment[] = [];
  for (const [number, range] of ranges.entries()) {
    const workFolder = join(workDir, `segment-${number}`);
    segments.push(
      await makeSegment(
        tools,
        { path, info, index, sideFiles },
        request,
        range,
        workFolder,
        segments.at(-1),
        options,
        notes,
      ),
    );
  }
  const seamProblems = segments.flatMap((segment, number) => {
    const next = segments[number + 1];
    return next !== undefined && compareSeam(segment.report.seamAfterEnd, next.report.seamStart) === "differ"
      ? [`segments ${number} and ${number + 1}`]
      : [];
  });
  const plan = planStreams(info, request, container);
  const audioPaths = await encodeAudio(tools, path, info, plan, { workDir, signal });
  const encoderTimeBase = segments[0]?.task.encoderTimeBase ?? info.video.timeBase;
  const begins = sourceMicroseconds(segments[0]?.facts.firstPts ?? 0, encoderTimeBase, info);
  const onGrid = gridIn(index);
  const trueUs =
    onGrid === null || index.firstPts === null ? begins : rescale(index.firstPts, info.video.timeBase, MICROSECONDS);
  const outputPath = join(workDir, `output.${container}`);
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
    timesAre: onGrid === null ? "the source's times" : "exact times of the declared rate",
    frames: segments.reduce((sum, segment) => sum + segment.facts.frames, 0),
    sourceSound: await decodeSourceSound(tools, { ...sound, sourceEnds: sourceTracks }, dirname(outputPath)),
    sourceTracks,
    sourceExtras: await readSourceExtras(tools, { path, info, plan }, signal),
    soundLengths: await soundLengths(tools, { info, plan, sourcePath: path, audioPaths }, signal),
    withoutTimes: index.hasTimeJump && restartsClock(info.formatName) ? "the source's clock starts anew" : null,
  });
  return { info, index, plan, segments, seamProblems, notes, outputPath, check };
}
