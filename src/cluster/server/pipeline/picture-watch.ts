// Finds out whether a source's pictures change size, shape or format in the middle: a segment begins with another picture
// than the stream, or is not as planned. From then on every task states the stream's first picture.
import { Once } from "../../../base/once.ts";
import { convertsPictures } from "../../../media/colour/range-path.ts";
import { decoderFor } from "../../../media/ffmpeg/codecs.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { SegmentReport, SegmentTask } from "../../../media/model/segment.ts";
import type { DecodedPicture, PictureShape, SourceInfo } from "../../../media/model/source.ts";
import { filterChain } from "../../../media/request/args/video-args.ts";
import { firstPicture, otherPicture } from "../../../media/segment/first-picture.ts";
import { pictureChange } from "../../../media/source/picture-sizes.ts";

export interface WatchedVideo {
  readonly path: string;
  readonly info: SourceInfo;
  /** Its first picture as ffmpeg's own choice of a decoder gives it; null: it is not known yet. */
  readonly first: DecodedPicture | null;
}

export interface PictureWatchParts {
  readonly tools: Tools;
  readonly signal: AbortSignal;
  /** The file that the video is read from. */
  readonly video: () => Promise<WatchedVideo>;
}

export class PictureWatch {
  readonly #parts: PictureWatchParts;
  #first: Once<DecodedPicture | null> | null = null;
  readonly #change = new Once(() => this.#findChange());
  #stated: PictureShape | undefined;

  constructor(parts: PictureWatchParts) {
    this.#parts = parts;
  }

  /** The first picture as tasks state it; undefined: no picture was found to differ from it. */
  get stated(): PictureShape | undefined {
    return this.#stated;
  }

  /** Says how the first picture of a segment differs from the stream's first one; null: it does not. */
  async otherThanFirst(task: SegmentTask, { decoded }: Pick<SegmentReport, "decoded">): Promise<string | null> {
    if (decoded === undefined) return null;
    const first = await this.#firstOf(task);
    const other = otherPicture(first, decoded);
    if (other !== null) await this.#state(first, task, decoded);
    return other;
  }

  /** Describes the first change of size or format; null: there is none. Decodes the source's key frames. */
  findChange(): Promise<string | null> {
    return this.#change.get();
  }

  /** A segment is not as planned: if pictures change, later tasks state what they were. */
  async lookForChange(task: SegmentTask): Promise<void> {
    if (this.#stated !== undefined || (await this.#change.get()) === null) return;
    await this.#state(await this.#firstOf(task), task);
  }

  /** Why a decode of a range alone can't be trusted; null: it can. */
  async whyWhole(task: SegmentTask): Promise<string | null> {
    if (isOnlyScaled(task)) return null;
    const change = await this.#change.get();
    return change === null ? null : `the pictures change from ${change}, and ${whyInOneRun(task)}`;
  }

  /**
   * With filters, one run over the whole video handles pictures of several sizes, because filters are set up for one size;
   * so it is where the encoder takes another format or range, because ffmpeg scales and converts in one step, and where
   * ffmpeg turns the pictures, because it does so with filters of its own, before all others.
   * They are not set up again where only the shape of the pixels changes. What looks like that may be a picture of another
   * size that ffmpeg has scaled behind the filters, with the shape that keeps its proportions: the source itself is asked.
   */
  async #state(first: DecodedPicture | null, task: SegmentTask, decoded?: string): Promise<void> {
    if (first === null) return;
    const looksSo = decoded !== undefined && withoutShape(decoded) === withoutShape(first.text);
    const isShapeAlone = looksSo && (await this.#change.get()) === null;
    if (isShapeAlone || isOnlyScaled(task)) this.#stated = first.shape;
  }

  #firstOf(task: SegmentTask): Promise<DecodedPicture | null> {
    this.#first ??= new Once(() => this.#decodeFirst(task));
    return this.#first.get();
  }

  async #decodeFirst(task: SegmentTask): Promise<DecodedPicture | null> {
    const { tools, signal } = this.#parts;
    const { path, first } = await this.#parts.video();
    const decoder = decoderFor(task.video, task.request.video.encoder);
    if (decoder === null && first !== null) return first;
    return await firstPicture(tools, path, task, decoder, signal);
  }

  async #findChange(): Promise<string | null> {
    const { path, info } = await this.#parts.video();
    return await pictureChange(this.#parts.tools, path, info, this.#parts.signal);
  }
}

/** Whether a picture of another size comes to the encoder with nothing done to it but that it is scaled. */
export function isOnlyScaled({ video, request }: Pick<SegmentTask, "video" | "request">): boolean {
  return filterChain(request).length === 0 && video.rotationDegrees === 0 && !convertsPictures(video, request);
}

function whyInOneRun({ video, request }: Pick<SegmentTask, "video" | "request">): string {
  if (filterChain(request).length > 0) return "filters start again there";
  return video.rotationDegrees === 0 ? "are converted in one step" : "are turned before they are scaled";
}

/** "320x180 1/1 86400" → "320x180 86400": without the shape of the pixels. */
function withoutShape(decoded: string): string {
  const [size, , bytes] = decoded.split(" ");
  return `${size} ${bytes}`;
}
