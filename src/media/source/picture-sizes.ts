// Whether a source's pictures change their size or format in the middle: filters are then set up anew by ffmpeg, and
// those that count begin again.
import { AppError } from "../../base/errors.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";

/** Codecs whose pictures may change at any frame; those of the others do at key frames alone, and only these are decoded. */
const CHANGE_ANYWHERE: ReadonlySet<string> = new Set(["vp8", "vp9", "av1"]);

export function pictureSizeArgs(path: string, info: SourceInfo): string[] {
  const { codec, streamIndex } = info.video;
  return [
    ...["-v", "error", ...inputGuards({ formats: info.formatName, kind: "file" })],
    ...["-select_streams", String(streamIndex), ...(CHANGE_ANYWHERE.has(codec) ? [] : ["-skip_frame", "nokey"])],
    ...["-show_entries", "frame=width,height,pix_fmt", "-of", "compact=nk=1:p=0", fileUrl(path)],
  ];
}

/** The first change in words, "320x180 yuv420p to 640x360 yuv420p"; null: all pictures that were read are alike. */
export async function pictureChange(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal?: AbortSignal,
): Promise<string | null> {
  let first: string | null = null;
  let change: string | null = null;
  const result = await runTool({
    program: tools.ffprobe,
    args: pictureSizeArgs(path, info),
    signal,
    onLine: (line) => {
      const [, width, height, format] = /^(\d+)\|(\d+)\|(\w+)/.exec(line) ?? [];
      if (width === undefined) return;
      const picture = `${width}x${height} ${format}`;
      first ??= picture;
      if (picture !== first) change ??= `${first} to ${picture}`;
    },
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "indexing was stopped", "Submit the job again.");
  return change;
}
