// The server's own work on one job, under one abort signal: index, audio, checks of segments, reference decode, stitch,
// final check and proof. Each piece of work ends in one input to the scheduler.
import { AppError, toAppError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { asNoSpace } from "../../../base/no-space.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { FrameGrid } from "../../../media/index/frame-grid.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import { indexSource } from "../../../media/index/index-source.ts";
import { hasTracks, type TrackPackets, TrackTally, timeBasesOf } from "../../../media/index/track-packets.ts";
import type { SourceInfo } from "../../../media/model/source.ts";
import { type FrameTiming, frameTimingOf } from "../../../media/plan/frame-timing.ts";
import { isCertain, plannedFrames } from "../../../media/plan/planned-frames.ts";
import { CuttableGroups } from "../../../media/recipe/cuttable-groups.ts";
import { inOneRun, numbersFrames } from "../../../media/request/args/split-mode.ts";
import { pictureChange } from "../../../media/source/picture-sizes.ts";
import { joinerFor } from "../../../media/subtitles/subtitle-cuts.ts";
import { ReferenceDecode } from "../../../media/verify/frames/reference-decode.ts";
import type { JobId } from "../../scheduler/model/ids.ts";
import type { Input } from "../../scheduler/model/input.ts";
import type { IndexedGop, Job } from "../../scheduler/model/job.ts";
import type { JobFolder } from "../job/job-folders.ts";
import { isUnchanged, sourceChanged } from "../job/unchanged-source.ts";
import type { BurnInFile, JobRecord } from "../ports.ts";
import { PictureWatch } from "./picture-watch.ts";
import { PicturesAhead } from "./pictures-ahead.ts";
import { SegmentFormats } from "./segment-formats.ts";
import { SourceWork } from "./source-work.ts";
import type { VideoSource } from "./video-source.ts";

export interface JobWorkParts {
  readonly tools: Tools;
  readonly folder: JobFolder;
  readonly log: Log;
  readonly dispatch: (input: Input) => void;
  /** The files that the job draws its subtitles from. */
  readonly burnInFiles: (record: JobRecord, signal: AbortSignal) => Promise<readonly BurnInFile[]>;
  /** Opens the file that the video is read from: the source or its remuxed video. */
  readonly openVideo: (
    record: JobRecord,
    setActivity: (activity: string | null) => void,
    signal: AbortSignal,
  ) => Promise<VideoSource>;
  /** `activity` has changed. */
  readonly onActivity: () => void;
}

const ROOM_HINT = "Free some space there, then `ffcluster jobs retry` continues from what is finished.";

/** A rate so low that no frame comes out is an error in the request. */
function requireFrames(frames: number, index: FrameIndex): void {
  if (frames > 0 || index.frameCount === 0) return;
  throw new AppError(
    "E_ENCODE_REQUEST",
    "the filters leave no frame of the video",
    "At the frame rate asked for, the video is shorter than half a frame; ask for a higher one.",
  );
}

export class JobWork {
  readonly record: JobRecord;
  readonly #parts: JobWorkParts;
  /** What the filters do to the frame times; null: they can't be predicted. */
  readonly frameTiming: FrameTiming | null;
  /** Everything that needs no segment. */
  readonly source: SourceWork;
  /** Watches for pictures that change in the middle of the source. */
  readonly pictures: PictureWatch;
  readonly formats = new SegmentFormats();
  /** Decodes the source's pictures for the checks, while clients encode. */
  readonly ahead = new PicturesAhead();
  readonly #abort = new AbortController();
  #wasChanged = false;
  #activity: string | null = null;
  #index: FrameIndex | null = null;
  /** Known once the index is complete; null if it read a remuxed file. */
  #tracks: ReadonlyMap<number, TrackPackets> | null = null;
  /** Frames of the output, once the index is complete. */
  #outputFrames = 0;
  #indexing: Promise<FrameIndex> | null = null;
  #video: Promise<VideoSource> | null = null;
  #reference: ReferenceDecode | null = null;
  /** The file that clients read; it must not change. */
  #opened: VideoSource | null = null;
  #onGrowth: (() => void)[] = [];
  readonly #pieces = new Set<Promise<void>>();

  constructor(record: JobRecord, parts: JobWorkParts) {
    this.record = record;
    this.#parts = parts;
    this.frameTiming = frameTimingOf(record.request, record.info.video.timeBase);
    this.source = new SourceWork({
      tools: parts.tools,
      record,
      folder: parts.folder,
      signal: this.signal,
      index: () => this.fullIndex(),
      indexedTracks: () => this.#tracks,
    });
    this.pictures = new PictureWatch({
      tools: parts.tools,
      workDir: parts.folder.root,
      signal: this.signal,
      video: async () => {
        const { source, info } = await this.video();
        return { path: source.path, info };
      },
    });
  }

  /** The frame timing for the job's current split mode: in one run, ffmpeg itself makes `-r`. */
  frameTimingFor(job: Pick<Job, "split">): FrameTiming | null {
    if (job.split.mode !== "whole") return this.frameTiming;
    return frameTimingOf(inOneRun(this.record.request), this.record.info.video.timeBase);
  }

  get jobId(): JobId {
    return this.record.jobId;
  }

  /** What the server does for the job right now, in words for people. */
  get activity(): string | null {
    return this.#activity;
  }

  setActivity(activity: string | null): void {
    if (activity === this.#activity) return;
    this.#activity = activity;
    this.#parts.onActivity();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * Reports a result, unless the work was stopped: a late line of ffprobe must not reach a job that was retried meanwhile
   * and has a new JobWork.
   */
  dispatch(input: Input): void {
    if (!this.signal.aborted) this.#parts.dispatch(input);
  }

  /** Ends all of the job's processes on the server. */
  stop(): void {
    this.#abort.abort();
  }

  /** Stops, and waits until nothing of it runs or writes any more. */
  async ended(): Promise<void> {
    this.stop();
    while (this.#pieces.size > 0) await Promise.all(this.#pieces);
  }

  /** Where clients and the server itself read the video; the index opens it first. */
  video(): Promise<VideoSource> {
    this.#video ??= this.#openVideo();
    return this.#video;
  }

  /** A file for each `subtitles` filter of the request. */
  async burnInPaths(): Promise<string[]> {
    return (await this.#parts.burnInFiles(this.record, this.signal)).map(({ path }) => path);
  }

  /** The reference decode: it says what the source holds where the index can't be trusted. There is one for each job. */
  async referenceDecode(encoder: string): Promise<ReferenceDecode> {
    const { source, info } = await this.video();
    this.#reference ??= new ReferenceDecode(this.#parts.tools, source.path, info, encoder, this.signal);
    return this.#reference;
  }

  async #openVideo(): Promise<VideoSource> {
    this.#opened = await this.#parts.openVideo(this.record, (activity) => this.setActivity(activity), this.signal);
    return this.#opened;
  }

  /** Runs a piece of work. A failure fails the job, unless the job has already ended. */
  guard(what: string, piece: () => Promise<void>): Promise<void> {
    const running = this.#run(what, piece).finally(() => this.#pieces.delete(running));
    this.#pieces.add(running);
    return running;
  }

  async #run(what: string, piece: () => Promise<void>): Promise<void> {
    try {
      await piece();
    } catch (thrown) {
      if (this.#abort.signal.aborted) return;
      const { source } = this.record;
      // Whatever failed: if the source has changed or is gone, that is the true reason.
      const reason = (await isUnchanged(source)) ? thrown : sourceChanged(source);
      const error = toAppError(asNoSpace(reason, "the server's work directory", ROOM_HINT));
      this.#parts.log.error(`${what} of job ${this.jobId} failed`, { error: error.message });
      if (error.code === "E_INTERNAL") this.#parts.log.debug("stack", { stack: error.stack ?? "" });
      this.dispatch({ type: "job-broke", jobId: this.jobId, error: error.toBody() });
    }
  }

  /** Reads the source's packets once; later calls share that run. */
  startIndex(): Promise<void> {
    return this.guard("indexing", async () => {
      this.#indexing ??= this.#readIndex();
      const index = await this.#indexing;
      if (index.seekable) {
        this.dispatch({ type: "index-finished", jobId: this.jobId, totalFrames: this.#outputFrames });
      } else {
        this.dispatch({
          type: "index-unsplittable",
          jobId: this.jobId,
          reason: await this.#whyWhole(index),
          startPts: index.firstPts ?? 0,
          endPts: index.endPts ?? 1,
          // Packets without a time are frames too; the reference decode will count them exactly.
          totalFrames: this.#framesOfWhole(index),
        });
      }
    });
  }

  async #whyWhole(index: FrameIndex): Promise<string> {
    const reason = index.reason ?? "the source can't be sought";
    const { refusal } = await this.video();
    return refusal === null ? reason : `${reason}, and it could not be remuxed exactly: ${refusal}`;
  }

  /** ffmpeg restarts the frame numbers where it sets up its filters again. */
  async #whyNumbersBreak(path: string, info: SourceInfo): Promise<string | null> {
    if (!numbersFrames(this.record.request)) return null;
    const change = await pictureChange(this.#parts.tools, path, info, this.signal);
    return change === null ? null : `the frames are numbered, and the pictures change from ${change}`;
  }

  #framesOfWhole(index: FrameIndex): number {
    const plan = this.frameTiming;
    const { withoutPts } = index.uncounted;
    if (plan === null || withoutPts > 0) return index.frameCount + withoutPts;
    return plannedFrames(plan, index, this.record.info, { startPts: null, endPts: null }).length;
  }

  async #readIndex(): Promise<FrameIndex> {
    const { grid } = this.record;
    let refusal: AppError | null = null;
    await this.requireUnchanged();
    const { source, info } = await this.video();
    const burnInFiles = await this.#parts.burnInFiles(this.record, this.signal);
    const paths = [...new Set(burnInFiles.map(({ path }) => path))];
    const joiner = await joinerFor(this.#parts.tools, this.record.info, paths, this.signal);
    const groups = new CuttableGroups(info, this.record.request, joiner, this.frameTiming);
    const sent: IndexedGop[] = [];
    const tally = source === this.record.source && hasTracks(info) ? new TrackTally(timeBasesOf(info)) : null;
    const index = await indexSource(this.#parts.tools, source.path, info, {
      ...(tally === null ? {} : { tally }),
      wholeBecause: await this.#whyNumbersBreak(source.path, info),
      signal: this.signal,
      grid: grid === undefined ? null : new FrameGrid(grid, info),
      onOffGrid: (reason) => {
        this.dispatch({ type: "index-off-grid", jobId: this.jobId, reason });
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
    if (gops.length > 0) this.dispatch({ type: "index-advanced", jobId: this.jobId, gops });
  }

  #grew(): void {
    const waiting = this.#onGrowth;
    this.#onGrowth = [];
    for (const wake of waiting) wake();
  }

  /** Waits until the index knows every frame that a range up to `endPts` gives; after a restart the index is read again. */
  async indexUpTo(endPts: number): Promise<FrameIndex> {
    for (;;) {
      this.signal.throwIfAborted();
      const index = this.#index;
      const known = index?.gops.at(-1)?.endPts;
      if (
        index !== null &&
        (index.isComplete || (known !== undefined && isCertain(this.frameTiming, index, endPts, known)))
      )
        return index;
      await new Promise<void>((resolve) => {
        this.#onGrowth.push(resolve);
        this.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  /** The complete index. */
  async fullIndex(): Promise<FrameIndex> {
    this.#indexing ??= this.#readIndex();
    return await this.#indexing;
  }

  /**
   * Checks that the source is unchanged, about once a second. The job fails when two checks in a row fail: a network mount
   * may be gone for a moment.
   */
  async watchSource(): Promise<void> {
    const isSame = await isUnchanged(this.record.source);
    if (this.signal.aborted) return;
    if (!isSame && this.#wasChanged) {
      const error = sourceChanged(this.record.source).toBody();
      this.dispatch({ type: "job-broke", jobId: this.jobId, error });
    }
    this.#wasChanged = !isSame;
  }

  async requireUnchanged(): Promise<void> {
    const read = this.#opened?.source ?? this.record.source;
    for (const source of new Set([this.record.source, read])) {
      if (!(await isUnchanged(source))) throw sourceChanged(source);
    }
  }
}
