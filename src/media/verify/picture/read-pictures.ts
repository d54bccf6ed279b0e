// Runs ffmpeg for raw pictures and keeps the compared strips of each as it comes out of the pipe: one frame is held at
// a time.
import { AppError } from "../../../base/errors.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { lastWords } from "../../ffmpeg/stderr.ts";
import { inputFiles } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { ComparedForm } from "./compared-form.ts";
import { frameBytes } from "./measure/raw-format.ts";
import { cutStrips, pipedLayout, type Strips, stripLayout } from "./measure/strips.ts";

/** Cuts a stream of bytes into frames of one size. */
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

/** One run of ffmpeg that puts out pictures. */
export interface PictureRun {
  readonly args: readonly string[];
  /** What its filters read. */
  readonly sideFiles: readonly string[];
}

/**
 * Passes on all pictures in order, waiting for each to be taken. Returns why there are no more, null at their end.
 * Errors: E_INTERRUPTED.
 */
export async function streamPictures(
  tools: Tools,
  { args, sideFiles }: PictureRun,
  shown: ComparedForm,
  take: (picture: Strips) => void | Promise<void>,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const { format, width, height } = shown;
  const layout = pipedLayout(stripLayout(width, height));
  const fresh: Strips[] = [];
  const cutter = new FrameCutter(frameBytes(format, layout.width, layout.height), (frame) => {
    fresh.push(cutStrips(frame, format, layout));
  });
  const onBytes = async (bytes: Uint8Array) => {
    cutter.add(bytes);
    for (const picture of fresh.splice(0)) await take(picture);
  };
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [...inputFiles(args), ...sideFiles],
    writes: [],
    args,
    signal,
    nice: true,
    onBytes,
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "the check was stopped", "Submit the job again.");
  if (result.exitCode !== 0) return lastWords(result.stderrTail);
  return cutter.isBetween ? null : "the pictures are not all of one size";
}
