// The groups of pictures between which an output may be split, as the index finds them: counted in frames of the output,
// and joined where a segment may not begin. Pure.
import type { Piece } from "../index/cut-points.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Gop, SourceInfo } from "../model/source.ts";
import { type FrameTiming, frameTimingOf } from "../plan/frame-timing.ts";
import { OutputGroups } from "../plan/output-groups.ts";
import { cutDistance } from "../request/args/key-distance.ts";
import type { GopJoiner } from "../subtitles/subtitle-cuts.ts";

export class CuttableGroups {
  readonly #groups: OutputGroups;
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
  }

  /** Frames of the output in all groups so far. */
  get totalFrames(): number {
    return this.#groups.total;
  }

  /** The groups that have become certain with these of the source, which `index` knows already. */
  add(gops: readonly Gop[], index: FrameIndex): Piece[] {
    const counted = this.#groups.add(gops, index);
    return this.#joiner === null ? counted : this.#joiner.push(counted);
  }

  /** The rest; `index` is complete. */
  finish(index: FrameIndex): Piece[] {
    const counted = this.#groups.finish(index);
    return this.#joiner === null ? counted : [...this.#joiner.push(counted), ...this.#joiner.end()];
  }
}
