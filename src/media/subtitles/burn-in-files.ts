// Side files: the subtitles that a request burns in. A request names no files; the server makes one Matroska file for
// each `subtitles` filter, with the text and the source's fonts, on the clock that filters see, and every client gets
// the same bytes. Here: which are wanted, whether they can be had, how they are made, how a filter gets its path.
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { AppError } from "../../base/errors.ts";
import { landFile, removeTree, tempNameFor } from "../../base/files.ts";
import { formatMicroseconds } from "../../base/rational.ts";
import { demuxerName, sourceOffsetUs } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { EncodeRequest, FilterCall } from "../model/encode-request.ts";
import type { SourceInfo, SourceStream } from "../model/source.ts";
import { TEXT_SUBTITLES } from "../plan/stream-decision.ts";

export type WantedSubtitles = { readonly from: "source"; readonly track: number } | { readonly from: "upload" };

/** Text of a whole film with its styles; a file beyond this is something else. */
export const MOST_SUBTITLE_BYTES = 16 * 1024 * 1024;
/** With the fonts of the source. */
export const MOST_SIDE_FILE_BYTES = 512 * 1024 * 1024;

const isBurnIn = (call: FilterCall): boolean => call.name === "subtitles";

/** One for each `subtitles` filter, in their order. */
export function wantedSubtitles(request: EncodeRequest): WantedSubtitles[] {
  return request.filters.filter(isBurnIn).map(({ options }) => {
    const values = new Map(options);
    if (values.get("filename") === "upload") return { from: "upload" };
    return { from: "source", track: Number(values.get("stream_index") ?? 0) };
  });
}

/** A file that is uploaded and that no filter names is drawn last, over everything else. Errors: E_ENCODE_REQUEST. */
export function withUpload(request: EncodeRequest, hasUpload: boolean): EncodeRequest {
  const isNamed = wantedSubtitles(request).some((each) => each.from === "upload");
  if (isNamed && !hasUpload) {
    throw new AppError(
      "E_ENCODE_REQUEST",
      "-vf subtitles=upload: no subtitle file is given",
      "Give it with `ffcluster submit --subtitles FILE`; subtitles=si=0 draws the source's own first track.",
    );
  }
  if (isNamed || !hasUpload) return request;
  const call: FilterCall = { name: "subtitles", options: [["filename", "upload"]] };
  return { ...request, filters: [...request.filters, call] };
}

function subtitleStreams(info: SourceInfo): SourceStream[] {
  return info.streams.filter((stream) => stream.type === "subtitle");
}

/** The source's track of that number. Errors: E_ENCODE_REQUEST when there is none, or it is pictures. */
function burnable(info: SourceInfo, track: number): SourceStream {
  const tracks = subtitleStreams(info);
  const stream = tracks[track];
  const list = tracks.map(({ codec, language }, number) => `si=${number} (${codec}${language ? ` ${language}` : ""})`);
  if (stream === undefined) {
    throw new AppError(
      "E_ENCODE_REQUEST",
      `-vf subtitles=si=${track}: the source has no such subtitle track`,
      list.length === 0
        ? "It has none; `ffcluster submit --subtitles FILE` burns in a file of yours."
        : `It has ${list.join(", ")}.`,
    );
  }
  if (TEXT_SUBTITLES.has(stream.codec)) return stream;
  throw new AppError(
    "E_ENCODE_REQUEST",
    `-vf subtitles=si=${track}: ${stream.codec} is pictures, which are not drawn`,
    "Keep the track as it is in an .mkv, or give a text file with `ffcluster submit --subtitles FILE`.",
  );
}

/** Before any work. Errors: E_ENCODE_REQUEST. */
export function requireBurnable(info: SourceInfo, request: EncodeRequest): void {
  for (const wanted of wantedSubtitles(request)) if (wanted.from === "source") burnable(info, wanted.track);
}

/** The request with the burn-in files' absolute paths in place of its words, in the order of `wantedSubtitles`. */
export function withBurnInFiles(request: EncodeRequest, paths: readonly string[]): EncodeRequest {
  let number = 0;
  const filters = request.filters.map((call): FilterCall => {
    if (!isBurnIn(call)) return call;
    const path = paths[number++];
    if (path === undefined) throw new Error("a subtitles filter has no burn-in file");
    const rest = call.options.filter(([key]) => key !== "filename" && key !== "stream_index");
    return { name: call.name, options: [["filename", fileUrl(path)], ...rest] };
  });
  return { ...request, filters };
}

/** The files that a request reads beside its source; none where they are not put in yet. */
export function burnInPaths(request: EncodeRequest): string[] {
  const names = request.filters.filter(isBurnIn).map(({ options }) => new Map(options).get("filename") ?? "");
  return names.flatMap((name) => (name.startsWith("file:") ? [name.slice(5)] : []));
}

const DEMUXERS: Readonly<Record<string, string>> = { ".srt": "srt", ".ass": "ass", ".ssa": "ass", ".vtt": "webvtt" };

/** True for UTF-8, and for UTF-16 with a byte order mark: ffmpeg reads both without a given character set. */
function isText(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch (thrown) {
    if (thrown instanceof TypeError) return false;
    throw thrown;
  }
}

