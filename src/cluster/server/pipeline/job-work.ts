// What the server itself does for one job, under one abort signal: index, audio, checks of segments, the reference
// decode, stitch, final check and proof. Each piece ends in one input to the scheduler.
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
import { OutputGroups } from "../../../media/plan/output-groups.ts";
import { isCertain, plannedFrames } from "../../../media/plan/planned-frames.ts";
import { cutDistance } from "../../../media/request/args/key-distance.ts";
import { inOneRun, numbersFrames } from "../../../media/request/args/split-mode.ts";
import { pictureChange } from "../../../media/source/picture-sizes.ts";
import { joinerFor } from "../../../media/subtitles/subtitle-cuts.ts";
import { ReferenceDecode } from "../../../media/verify/frames/reference-decode.ts";
import type { JobId } from "../../scheduler/model/ids.ts";
import type { Input } from "../../scheduler/model/input.ts";
import type { IndexedGop, Job } from "../../scheduler/model/job.ts";
import type { JobFolder } from "../job/job-folders.ts";
import { isUnchanged, sourceChanged } from "../job/unchanged-source.ts";
import type { JobRecord, SideFile } from "../ports.ts";
import { PictureWatch } from "./picture-watch.ts";
import { PicturesAhead } from "./pictures-ahead.ts";
import { SourceWork } from "./source-work.ts";
import type { VideoSource } from "./video-source.ts";

export interface JobWorkParts {
  readonly tools: Tools;
  readonly folder: JobFolder;
  readonly log: Log;
  readonly dispatch: (input: Input) => void;
  /** The files that the job's subtitles are drawn from. */
  readonly sideFiles: (record: JobRecord, signal: AbortSignal) => Promise<readonly SideFile[]>;
  /** The file that the video is read from: the source, or what it was remuxed to. */
  readonly openVideo: (
    record: JobRecord,
    tell: (activity: string | null) => void,
    signal: AbortSignal,
  ) => Promise<VideoSource>;
  /** `activity` has changed. */
  readonly onActivity: () => void;
}

const ROOM_HINT = "Free some space there, then `ffcluster jobs retry` goes on from what is finished.";

