// Decodes the first picture of a source for its size, format and shape. Where pictures change in the middle, ffmpeg
// converts all to the first one; tasks of later segments must state it.
import { rm } from "node:fs/promises";
import { z } from "zod";
import { tempNameFor } from "../../base/files.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { complexGraph, writeFilter, writeGraph } from "../ffmpeg/filter-graph.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { PictureShape, SourceVideo } from "../model/source.ts";
import { type DecodeRange, decodeArgs } from "./decode-args.ts";
import { parseSeams } from "./seams.ts";

export interface FirstPicture {
  readonly shape: PictureShape;
  /** The value that `parseSeams` gives for a segment whose first decoded picture matches this one. */
  readonly text: string;
}

const streamSchema = z.object({
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  pix_fmt: z.string(),
  sample_aspect_ratio: z.string().optional(),
});
const answerSchema = z.object({ streams: z.tuple([streamSchema]) });

/** Writes the picture, and its digest as a segment's run does. `input`, `file`, `digests`: `file:` URLs. */
export function firstPictureArgs(
  range: DecodeRange,
  decoder: string | null,
  input: string,
  file: string,
  digests: string,
): string[] {
  const whole = { ...range, startPts: null, endPts: null, seekPts: null };
  return [
    ...decodeArgs(whole, { input, inputKind: "file", threads: null }, decoder),
    ...complexGraph(
      writeGraph([{ from: [`0:${range.streamIndex}`], filters: [writeFilter("split")], to: ["a", "b"] }]),
    ),
    ...["-map", "[a]", "-frames:v", "1", "-c:v", "rawvideo", "-f", "nut", "-y", file],
    ...["-map", "[b]", "-frames:v", "1", "-f", "framehash", "-hash", "md5", "-y", digests],
  ];
}

/** No file of raw pictures holds full range by its format's name: `declared` is what the source's header says. */
function formatOf(held: string, declared: string): string {
  return declared.replace(/^yuvj/, "yuv") === held ? declared : held;
}

function shapeOf(stream: z.infer<typeof streamSchema>, declared: string): PictureShape {
  const ratio = stream.sample_aspect_ratio ?? "N/A";
  return {
    width: stream.width,
    height: stream.height,
    pixelFormat: formatOf(stream.pix_fmt, declared),
    sampleAspectRatio: /^[1-9]\d*:[1-9]\d*$/.test(ratio) ? ratio : null,
  };
}

/**
 * Decodes the source from its beginning. Null: it can't be determined (no picture comes, or its format can't be stored
 * unchanged in a file).
 */
export async function firstPicture(
  tools: Tools,
  path: string,
  range: DecodeRange & { readonly video: Pick<SourceVideo, "pixelFormat"> },
  decoder: string | null,
  { workDir, signal }: { readonly workDir: string; readonly signal?: AbortSignal | undefined },
): Promise<FirstPicture | null> {
  const file = tempNameFor(`${workDir}/first.nut`);
  const digests = tempNameFor(`${workDir}/first.txt`);
  try {
    const args = firstPictureArgs(range, decoder, fileUrl(path), fileUrl(file), fileUrl(digests));
    if (
      !succeeded(
        await runTool({ tools, program: "ffmpeg", reads: [path], writes: [file, digests], args, signal, nice: true }),
      )
    )
      return null;
    const probed = await runTool({
      tools,
      program: "ffprobe",
      reads: [file],
      writes: [],
      args: [
        ...["-v", "error", ...inputGuards({ formats: "nut", kind: "file" })],
        ...["-show_entries", "stream=width,height,pix_fmt,sample_aspect_ratio", "-of", "json", fileUrl(file)],
      ],
      signal,
    });
    const answer = succeeded(probed) ? answerSchema.safeParse(JSON.parse(probed.stdout)) : null;
    const text = parseSeams(await Bun.file(digests).text(), null).decoded;
    if (answer?.success !== true || text === null) return null;
    return { shape: shapeOf(answer.data.streams[0], range.video.pixelFormat), text };
  } finally {
    await rm(file, { force: true });
    await rm(digests, { force: true });
  }
}

/** Describes how a segment's first decoded picture differs from the stream's; null: it does not, or this is unknown. */
export function otherPicture(first: FirstPicture | null, decoded: string | undefined): string | null {
  if (first === null || decoded === undefined || decoded === first.text) return null;
  return `its pictures are ${decoded} where the stream's first one is ${first.text} (size, shape, bytes)`;
}
