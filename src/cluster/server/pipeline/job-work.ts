// The server's own work on one job, under one abort signal: index, audio, checks of segments, reference decode, stitch,
// final check and proof. Each piece of work ends in one input to the scheduler.
import { toAppError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { asNoSpace } from "../../../base/no-space.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { type FrameTiming, frameTimingOf } from "../../../media/plan/frame-timing.ts";
import { inOneRun } from "../../../media/request/args/split-mode.ts";
import { ReferenceDecode } from "../../../media/verify/frames/reference-decode.ts";
import type { JobId } from "../../scheduler/model/ids.ts";
import type { Input } from "../../scheduler/model/input.ts";
import type { Job } from "../../scheduler/model/job.ts";
import { type HeldSource, holdSource, withSourcePath } from "../job/held-source.ts";
import type { JobFolder } from "../job/job-folders.ts";
import type { JobRecord } from "../job/job-record.ts";
import type { RemoteReader } from "../job/remote-reader.ts";
import { objectionTo, sourceChanged } from "../job/unchanged-source.ts";
import type { BurnInFile } from "../ports.ts";
import { JobIndex } from "./job-index.ts";
import { PictureWatch } from "./picture-watch.ts";
import { PicturesAhead } from "./pictures-ahead.ts";
import { SegmentFormats } from "./segment-formats.ts";
import { SourceWork } from "./source-work.ts";
import type { VideoSource } from "./video-source.ts";

/** What reads the source of a job. */
export interface SourceReader {
  readonly record: JobRecord;
  readonly signal: AbortSignal;
  /** Where the source is read. */
  readonly sourcePath: () => Promise<string>;
}

export interface JobWorkParts {
  readonly tools: Tools;
  readonly remote: RemoteReader;
  readonly folder: JobFolder;
  readonly log: Log;
  readonly dispatch: (input: Input) => void;
  /** The files that the job draws its subtitles from. */
  readonly burnInFiles: (work: SourceReader) => Promise<readonly BurnInFile[]>;
  /** Opens the file that the video is read from: the source or its remuxed video. */
  readonly openVideo: (work: SourceReader, setActivity: (activity: string | null) => void) => Promise<VideoSource>;
  /** `activity` has changed. */
  readonly onActivity: () => void;
}

const ROOM_HINT = "Free some space there, then `ffcluster jobs retry` continues from what is finished.";

export class JobWork {
  readonly record: JobRecord;
  readonly #parts: JobWorkParts;
  /** The packets of the video, as they are read. */
  readonly index: JobIndex;
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
  #video: Promise<VideoSource> | null = null;
  #reference: ReferenceDecode | null = null;
  /** The file that clients read; it must not change. */
  #opened: VideoSource | null = null;
  readonly #pieces = new Set<Promise<void>>();
  #held: Promise<HeldSource> | null = null;

  constructor(record: JobRecord, parts: JobWorkParts) {
    this.record = record;
    this.#parts = parts;
    this.index = new JobIndex({
      tools: parts.tools,
      record,
      signal: this.signal,
      dispatch: (input) => this.dispatch(input),
      video: () => this.video(),
      burnInPaths: () => this.burnInPaths(),
      decodedTimes: (lastDuration) => this.#decodedTimes(lastDuration),
      requireUnchanged: () => this.requireUnchanged(),
    });
    this.source = new SourceWork({
      tools: parts.tools,
      record,
      folder: parts.folder,
      signal: this.signal,
      sourcePath: this.sourcePath,
      index: () => this.index.full(),
      indexedTracks: () => this.index.tracks,
    });
    this.pictures = new PictureWatch({
      tools: parts.tools,
      signal: this.signal,
      video: async () => {
        const { path, info, remuxed } = await this.video();
        return { path, info, first: remuxed === null ? (record.firstPicture ?? null) : null };
      },
    });
  }

  /** The frame timing for the job's current split mode: in one run, ffmpeg itself makes `-r`. */
  frameTimingFor(job: Pick<Job, "split">): FrameTiming | null {
    if (job.split.mode !== "whole") return this.index.timing;
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
    await (await this.#held?.catch(() => null))?.[Symbol.asyncDispose](); // whoever asked for it got the error
  }

  /** Where the source is read: it is opened once, and stays open until the work has ended. Errors: E_SOURCE_CHANGED. */
  readonly sourcePath = async (): Promise<string> => {
    this.#held ??= holdSource(this.#parts, this.record.source, this.record.blockBytes);
    return (await this.#held).path;
  };

  /** Where clients and the server itself read the video; the index opens it first. */
  video(): Promise<VideoSource> {
    this.#video ??= this.#openVideo();
    return this.#video;
  }

  /** A file for each `subtitles` filter of the request. */
  async burnInPaths(): Promise<string[]> {
    return (await this.#parts.burnInFiles(this)).map(({ path }) => path);
  }

  /** The reference decode: it says what the source holds where the index can't be trusted. There is one for each job. */
  async referenceDecode(encoder: string): Promise<ReferenceDecode> {
    const { path, info } = await this.video();
    this.#reference ??= new ReferenceDecode(this.#parts.tools, path, info, encoder, this.signal);
    return this.#reference;
  }

  async #decodedTimes(lastDuration: number): Promise<readonly number[]> {
    const reference = await this.referenceDecode(this.record.request.video.encoder);
    return (await reference.range(this.index.timing, { startPts: null, endPts: null }, lastDuration)).pts;
  }

  async #openVideo(): Promise<VideoSource> {
    this.#opened = await this.#parts.openVideo(this, (activity) => this.setActivity(activity));
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
      const held = await this.#held?.catch(() => null); // then that is what was thrown
      const named = held ? withSourcePath(thrown, held, source) : thrown;
      const reason = (await objectionTo(source, this.#parts.remote, "known")) ?? named;
      const error = toAppError(asNoSpace(reason, "the server's work directory", ROOM_HINT));
      this.#parts.log.error(`${what} of job ${this.jobId} failed`, { job: this.jobId, error: error.message });
      if (error.code === "E_INTERNAL") this.#parts.log.debug("stack", { stack: error.stack ?? "" });
      this.dispatch({ type: "job-broke", jobId: this.jobId, error: error.toBody() });
    }
  }

  /** Reads the source's packets once; a later call reports what the first one found. */
  startIndex(): Promise<void> {
    return this.guard("indexing", () => this.index.start());
  }

  /**
   * Checks that the source is unchanged, about once a second. The job fails when two checks in a row fail: a network mount
   * may be gone for a moment.
   */
  async watchSource(): Promise<void> {
    const objection = await objectionTo(this.record.source, this.#parts.remote, "known");
    if (this.signal.aborted) return;
    if (objection !== null && this.#wasChanged)
      this.dispatch({ type: "job-broke", jobId: this.jobId, error: objection.toBody() });
    this.#wasChanged = objection !== null;
  }

  async requireUnchanged(): Promise<void> {
    const read = this.#opened?.source ?? this.record.source;
    for (const source of new Set([this.record.source, read])) {
      const objection = await objectionTo(source, this.#parts.remote, "asked");
      if (objection !== null) throw objection;
    }
    if ((await (await this.#held)?.isSame()) === false) throw await sourceChanged(this.record.source);
  }
}
