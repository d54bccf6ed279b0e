// Runs ffmpeg for raw pictures and keeps of each, as it comes out of the pipe, the strips that are compared: one frame is
// held at a time, however many are asked for.
import { AppError } from "../../../base/errors.ts";
import { runTool } from "../../../base/process.ts";
import { lastWords } from "../../stderr.ts";
import type { Tools } from "../../tools.ts";
import { frameBytes } from "./raw-format.ts";
import type { Shown } from "./sample-args.ts";
import { cutStrips, type Strips, stripLayout } from "./strips.ts";

/** Frames of one size out of a stream of bytes. */
export class FrameCutter {
  readonly #frame: Uint8Array;
  readonly #take: (frame: Uint8Array) => void;
  #filled = 0;

  constructor(bytes: number, take: (frame: Uint8Array) => void) {
    this.#frame = new Uint8Array(bytes);
    this.#take = take;
  }

  /** True: no frame is cut off. */
  get isBetween(): boolean {
    return this.#filled === 0;
  }

  add(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + this.#frame.length - this.#filled);
      this.#frame.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled < this.#frame.length) return;
      this.#take(this.#frame);
      this.#filled = 0;
    }
  }
}

/** `count` pictures in their order, or why they can't be had. Errors: E_INTERRUPTED. */
export async function readPictures(
  tools: Tools,
  args: readonly string[],
  shown: Shown,
  count: number,
  signal: AbortSignal | undefined,
): Promise<Strips[] | string> {
  const { format, width, height } = shown;
  const layout = stripLayout(width, height);
  const pictures: Strips[] = [];
  const cutter = new FrameCutter(frameBytes(format, width, height), (frame) => {
    if (pictures.length < count) pictures.push(cutStrips(frame, format, layout));
  });
  const result = await runTool({
    program: tools.ffmpeg,
    args,
    signal,
    nice: true,
    onBytes: (bytes) => cutter.add(bytes),
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "the check was stopped", "Submit the job again.");
  if (result.exitCode !== 0) return lastWords(result.stderrTail);
  if (!cutter.isBetween) return "the pictures are not all of one size";
  return pictures.length === count ? pictures : `${pictures.length} pictures came out where ${count} should`;
}
