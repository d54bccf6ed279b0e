// The whole path of a video in one process, without a cluster: index, split, encode, verify, stitch, check. The self-test
// of `doctor` and the tests run it; the cluster does the same steps (../recipe) on many machines.
import { mkdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Pts } from "../../base/rational.ts";
import { findCadence } from "../cadence/find-cadence.ts";
import { forContainer } from "../colour/container-range.ts";
import { sampledRangeChange } from "../colour/source-ranges.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { isFirstOfGroup, type Piece } from "../index/cut-points.ts";
import { FrameGrid } from "../index/frame-grid.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import { indexSource } from "../index/index-source.ts";
import { TrackTally, timeBasesOf } from "../index/track-packets.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container, SourceInfo } from "../model/source.ts";
import { frameTimingOf } from "../plan/frame-timing.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { mostTicks } from "../plan/time-base.ts";
import { CuttableGroups } from "../recipe/cuttable-groups.ts";
import { planOnOneClock, planSource, type WantedOutput } from "../recipe/plan-source.ts";
import { planVideo } from "../recipe/plan-video.ts";
import { inOneRun } from "../request/args/split-mode.ts";
import { compareSeam } from "../segment/seams.ts";
import type { SegmentRange } from "../segment/segment-task.ts";
import { convertUpload, extractSubtitles, wantedSubtitles } from "../subtitles/burn-in-files.ts";
import { joinerFor } from "../subtitles/subtitle-cuts.ts";
import type { OutputCheck } from "../verify/check-output.ts";
import { ReferenceDecode } from "../verify/frames/reference-decode.ts";
import { makeOutput, type PreparedSource } from "./local-output.ts";
import { FirstPicture, type LocalSegment, makeSegment } from "./local-segment.ts";

export interface LocalResult {
  readonly info: SourceInfo;
  readonly index: FrameIndex;
  readonly plan: StreamPlan;
  readonly segments: readonly LocalSegment[];
  readonly seamProblems: readonly string[];
  /** Every rung of the ladder that was needed, and what became of the sound's loudness. */
  readonly notes: readonly string[];
  readonly outputPath: string;
  readonly check: OutputCheck;
}

export interface LocalOptions {
  readonly workDir: string;
  readonly container: Container;
  /** The least length of a segment. */
  readonly segmentSeconds: number;
  readonly threads: number | null;
  /** The file that `subtitles=upload` draws. */
  readonly subtitles?: string;
  /** False: filters of unbounded memory are split too. */
  readonly exactly?: boolean;
  /** Compares every picture with the source's. */
  readonly everyPicture?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Joins groups of pictures until each range has at least this length; parts of a group stay together. */
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

/** The files that the subtitles are drawn from; `options.subtitles` takes the place of an uploaded one. */
async function makeBurnInFiles(
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
  if (subtitles === undefined) throw new Error("the request draws an uploaded file, and none was given");
  return { name: basename(subtitles), path: subtitles, bytes: (await stat(subtitles)).size };
}

/** The source on one clock, with the video stream that is encoded. */
async function openSource(tools: Tools, given: string, wanted: WantedOutput, options: LocalOptions) {
  const { workDir, signal } = options;
  const planned = await planSource(tools, given, wanted, { signal });
  await mkdir(workDir, { recursive: true });
  const target = { path: join(workDir, "corrected.ts"), folder: workDir };
  const made = await planOnOneClock(tools, { path: given, planned }, wanted, target, signal);
  if (made === null) return { path: given, info: planned.info, note: null };
  return { path: made.path, info: made.planned.info, note: made.note };
}

interface Prepared extends PreparedSource {
  readonly ranges: readonly SegmentRange[];
  /** What was done to the given file; null: nothing. */
  readonly note: string | null;
}

/** Everything that is known before the first segment. */
async function prepare(tools: Tools, given: string, wanted: WantedOutput, options: LocalOptions): Promise<Prepared> {
  const { workDir, signal } = options;
  const { container } = wanted;
  const { path, info, note } = await openSource(tools, given, wanted, options);
  const rated = await findCadence(tools, wanted.request, { path, info, workDir, signal });
  const rangeChange = await sampledRangeChange(tools, path, info, signal);
  const video = planVideo({
    info,
    request: rated.request,
    resolved: rated.request,
    container,
    exactly: options.exactly ?? true,
    whyNoCadence: rated.why,
    rangeChange,
  });
  const grid = video.grid === null ? null : new FrameGrid(video.grid, info, mostTicks(rated.request));
  const tally = new TrackTally(timeBasesOf(info));
  const index = await indexSource(tools, path, info, { onGops: () => undefined, grid, tally, signal });
  const isSplit = index.seekable && video.split.mode === "keyframes";
  const request = isSplit ? rated.request : inOneRun(rated.request);
  const timing = frameTimingOf(request, info.video.timeBase);
  const burnInFiles = await makeBurnInFiles(tools, { path, info }, request, options);
  const groups = new CuttableGroups(info, request, await joinerFor(tools, info, burnInFiles, signal), timing);
  const gops = [...groups.add(index.gops, index), ...groups.finish(index)];
  const ticks = (options.segmentSeconds * info.video.timeBase.den) / info.video.timeBase.num;
  const ranges = isSplit ? groupGops(gops, ticks) : [{ startPts: null, endPts: null }];
  const sourceTracks = tally.tracks(timeBasesOf(info));
  return { path, info, index, asked: wanted.request, request, timing, ranges, burnInFiles, sourceTracks, note };
}

async function encodeAll(tools: Tools, prepared: Prepared, options: LocalOptions) {
  const { path, info, ranges, request, note } = prepared;
  const { workDir, threads, signal } = options;
  const notes: string[] = note === null ? [] : [note];
  const segments: LocalSegment[] = [];
  using reference = new ReferenceDecode(tools, path, info, request.video.encoder, signal);
  const source = { ...prepared, reference, firstPicture: new FirstPicture(tools, path, signal) };
  for (const [number, range] of ranges.entries()) {
    const where = { workDir: join(workDir, `segment-${number}`), threads, notes, signal };
    segments.push(await makeSegment(tools, source, range, segments.at(-1), where));
  }
  return { segments, notes };
}

function compareSeams(segments: readonly LocalSegment[]): string[] {
  return segments.flatMap((segment, number) => {
    const next = segments[number + 1];
    return next !== undefined && compareSeam(segment.report.seamAfterEnd, next.report.seamStart) === "differ"
      ? [`segments ${number} and ${number + 1}`]
      : [];
  });
}

export async function runLocally(
  tools: Tools,
  given: string,
  asked: EncodeRequest,
  options: LocalOptions,
): Promise<LocalResult> {
  const { container } = options;
  const prepared = await prepare(tools, given, { request: forContainer(asked, container), container }, options);
  const { segments, notes } = await encodeAll(tools, prepared, options);
  const { plan, outputPath, check, notes: soundNotes } = await makeOutput(tools, prepared, segments, options);
  const { info, index } = prepared;
  return {
    info,
    index,
    plan,
    segments,
    seamProblems: compareSeams(segments),
    notes: [...notes, ...soundNotes],
    outputPath,
    check,
  };
}