/** A rate so low that not one frame comes out is the request's mistake. */
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
  /** What the filters do to the frames' times; null: nobody can tell beforehand. */
  readonly frameTiming: FrameTiming | null;
  /** All that needs no segment. */
  readonly source: SourceWork;
  /** Whether the pictures change in the middle. */
  readonly pictures: PictureWatch;
  /** The source's side of the check of pictures. */
  readonly ahead = new PicturesAhead();
  readonly #abort = new AbortController();
  #wasChanged = false;
  #activity: string | null = null;
  #index: FrameIndex | null = null;
  /** Once the index is complete, where it was the source that it read. */
  #tracks: ReadonlyMap<number, TrackPackets> | null = null;
  /** Frames of the output, once the index is complete. */
  #outputFrames = 0;
  #indexing: Promise<FrameIndex> | null = null;
  #video: Promise<VideoSource> | null = null;
  #reference: ReferenceDecode | null = null;
  /** What clients were told to read; it must stay as it was. */
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

  /** The plan of times for how the job is split by now: `-r` in one run is ffmpeg's own. */
  frameTimingFor(job: Pick<Job, "split">): FrameTiming | null {
    if (job.split.mode !== "whole") return this.frameTiming;
    return frameTimingOf(inOneRun(this.record.request), this.record.info.video.timeBase);
  }

  get jobId(): JobId {
    return this.record.jobId;
  }

  /** What the server does for the job just now, in words for people. */
  get activity(): string | null {
    return this.#activity;
  }

  tell(activity: string | null): void {
    if (activity === this.#activity) return;
    this.#activity = activity;
    this.#parts.onActivity();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * What has come of it. Once it is stopped nothing counts: ffprobe may still be in mid-sentence when the job has been
   * tried again, with a work of its own.
   */
  dispatch(input: Input): void {
    if (!this.signal.aborted) this.#parts.dispatch(input);
  }

  /** Ends every process this job has on the server. */
  stop(): void {
    this.#abort.abort();
  }

  /** Stopped, and nothing of it runs or writes any more. */
  async ended(): Promise<void> {
    this.stop();
    while (this.#pieces.size > 0) await Promise.all(this.#pieces);
  }

  /** Where clients and the server's own decodes read the video; asked first by the index. */
  video(): Promise<VideoSource> {
    this.#video ??= this.#openVideo();
    return this.#video;
  }

  /** A file for each `subtitles` filter of the request. */
  async sidePaths(): Promise<string[]> {
    return (await this.#parts.sideFiles(this.record, this.signal)).map(({ path }) => path);
  }

  /** The decode in sequence that says what the source holds where the index can't be believed; there is one for a job. */
  async referenceDecode(encoder: string): Promise<ReferenceDecode> {
    const { source, info } = await this.video();
    this.#reference ??= new ReferenceDecode(this.#parts.tools, source.path, info, encoder, this.signal);
    return this.#reference;
  }

  async #openVideo(): Promise<VideoSource> {
    this.#opened = await this.#parts.openVideo(this.record, (activity) => this.tell(activity), this.signal);
    return this.#opened;
  }

  /** Runs a piece of work; a failure fails the job unless the job is over anyway. */
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
      // Whatever was being done: a source that is gone or another one is the true reason.
      const reason = (await isUnchanged(source)) ? thrown : sourceChanged(source);
      const error = toAppError(asNoSpace(reason, "the server's work directory", ROOM_HINT));
      this.#parts.log.error(`${what} of job ${this.jobId} failed`, { error: error.message });
      if (error.code === "E_INTERNAL") this.#parts.log.debug("stack", { stack: error.stack ?? "" });
      this.dispatch({ type: "job-broke", jobId: this.jobId, error: error.toBody() });
    }
  }

  /** Reads the source's packets once; asked again, the run that is under way or done serves. */
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
          // Packets without a time are frames all the same; the reference decode counts them exactly.
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

  /** ffmpeg numbers the frames anew where its filters are set up anew. */
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
    const groups = new OutputGroups(this.frameTiming, info, cutDistance(this.record.request));
    const sideFiles = await this.#parts.sideFiles(this.record, this.signal);
    const paths = [...new Set(sideFiles.map(({ path }) => path))];
    const joiner = await joinerFor(this.#parts.tools, this.record.info, paths, this.signal);
    const told: IndexedGop[] = [];
    const tally = source === this.record.source && hasTracks(info) ? new TrackTally(timeBasesOf(info)) : null;
    const index = await indexSource(this.#parts.tools, source.path, info, {
      ...(tally === null ? {} : { tally }),
      wholeBecause: await this.#whyNumbersBreak(source.path, info),
      signal: this.signal,
      grid: grid === undefined ? null : new FrameGrid(grid, info),
      onOffGrid: (reason) => {
        this.dispatch({ type: "index-off-grid", jobId: this.jobId, reason });
        // All segments are cut anew, of the same groups.
        this.#advance(told);
      },
      onGops: (gops, growing) => {
        this.#index = growing;
        refusal ??= this.#addGroups(() => {
          const fresh = joiner.push(groups.add(gops, growing));
          told.push(...fresh);
          return fresh;
        });
        this.#grew();
      },
    });
    if (refusal !== null) throw refusal;
    this.#tracks = tally?.tracks(timeBasesOf(info)) ?? null;
    this.#index = index;
    if (index.seekable) this.#advance([...joiner.push(groups.finish(index)), ...joiner.end()]);
    this.#outputFrames = groups.total;
    requireFrames(this.#framesOfWhole(index), index);
    this.#grew();
    return index;
  }

  /** The refusal of a rate that gives endless frames; ffprobe is left to end by itself. */
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

  /** The index once it knows every frame that a range up to `endPts` gives (after a restart it is read again, in a moment). */
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
   * Looks whether the source still is what it was; the job fails when it is not, twice in a row, because a network mount
   * may be gone for a moment. To be called every second or so.
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