/**
 * The demuxer for a subtitle file that somebody gives, by its extension and after a look at its bytes.
 * Errors: E_SOURCE_REFUSED, E_SOURCE_EMPTY, E_TOO_LARGE.
 */
export async function checkSubtitleFile(name: string, path: string, bytes: number): Promise<string> {
  const demuxer = DEMUXERS[extname(name).toLowerCase()];
  if (demuxer === undefined) {
    const hint = "Give a text file: .srt, .ass, .ssa or .vtt. Pictures (.sup, .sub) can't be drawn.";
    throw new AppError("E_SOURCE_REFUSED", `${name} is not a subtitle file that can be drawn`, hint);
  }
  if (bytes === 0) throw new AppError("E_SOURCE_EMPTY", `${name} is empty`, "Give a file with subtitles.");
  if (bytes > MOST_SUBTITLE_BYTES) {
    const most = MOST_SUBTITLE_BYTES / 1024 / 1024;
    throw new AppError("E_TOO_LARGE", `${name} is larger than ${most} MiB`, "Subtitles are text; check the file.");
  }
  if (!isText(await readFile(path))) {
    const hint = "Save it as UTF-8 text and submit again.";
    throw new AppError("E_SOURCE_REFUSED", `${name} is no UTF-8 text`, hint);
  }
  return demuxer;
}

/** What Matroska holds as it is; the rest becomes ASS, which is what the renderer draws. */
const KEPT_AS_IS: ReadonlySet<string> = new Set(["subrip", "ass", "ssa", "webvtt", "srt"]);
const FONT = /\.(ttf|otf|ttc)$/i;

function isFont({ type, codec, fileName }: SourceStream): boolean {
  return type === "attachment" && (codec === "ttf" || codec === "otf" || FONT.test(fileName ?? ""));
}

/** From the source: the track and its fonts, moved so that the file's start is zero as it is for filters. */
function sourceSubtitleArgs(info: SourceInfo, track: number, input: string, output: string): string[] {
  const stream = burnable(info, track);
  const fonts = info.streams.filter(isFont);
  return [
    ...QUIET,
    ...["-copyts", "-itsoffset", formatMicroseconds(sourceOffsetUs(-info.startMicroseconds, info))],
    ...inputGuards({ formats: info.formatName, kind: "file" }),
    ...["-f", demuxerName(info.formatName), "-i", input],
    ...[stream, ...fonts].flatMap(({ index }) => ["-map", `0:${index}`]),
    ...["-c", "copy", ...(KEPT_AS_IS.has(stream.codec) ? [] : ["-c:s", "ass"])],
    ...["-avoid_negative_ts", "disabled", "-f", "matroska", "-y", output],
  ];
}

/** Of a file that somebody gives: its times count from the file's start already. */
function uploadedSubtitleArgs(demuxer: string, input: string, output: string): string[] {
  return [
    ...QUIET,
    ...[...inputGuards({ formats: demuxer, kind: "file" }), "-f", demuxer, "-i", input],
    ...["-map", "0:s:0", "-c:s", "copy", "-f", "matroska", "-y", output],
  ];
}

async function run(
  tools: Tools,
  args: (output: string) => string[],
  { input, output }: { readonly input: string; readonly output: string },
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = tempNameFor(output);
  try {
    const result = await runTool({
      tools,
      program: "ffmpeg",
      reads: [input],
      writes: [temporary],
      args: args(fileUrl(temporary)),
      signal,
    });
    if (result.ended !== "exit") throw new AppError("E_INTERRUPTED", `reading ${what} was stopped`, "Submit it again.");
    if (result.exitCode !== 0) {
      const hint = "Play it to see whether it is damaged.";
      throw new AppError("E_SOURCE_REFUSED", `${what} cannot be read: ${lastWords(result.stderrTail)}`, hint);
    }
    await landFile(temporary, output);
  } finally {
    await removeTree(temporary);
  }
}

/** Reads the whole source once. Errors: E_SOURCE_REFUSED, E_INTERRUPTED. */
export async function extractSubtitles(
  tools: Tools,
  source: { readonly path: string; readonly info: SourceInfo },
  track: number,
  output: string,
  signal?: AbortSignal,
): Promise<void> {
  const args = (file: string) => sourceSubtitleArgs(source.info, track, fileUrl(source.path), file);
  await run(tools, args, { input: source.path, output }, `subtitle track ${track}`, signal);
}

/** Errors: those of checkSubtitleFile, and E_SOURCE_REFUSED for a text without subtitles. */
export async function convertUpload(
  tools: Tools,
  file: { readonly name: string; readonly path: string; readonly bytes: number },
  output: string,
): Promise<void> {
  const demuxer = await checkSubtitleFile(file.name, file.path, file.bytes);
  const args = (target: string) => uploadedSubtitleArgs(demuxer, fileUrl(file.path), target);
  await run(tools, args, { input: file.path, output }, file.name);
  const counted = await runTool({
    tools,
    program: "ffprobe",
    reads: [output],
    writes: [],
    args: ["-v", "error", "-show_entries", "packet=pts", "-of", "csv=p=0", fileUrl(output)],
  });
  if (counted.stdout.trim() !== "") return;
  await removeTree(output);
  const hint = "Check that its extension (.srt, .ass, .vtt) is that of its content.";
  throw new AppError("E_SOURCE_REFUSED", `${file.name} holds no subtitles`, hint);
}
