// Decodes the first picture of a source for its size, format and shape. Where pictures change in the middle, ffmpeg
// converts all to the first one; tasks of later segments must state it.
import { succeeded } from "../../base/process/run-process.ts";
import { SHOWS_STREAMS } from "../ffmpeg/encoder-picture.ts";
import { complexGraph, writeFilter, writeGraph } from "../ffmpeg/filter-graph.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { DecodedPicture, SourceVideo } from "../model/source.ts";
import { decodedPictureIn } from "../source/decoded-picture.ts";
import { type DecodeRange, decodeArgs } from "./decode-args.ts";

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

/** Decodes the source from its beginning. Null: it can't be determined, or no picture comes. */
export async function firstPicture(
  tools: Tools,
  path: string,
  range: DecodeRange & { readonly video: Pick<SourceVideo, "pixelFormat"> },
  decoder: string | null,
  signal?: AbortSignal,
): Promise<DecodedPicture | null> {
  const args = firstPictureArgs(range, decoder, fileUrl(path));
  const result = await runTool({ tools, program: "ffmpeg", reads: [path], writes: [], args, signal, nice: true });
  return succeeded(result) ? decodedPictureIn(result, 0, range.video) : null;
}

/** Describes how a segment's first decoded picture differs from the stream's; null: it does not, or this is unknown. */
export function otherPicture(first: DecodedPicture | null, decoded: string | undefined): string | null {
  if (first === null || decoded === undefined || decoded === first.text) return null;
  return `its pictures are ${decoded} where the stream's first one is ${first.text} (size, shape, bytes)`;
}
