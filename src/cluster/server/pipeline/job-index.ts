// The index of one job: reads the source's packets once and reports groups of pictures to the scheduler as they become
// certain. Segments, checks and the stitch wait here for as much of it as they need.
import { AppError } from "../../../base/errors.ts";
import { toNumber } from "../../../base/rational.ts";
import { neverHeard } from "../../../media/audio/silent-tracks.ts";
import { demandsCopies, tryCopies } from "../../../media/audio/try-copies.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { FrameGrid } from "../../../media/index/frame-grid.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import { indexSource, isSoonRead } from "../../../media/index/index-source.ts";
import { hasTracks, type TrackPackets, TrackTally, timeBasesOf } from "../../../media/index/track-packets.ts";
import type { SourceInfo } from "../../../media/model/source.ts";
import { type FrameTiming, frameTimingOf } from "../../../media/plan/frame-timing.ts";
import { isCertain, plannedFrames } from "../../../media/plan/planned-frames.ts";
import { leftOutOf, planStreams } from "../../../media/plan/stream-plan.ts";
import { mostTicks } from "../../../media/plan/time-base.ts";
import { requireSpreadSound } from "../../../media/recipe/collapsed-sound.ts";
import { mayCrowd, mayLackDistance, requireSpreadTimes } from "../../../media/recipe/crowded-times.ts";
import { CuttableGroups } from "../../../media/recipe/cuttable-groups.ts";
import { numbersFrames } from "../../../media/request/args/split-mode.ts";
import { pictureChange } from "../../../media/source/picture-sizes.ts";
import { joinerFor } from "../../../media/subtitles/subtitle-cuts.ts";
import type { Input } from "../../scheduler/model/input.ts";
import type { IndexedGop, Job } from "../../scheduler/model/job.ts";
import type { JobRecord } from "../job/job-record.ts";
import type { VideoSource } from "./video-source.ts";

export interface JobIndexParts {
  readonly tools: Tools;
  readonly record: JobRecord;
  readonly signal: AbortSignal;
  readonly dispatch: (input: Input) => void;
  /** The file that the video is read from. */
  readonly video: () => Promise<VideoSource>;
  /** The files that the job draws its subtitles from. */
  readonly burnInPaths: () => Promise<readonly string[]>;
  /** The times of all pictures, decoded in sequence, on the job's clock; `lastDuration` in ticks. Errors: E_INDEX. */
  readonly decodedTimes: (lastDuration: number) => Promise<readonly number[]>;
  /** Errors: E_SOURCE_CHANGED. */
  readonly requireUnchanged: () => Promise<void>;
}

/** A rate so low that no frame comes out is an error in the request. */
function requireFrames(frames: number, index: FrameIndex): void {
  if (frames > 0 || index.frameCount === 0) return;
  throw new AppError(
    "E_ENCODE_REQUEST",
    "the filters leave no frame of the video",
    "At the frame rate asked for, the video is shorter than half a frame; ask for a higher one.",
  );
}

export class JobIndex {
  readonly #parts: JobIndexParts;
  /** What the filters do to the frame times when the job is split; null: they can't be predicted. */
  readonly timing: FrameTiming | null;
  /** As far as it is read. */
  #index: FrameIndex | null = null;
  #tracks: ReadonlyMap<number, TrackPackets> | null = null;
  /** Frames of the output, once the index is complete. */
  #outputFrames = 0;
  #indexing: Promise<FrameIndex> | null = null;
  #onGrowth: (() => void)[] = [];

  constructor(parts: JobIndexParts) {
    this.#parts = parts;
    this.timing = frameTimingOf(parts.record.request, parts.record.info.video.timeBase);
  }

  /** Sound and subtitles, counted on the way; null until the index is complete, or if it read a remuxed file. */
  get tracks(): ReadonlyMap<number, TrackPackets> | null {
    return this.#tracks;
  }

