// The reference decode: all pictures of the source, decoded once in sequence from the beginning, with their times and
// digests. It decides where the index and a segment differ. It always begins at the start: that decoding may begin at a
// key frame is only a claim of the index, and the result of a false one looks like any picture.
import { AppError } from "../../../base/errors.ts";
import { createPauseSwitch } from "../../../base/process/pause.ts";
import type { Pts, Rational } from "../../../base/rational.ts";
import { decoderFor } from "../../ffmpeg/codecs.ts";
import { complexGraph, writeGraph } from "../../ffmpeg/filter-graph.ts";
import { frameDigests } from "../../ffmpeg/framehash.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { lastWords } from "../../ffmpeg/stderr.ts";
import { fileUrl } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { FrameTimes } from "../../index/frame-index.ts";
import { SortedPts } from "../../index/sorted-pts.ts";
import type { SegmentTask } from "../../model/segment.ts";
import type { SourceInfo } from "../../model/source.ts";
import type { FrameTiming } from "../../plan/frame-timing.ts";
import { isCertain, plannedFrames } from "../../plan/planned-frames.ts";
import { decodeArgs } from "../../segment/decode-args.ts";
import type { Seams } from "../../segment/seams.ts";
import { clockOffsetUs, clockShift } from "../../source/source-clock.ts";

/** The reference for one range. */
export interface ReferenceRange {
  /**
   * Sorted times of the output frames that the range's pictures give, in ticks of the frame timing on the job's clock.
   */
  readonly pts: readonly Pts[];
  /** Digests of the first picture and of the first one after the end. */
  readonly seams: Seams;
}

type Range = Pick<SegmentTask, "startPts" | "endPts">;

/** The decoded pictures so far, in place of the index. */
class DecodedFrames implements FrameTimes {
  readonly timeBase: Rational;
  lastDuration = 1;
  readonly #pts = new SortedPts();
  readonly #digests: string[] = [];

  constructor({ timeBase }: SourceInfo["video"]) {
    this.timeBase = timeBase;
  }

  /** Keeps times rising: no two pictures get one time, as in a segment (segment/cut-range.ts, SPREAD). */
  add(pts: Pts, digest: string): void {
    this.#pts.insert(Math.max(pts, (this.last ?? Number.NEGATIVE_INFINITY) + 1));
    this.#digests.push(digest);
  }

  get last(): Pts | null {
    return this.#pts.length === 0 ? null : this.#pts.at(this.#pts.length - 1);
  }

