// Whether a source's pictures change their size or format in the middle, and since ffmpeg 7.0 also their colour tags:
// ffmpeg then configures its filters again, and filters that count start over.
import { AppError } from "../../base/errors.ts";
import { COLOURS_SET_UP, isSince } from "../ffmpeg/builds/differences.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";

/**
 * Codecs whose pictures may change at any frame. Those of other codecs change at key frames only, so only these are
 * decoded.
 */
const CHANGE_ANYWHERE: ReadonlySet<string> = new Set(["vp8", "vp9", "av1"]);

export function pictureSizeArgs(path: string, info: SourceInfo, withColours: boolean): string[] {
  const { codec, streamIndex } = info.video;
  return [
    ...["-v", "error", ...inputGuards({ formats: info.formatName, kind: "file" })],
    ...["-select_streams", String(streamIndex), ...(CHANGE_ANYWHERE.has(codec) ? [] : ["-skip_frame", "nokey"])],
    ...["-show_entries", `frame=width,height,pix_fmt${withColours ? ",color_range,color_space" : ""}`],
    ...["-of", "compact=nk=1:p=0", fileUrl(path)],
  ];
}

/**
 * The first change in words, "320x180 yuv420p to 640x360 yuv420p" (or with colours, "… yuv420p pc bt709"); null: all
 * pictures are alike.
 */
export async function pictureChange(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal?: AbortSignal,
): Promise<string | null> {
  let first: string | null = null;
  let change: string | null = null;
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: pictureSizeArgs(path, info, isSince(tools, COLOURS_SET_UP)),
    signal,
    onLine: (line) => {
      const [, width, height, format, colours] = /^(\d+)\|(\d+)\|(\w+)((?:\|[\w-]+)*)/.exec(line) ?? [];
      if (width === undefined) return;
      const picture = `${width}x${height} ${format}${colours?.replaceAll("|", " ")}`;
      first ??= picture;
      if (picture !== first) change ??= `${first} to ${picture}`;
    },
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "indexing was stopped", "Submit the job again.");
  return change;
}
