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

/**
 * Decoders of the MPEG family hold a picture back until the next one, and drop it where the size changes: of a stream
 * with one key frame before the change nothing of the first size would be seen (measured with MPEG-2 and MPEG-4 part 2).
 */
const HOLDS_BACK = /^(mpeg[124]|msmpeg4|h263|flv1|wmv\d|vc1|rv\d)/;

/** So many packets from the beginning give the first picture: more than any decoder holds back. */
const BEGINNING_PACKETS = 32;

export function pictureSizeArgs(
  path: string,
  info: SourceInfo,
  withColours: boolean,
  which: "changing" | "first" = "changing",
): string[] {
  const { codec, streamIndex } = info.video;
  const atOnce = HOLDS_BACK.test(codec) ? ["-flags", "low_delay"] : [];
  const skipped = CHANGE_ANYWHERE.has(codec) ? [] : [...atOnce, "-skip_frame", "nokey"];
  const chosen = which === "first" ? ["-read_intervals", `%+#${BEGINNING_PACKETS}`] : skipped;
  return [
    ...["-v", "error", ...inputGuards({ formats: info.formatName, kind: "file" })],
    ...["-select_streams", String(streamIndex), ...chosen],
    ...["-show_entries", `frame=width,height,pix_fmt${withColours ? ",color_range,color_space" : ""}`],
    ...["-of", "compact=nk=1:p=0", fileUrl(path)],
  ];
}

/** Hands on each picture in words. Errors: E_INTERRUPTED. */
async function readPictures(
  tools: Tools,
  path: string,
  args: readonly string[],
  onPicture: (picture: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const onLine = (line: string) => {
    const [, width, height, format, colours] = /^(\d+)\|(\d+)\|(\w+)((?:\|[\w-]+)*)/.exec(line) ?? [];
    if (width !== undefined) onPicture(`${width}x${height} ${format}${colours?.replaceAll("|", " ")}`);
  };
  const { ended } = await runTool({ tools, program: "ffprobe", reads: [path], writes: [], args, signal, onLine });
  if (ended === "aborted") throw new AppError("E_INTERRUPTED", "indexing was stopped", "Submit the job again.");
}

/**
 * The first change in words, "320x180 yuv420p to 640x360 yuv420p" (or with colours, "… yuv420p pc bt709"); null: all
 * pictures are alike. Errors: E_INTERRUPTED.
 */
export async function pictureChange(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal?: AbortSignal,
): Promise<string | null> {
  const withColours = isSince(tools, COLOURS_SET_UP);
  let first: string | null = null;
  let change: string | null = null;
  const see = (picture: string) => {
    first ??= picture;
    if (picture !== first) change ??= `${first} to ${picture}`;
  };
  // A picture that says no colours gets those of the headers that the decoder has read by the time it puts it out. Among
  // key frames alone that is groups later, so the first one is asked for among all pictures.
  const seeFirst = (picture: string) => {
    first ??= picture;
  };
  if (withColours) await readPictures(tools, path, pictureSizeArgs(path, info, true, "first"), seeFirst, signal);
  await readPictures(tools, path, pictureSizeArgs(path, info, withColours), see, signal);
  return change;
}
