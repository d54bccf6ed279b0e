// Decodes the first picture of a source for its size, format and shape. Where pictures change in the middle, ffmpeg
// converts all to the first one; tasks of later segments must state it.
import { succeeded } from "../../base/process/run-process.ts";
import { encoderPictureIn, SHOWS_STREAMS } from "../ffmpeg/encoder-picture.ts";
import { complexGraph, writeFilter, writeGraph } from "../ffmpeg/filter-graph.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { PictureShape, SourceVideo } from "../model/source.ts";
import { type DecodeRange, decodeArgs } from "./decode-args.ts";
import { parseSeams } from "./seams.ts";

export interface FirstPicture {
  readonly shape: PictureShape;
  /** The value that `parseSeams` gives for a segment whose first decoded picture matches this one. */
  readonly text: string;
}

/** Decodes the picture, prints its digest as a segment's run does, and says its format. `input`: a `file:` URL. */
export function firstPictureArgs(range: DecodeRange, decoder: string | null, input: string): string[] {
  const whole = { ...range, startPts: null, endPts: null, seekPts: null };
  return [
    ...decodeArgs(whole, { input, inputKind: "file", threads: null }, decoder),
    ...complexGraph(writeGraph([{ from: [`0:${range.streamIndex}`], filters: [writeFilter("null")], to: ["first"] }])),
    // Tags of the source would be printed behind what is looked for, and may be long.
    ...[...SHOWS_STREAMS, "-map", "[first]", "-map_metadata", "-1", "-map_chapters", "-1"],
    ...["-frames:v", "1", "-f", "framehash", "-hash", "md5", "pipe:1"],
  ];
}

/** Raw pictures may lose full range that a format's name says: `declared` is what the source's header says. */
function formatOf(held: string, declared: string): string {
  return declared.replace(/^yuvj/, "yuv") === held ? declared : held;
}

/** `text`: "320x180 16/15 86400". */
function shapeOf(text: string, pixelFormat: string): PictureShape | null {
  const [, width, height, ratio = ""] = /^(\d+)x(\d+) (\S+) \d+$/.exec(text) ?? [];
  if (width === undefined || height === undefined) return null;
  const sampleAspectRatio = /^[1-9]\d*\/[1-9]\d*$/.test(ratio) ? ratio.replace("/", ":") : null;
  return { width: Number(width), height: Number(height), pixelFormat, sampleAspectRatio };
}

/** Decodes the source from its beginning. Null: it can't be determined, or no picture comes. */
export async function firstPicture(
  tools: Tools,
  path: string,
  range: DecodeRange & { readonly video: Pick<SourceVideo, "pixelFormat"> },
  decoder: string | null,
  signal?: AbortSignal,
): Promise<FirstPicture | null> {
  const args = firstPictureArgs(range, decoder, fileUrl(path));
  const result = await runTool({ tools, program: "ffmpeg", reads: [path], writes: [], args, signal, nice: true });
  const text = succeeded(result) ? parseSeams(result.stdout, null).decoded : null;
  const told = encoderPictureIn(result.stderrTail);
  if (text === null || told === null) return null;
  const shape = shapeOf(text, formatOf(told.pixelFormat, range.video.pixelFormat));
  return shape === null ? null : { shape, text };
}

/** Describes how a segment's first decoded picture differs from the stream's; null: it does not, or this is unknown. */
export function otherPicture(first: FirstPicture | null, decoded: string | undefined): string | null {
  if (first === null || decoded === undefined || decoded === first.text) return null;
  return `its pictures are ${decoded} where the stream's first one is ${first.text} (size, shape, bytes)`;
}