  /** Reads the source's packets, or shares a run that already did, and reports how the job may be split. */
  async start(): Promise<void> {
    const { record, dispatch } = this.#parts;
    const index = await this.full();
    if (index.seekable) {
      dispatch({ type: "index-finished", jobId: record.jobId, totalFrames: this.#outputFrames });
    } else {
      dispatch({
        type: "index-unsplittable",
        jobId: record.jobId,
        reason: await this.#whyWhole(index),
        startPts: index.firstPts ?? 0,
        endPts: index.endPts ?? this.#endByRate(index),
        // Packets without a time are frames too; the reference decode will count them exactly.
        totalFrames: this.#framesOfWhole(index),
      });
    }
  }

  /** Without any time: as long as the frames last at the declared rate, which the bits of `-b:v` are counted by. */
  #endByRate(index: FrameIndex): number {
    const { averageFrameRate, timeBase } = this.#parts.record.info.video;
    const frames = this.#framesOfWhole(index) ?? 0;
    if (averageFrameRate === null) return 1;
    return Math.max(1, Math.round(frames / (toNumber(averageFrameRate) * toNumber(timeBase))));
  }

  /** Waits until the index knows every frame that a range up to `endPts` gives; after a restart the index is read again. */
  async upTo(endPts: number): Promise<FrameIndex> {
    const { signal } = this.#parts;
    for (;;) {
      signal.throwIfAborted();
      const index = this.#index;
      const known = index?.gops.at(-1)?.endPts;
      if (index !== null && (index.isComplete || (known !== undefined && isCertain(this.timing, index, endPts, known))))
        return index;
      await new Promise<void>((resolve) => {
        this.#onGrowth.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  /** As much as the check of a segment needs. */
  for(job: Pick<Job, "split">, { endPts }: { readonly endPts: number }): Promise<FrameIndex> {
    return job.split.mode === "whole" ? this.full() : this.upTo(endPts);
  }

  /** The complete index. */
  async full(): Promise<FrameIndex> {
    this.#indexing ??= this.#readIndex();
    return await this.#indexing;
  }

  async #whyWhole(index: FrameIndex): Promise<string> {
    const reason = index.reason ?? "the source can't be sought";
    const { refusal } = await this.#parts.video();
    return refusal === null ? reason : `${reason}, and it could not be remuxed exactly: ${refusal}`;
  }

  /** ffmpeg restarts the frame numbers where it sets up its filters again. */
  async #whyNumbersBreak(path: string, info: SourceInfo): Promise<string | null> {
    const { tools, record, signal } = this.#parts;
    if (!numbersFrames(record.request)) return null;
    const change = await pictureChange(tools, path, info, signal);
    return change === null ? null : `the frames are numbered, and the pictures change from ${change}`;
  }

  #framesOfWhole(index: FrameIndex): number {
    const { withoutPts } = index.uncounted;
    if (this.timing === null || withoutPts > 0) return index.frameCount + withoutPts;
    return this.#plannedOfWhole(index).length;
  }

  /** The times of the output by the packets alone; none where the filters' times are not known. */
  #plannedOfWhole(index: FrameIndex): number[] {
    if (this.timing === null) return [];
    return plannedFrames(this.timing, index, this.#parts.record.info, { startPts: null, endPts: null });
  }

  /** What refuses the tracks of a short source is found before work; copies from a long one are tried beside it (source-work.ts). */
  async #requireSound(path: string, info: SourceInfo, tracks: ReadonlyMap<number, TrackPackets>): Promise<void> {
    const { tools, signal, record } = this.#parts;
    const { request, container } = record;
    const plan = planStreams(info, request, container);
    requireSpreadSound(tracks, plan);
    const heard = leftOutOf(plan, neverHeard(plan, info.formatName, tracks));
    if (isSoonRead(info) && demandsCopies(request, heard))
      await tryCopies(tools, { path, info }, request, heard, signal);
  }

  async #readIndex(): Promise<FrameIndex> {
    const { tools, record, signal } = this.#parts;
    const { grid } = record;
    let refusal: AppError | null = null;
    await this.#parts.requireUnchanged();
    const { source, path, info } = await this.#parts.video();
    const paths = [...new Set(await this.#parts.burnInPaths())];
    const joiner = await joinerFor(tools, record.info, paths, signal);
    const groups = new CuttableGroups(info, record.request, joiner, this.timing);
    const sent: IndexedGop[] = [];
    const mayLack = (known: FrameIndex) => groups.needsDistance && mayLackDistance(tools, known, info);
    const tally = source === record.source && hasTracks(info) ? new TrackTally(timeBasesOf(info)) : null;
    const index = await indexSource(tools, path, info, {
      ...(tally === null ? {} : { tally }),
      wholeBecause: await this.#whyNumbersBreak(path, info),
      signal,
      judge: {
        mayRefuse: (growing) => mayCrowd(tools, growing, info, this.timing) || mayLack(growing),
        judge: async (whole) => {
          if (tally !== null) await this.#requireSound(path, info, tally.tracks(timeBasesOf(info)));
          const [isCrowded, lacksDistance] = [mayCrowd(tools, whole, info, this.timing), mayLack(whole)];
          if (!isCrowded && !lacksDistance) return;
          const decoded = await this.#parts.decodedTimes(whole.lastDuration);
          if (isCrowded) requireSpreadTimes(whole, record.request, decoded, this.#plannedOfWhole(whole));
          if (lacksDistance) groups.requireDistance(decoded);
        },
      },
      grid: grid === undefined ? null : new FrameGrid(grid, info, mostTicks(record.request)),
      onOffGrid: (reason) => {
        this.#parts.dispatch({ type: "index-off-grid", jobId: record.jobId, reason });
        // All segments are cut again, from the same groups.
        this.#advance(sent);
      },
      onGops: (gops, growing) => {
        this.#index = growing;
        refusal ??= this.#addGroups(() => {
          const fresh = groups.add(gops, growing);
          sent.push(...fresh);
          return fresh;
        });
        this.#grew();
      },
    });
    if (refusal !== null) throw refusal;
    this.#tracks = tally?.tracks(timeBasesOf(info)) ?? null;
    this.#index = index;
    if (index.seekable) this.#advance(groups.finish(index));
    // Its packets' times are not those of its pictures, or not all of them.
    else if (groups.needsDistance) groups.requireDistance(await this.#parts.decodedTimes(index.lastDuration));
    this.#outputFrames = groups.totalFrames;
    requireFrames(this.#framesOfWhole(index), index);
    this.#grew();
    return index;
  }

  /** Returns the refusal of a rate that gives endless frames; ffprobe then ends by itself. */
  #addGroups(count: () => readonly IndexedGop[]): AppError | null {
    try {
      this.#advance(count());
      return null;
    } catch (thrown) {
      if (thrown instanceof AppError) return thrown;
      throw thrown;
    }
  }

  #advance(gops: readonly IndexedGop[]): void {
    const { record, dispatch } = this.#parts;
    if (gops.length > 0) dispatch({ type: "index-advanced", jobId: record.jobId, gops });
  }

  #grew(): void {
    const waiting = this.#onGrowth;
    this.#onGrowth = [];
    for (const wake of waiting) wake();
  }
}