  #at(position: number): Pts | null {
    return position < 0 || position >= this.#pts.length ? null : this.#pts.at(position);
  }

  framePts(startPts: Pts | null, endPts: Pts | null): number[] {
    const from = startPts === null ? 0 : this.#pts.lowerBound(startPts);
    return Array.from({ length: this.countFrames(startPts, endPts) }, (_, offset) => this.#pts.at(from + offset));
  }

  countFrames(startPts: Pts | null, endPts: Pts | null): number {
    return this.#pts.countBetween(startPts, endPts);
  }

  frameBefore(pts: Pts, frames: number): Pts | null {
    return this.#at(this.#pts.lowerBound(pts) - frames);
  }

  frameAfter(pts: Pts, frames: number): Pts | null {
    return this.#at(this.#pts.lowerBound(pts) + frames);
  }

  seams({ startPts, endPts }: Range): Seams {
    const first = startPts === null ? 0 : this.#pts.lowerBound(startPts);
    const after = endPts === null ? null : this.#pts.lowerBound(endPts);
    return {
      start: after !== null && first >= after ? null : (this.#digests[first] ?? null),
      afterEnd: after === null ? null : (this.#digests[after] ?? null),
      decoded: null,
    };
  }
}

export class ReferenceDecode implements Disposable {
  readonly #abort = new AbortController();
  readonly #info: SourceInfo;
  readonly #decoded: DecodedFrames;
  #isOver = false;
  #onGrowth: (() => void)[] = [];
  /** Number of ranges being waited for; at zero the decoder pauses. */
  #waitingRanges = 0;
  readonly #pause = createPauseSwitch();
  readonly #running: Promise<void>;

  /** `encoder`: determines the decoder, as for segments made with it. */
  constructor(tools: Tools, path: string, info: SourceInfo, encoder: string, signal?: AbortSignal) {
    this.#info = info;
    this.#pause.set(true);
    this.#decoded = new DecodedFrames(info.video);
    const ends = signal === undefined ? this.#abort.signal : AbortSignal.any([this.#abort.signal, signal]);
    this.#running = this.#run(tools, path, encoder, ends).finally(() => {
      this.#isOver = true;
      this.#grew();
    });
    // `range` reports the error to its callers.
    this.#running.catch(() => undefined);
  }

  async #run(tools: Tools, path: string, encoder: string, signal: AbortSignal | undefined): Promise<void> {
    const { formatName, video } = this.#info;
    const { streamIndex, timeBase } = video;
    const offsetUs = clockOffsetUs(this.#info);
    const shift = clockShift(offsetUs, timeBase);
    const all = { startPts: null, endPts: null, seekPts: null };
    const result = await runTool({
      tools,
      program: "ffmpeg",
      reads: [path],
      writes: [],
      args: [
        ...decodeArgs(
          { ...all, streamIndex, formatName, timeBase, clockOffsetUs: offsetUs },
          { input: fileUrl(path), inputKind: "file", threads: null },
          decoderFor(video, encoder),
        ),
        ...complexGraph(writeGraph([{ from: [`0:${streamIndex}`], filters: [], to: ["v"] }])),
        ...["-map", "[v]", ...frameDigests(timeBase), "pipe:1"],
      ],
      signal,
      pausable: this.#pause,
      onLine: (line) => {
        if (line.startsWith("#") || line === "") return;
        const fields = line.split(",");
        const pts = Number(fields[2]);
        if (Number.isNaN(pts)) return;
        this.#decoded.add(pts - shift, (fields[5] ?? "").trim());
        this.#grew();
      },
    });
    if (result.ended === "aborted")
      throw new AppError("E_INTERRUPTED", "decoding was stopped", "Submit the job again.");
    if (result.exitCode !== 0) {
      throw new AppError(
        "E_INDEX",
        `the source could not be decoded in sequence: ${lastWords(result.stderrTail)}`,
        "The source is damaged; `ffmpeg -v error -i FILE -f null -` shows where.",
      );
    }
  }

  #grew(): void {
    const waiting = this.#onGrowth;
    this.#onGrowth = [];
    for (const wake of waiting) wake();
  }

  /** Waits until everything that a range up to `endPts` needs has been decoded. */
  async #upTo(timing: FrameTiming | null, { endPts }: Range): Promise<void> {
    while (!this.#isOver) {
      const { last } = this.#decoded;
      if (endPts !== null && last !== null && isCertain(timing, this.#decoded, endPts, last)) return;
      await new Promise<void>((resolve) => {
        this.#onGrowth.push(resolve);
      });
    }
    await this.#running;
  }

  async #wait(timing: FrameTiming | null, range: Range): Promise<void> {
    this.#waitingRanges += 1;
    this.#pause.set(false);
    try {
      await this.#upTo(timing, range);
    } finally {
      this.#waitingRanges -= 1;
      if (this.#waitingRanges === 0) this.#pause.set(true);
    }
  }

  /**
   * The output frames of the range by the source alone. `lastDuration`: ticks that the source's last frame is shown, by
   * the index. Errors: E_INDEX when ffmpeg fails, E_INTERRUPTED.
   */
  async range(timing: FrameTiming | null, range: Range, lastDuration: number): Promise<ReferenceRange> {
    await this.#wait(timing, range);
    this.#decoded.lastDuration = lastDuration;
    return {
      pts: timing === null ? [] : plannedFrames(timing, this.#decoded, this.#info, range),
      seams: this.#decoded.seams(range),
    };
  }

  /** The source's own pictures, at least those that the task counts; null: it counts none. Errors: as `range`. */
  async counted({ sourceFrames, endPts }: Pick<SegmentTask, "sourceFrames" | "endPts">): Promise<FrameTimes | null> {
    if (sourceFrames === undefined) return null;
    await this.#wait(null, { startPts: sourceFrames.startPts, endPts });
    return this.#decoded;
  }

  /** Ends the decoder. */
  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}
