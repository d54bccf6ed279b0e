// The groups of pictures between which an output may be split, as the index finds them: counted in frames of the output,
// and joined where a segment may not begin. Pure.
import { AppError } from "../../base/errors.ts";
import { formatRational, type Pts, type Rational, rescale, toNumber } from "../../base/rational.ts";
import type { Piece } from "../index/cut-points.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import { mayHoldDoubles } from "../index/picture-doubles.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Gop, SourceInfo } from "../model/source.ts";
import { type FrameTiming, frameTimingOf } from "../plan/frame-timing.ts";
import { OutputGroups } from "../plan/output-groups.ts";
import { encoderTimeBase } from "../plan/time-base.ts";
import { cutDistance } from "../request/args/key-distance.ts";
import { clockOffsetUs, clockShift } from "../source/source-clock.ts";
import type { GopJoiner } from "../subtitles/subtitle-cuts.ts";

/** Refuses pictures that would share a tick of an encoder which counts in frames (MPEG-1/2, old forms of MPEG-4). */
class EncoderTicks {
  readonly #timeBase: Rational;
  readonly #tick: Rational;
  readonly #shift: Pts;
  readonly #encoder: string;
  readonly #mayHoldDoubles: boolean;
  #last: Pts | null = null;

  constructor(info: SourceInfo, request: EncodeRequest) {
    this.#mayHoldDoubles = mayHoldDoubles(info.video);
    this.#timeBase = info.video.timeBase;
    this.#tick = encoderTimeBase(info.video, request);
    this.#shift = clockShift(clockOffsetUs(info), info.video.timeBase);
    this.#encoder = request.video.encoder;
  }

  #tickOf(pts: Pts): number {
    return rescale(pts + this.#shift, this.#timeBase, this.#tick);
  }

  /** The times of all pictures, rising, on the job's clock. Errors: E_ENCODE_REQUEST. */
  seeAll(pictures: readonly Pts[]): void {
    this.#last = null;
    for (const pts of pictures) this.#seeOne(pts - this.#shift);
    this.#last = null;
  }

  /** The next group of `index`. Errors: E_ENCODE_REQUEST. */
  see({ startPts, endPts }: Gop, index: FrameIndex): void {
    for (const pts of index.framePts(startPts, endPts)) {
      this.#seeOne(pts);
      if (this.#mayHoldDoubles && index.sharesPts(pts, pts + 1)) throw this.#tooClose(pts, pts);
    }
  }

  #seeOne(pts: Pts): void {
    const last = this.#last;
    this.#last = pts;
    if (last !== null && this.#tickOf(last) === this.#tickOf(pts)) throw this.#tooClose(last, pts);
  }

  #tooClose(...pictures: readonly [Pts, Pts]): AppError {
    const [a, b] = pictures.map((each) => (each * toNumber(this.#timeBase)).toFixed(3));
    return new AppError(
      "E_ENCODE_REQUEST",
      `${this.#encoder} counts in steps of ${formatRational(this.#tick)} s here, and the source's pictures at ${a} s and ${b} s stand closer together`,
      "Ask for a constant rate (-r RATE, or -vf fps=RATE), or for another encoder.",
    );
  }
}

export class CuttableGroups {
  readonly #groups: OutputGroups;
  /** Null: the filters make the times, or the encoder takes the source's. */
  readonly #ticks: EncoderTicks | null;
  readonly #joiner: GopJoiner | null;

  /** `joiner`: of the subtitles that are drawn; null: there are none, or this is an estimate. */
  constructor(
    info: SourceInfo,
    request: EncodeRequest,
    joiner: GopJoiner | null,
    timing: FrameTiming | null = frameTimingOf(request, info.video.timeBase),
  ) {
    this.#groups = new OutputGroups(timing, info, cutDistance(request));
    this.#joiner = joiner;
    const isCoarse = toNumber(encoderTimeBase(info.video, request)) > toNumber(info.video.timeBase);
    this.#ticks = timing?.keepsTimes === true && isCoarse ? new EncoderTicks(info, request) : null;
  }

  /** Frames of the output in all groups so far. */
  get totalFrames(): number {
    return this.#groups.total;
  }

  /**
   * The groups that have become certain with these of the source, which `index` knows already. Errors: E_ENCODE_REQUEST
   * where the encoder can't tell two pictures apart, or the rate asked for gives endless frames.
   */
  add(gops: readonly Gop[], index: FrameIndex): Piece[] {
    for (const gop of gops) this.#ticks?.see(gop, index);
    const counted = this.#groups.add(gops, index);
    return this.#joiner === null ? counted : this.#joiner.push(counted);
  }

  /** Pictures must not share a tick of the encoder, which is coarser than the source's. */
  get needsDistance(): boolean {
    return this.#ticks !== null;
  }

  /** `decoded`: the times of all pictures as a decode in sequence gives them, on the job's clock. Errors: E_ENCODE_REQUEST. */
  requireDistance(decoded: readonly Pts[]): void {
    this.#ticks?.seeAll(decoded);
  }

  /** The rest; `index` is complete. */
  finish(index: FrameIndex): Piece[] {
    const counted = this.#groups.finish(index);
    return this.#joiner === null ? counted : [...this.#joiner.push(counted), ...this.#joiner.end()];
  }
}
