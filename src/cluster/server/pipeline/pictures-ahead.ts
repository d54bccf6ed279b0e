// Decodes pictures of the source while clients encode, at low priority, for the check of the finished output. One run of
// ffmpeg serves all segments that arrived during the run before.
import { rescale } from "../../../base/rational.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { readNutKeys } from "../../../media/nut/read-nut.ts";
import { decodeSourceAhead, MOST_SEGMENTS_AHEAD } from "../../../media/verify/picture/decode-ahead.ts";
import { SourcePictures } from "../../../media/verify/picture/source-pictures.ts";
import { comparedPictures } from "./compared-pictures.ts";
import type { LandedSegment } from "./segment-pictures.ts";

export class PicturesAhead {
  readonly kept = new SourcePictures();
  #waiting: LandedSegment[] = [];
  #isRunning = false;
  #running = Promise.resolve();

  /** The segment has the frames that the index says. */
  add(tools: Tools, landed: LandedSegment): void {
    this.#waiting.push(landed);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#running = landed.work
      .guard("decoding pictures", () => this.#run(tools))
      .finally(() => {
        this.#isRunning = false;
      });
  }

  /** Resolves when no decode is running. */
  settled(): Promise<void> {
    return this.#running;
  }

  async #run(tools: Tools): Promise<void> {
    while (this.#waiting.length > 0 && this.kept.form !== null && !this.kept.isFull)
      await this.#decode(tools, this.#waiting.splice(0, MOST_SEGMENTS_AHEAD));
  }

  async #decode(tools: Tools, gathered: readonly LandedSegment[]): Promise<void> {
    const landed = gathered.toSorted((a, b) => a.segment.index - b.segment.index);
    const last = landed.at(-1);
    if (last === undefined || last.job.split.mode === "whole") return;
    const { work, job, index, encoderTimeBase } = last;
    const keys: number[] = [];
    const framePts: number[] = [];
    for (const { path, pts, timeBase } of landed) {
      const own = await readNutKeys(path);
      if (own === null || pts === null) return;
      keys.push(...own.map((number) => framePts.length + number));
      for (const each of pts) framePts.push(rescale(each, timeBase, encoderTimeBase));
    }
    const { kept } = this;
    const compared = await comparedPictures(work, job, index, landed);
    await decodeSourceAhead(tools, { ...compared, kept, keys, framePts, encoderTimeBase, signal: work.signal });
  }
}
