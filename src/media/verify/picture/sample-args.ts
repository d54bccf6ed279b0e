// The command lines that decode raw pictures of a source and of an output for the comparison. Each sample is sought,
// filtered and cut; samples that start decoding at the same picture share the decode. Both sides end in one pixel
// format in limited range, so that a wrong range tag shows as wrong levels. Pure.
import { formatMicroseconds, MICROSECONDS, type Pts, type Rational, rescale } from "../../../base/rational.ts";
import { isFullRange, isLumaAndChroma } from "../../colour/pixel-kind.ts";
import { askedRange, isFullForgotten, namedRange, stateRange } from "../../colour/range-path.ts";
import { decoderFor } from "../../ffmpeg/codecs.ts";
import { type FilterText, writeFilter, writeGraph } from "../../ffmpeg/filter-graph.ts";
import { isMatroska } from "../../ffmpeg/formats.ts";
import { fileUrl, inputGuards, QUIET } from "../../ffmpeg/tool-args.ts";
import type { NamedOption } from "../../model/encode-request.ts";
import type { SegmentTask } from "../../model/segment.ts";
import { filterChain, renderedChain } from "../../request/args/video-args.ts";
import { probeWord } from "../../request/values/colour-words.ts";
import { cutChain, cutParts, shapeFilters } from "../../segment/cut-range.ts";
import { decodeArgs } from "../../segment/decode-args.ts";
import { isRgb, type RawFormat } from "./measure/raw-format.ts";
import { type StripLayout, stripLayout } from "./measure/strips.ts";
import { branchedArgs, rawOutput } from "./shared-decode.ts";

/** The common form of both sides. */
export interface ComparedForm {
  /** What ffmpeg does when -color_range or -colorspace differs from the pictures': converts them, or only states it. */
  readonly asked: "converted" | "said";
  /** The range assumed for the source's pictures; absent: the stated one. */
  readonly sourceRange?: "full" | "limited";
  readonly format: RawFormat;
  readonly width: number;
  readonly height: number;
}

export interface SourceSample {
  /** Subtitle paths in its request are files of this machine. */
  readonly task: SegmentTask;
  readonly skip: number;
  readonly frames: number;
}

export interface OutputFile {
  readonly path: string;
  /** Demuxers that may read it. */
  readonly formats: string;
  /** A decoder that keeps everything in the file (alpha); null: ffmpeg's choice. */
  readonly decoder: string | null;
  /** It has full range but no way to state it. */
  readonly isFullRange?: boolean;
}

export interface OutputSample {
  /** A key frame at or before the first picture, in ticks of the stream; null: from the beginning. */
  readonly seekPts: Pts | null;
  readonly startPts: Pts;
  /** Number of unwanted pictures with that time. */
  readonly skip: number;
  readonly frames: number;
}

const LIMITED: NamedOption = ["out_range", "tv"];
/** Matrices by ffprobe's names, as the filter `scale` takes them. */
const MATRICES = new Set(["bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"]);

/**
 * Converts to the common format and size; times no longer matter, and the pictures of all samples must have one shape.
 */
function common({ format }: ComparedForm, size: readonly NamedOption[], extra: readonly NamedOption[]): FilterText[] {
  return [
    writeFilter("scale", [...size, ...(format.planes[0]?.name === "Y" ? [LIMITED, ...extra] : [])]),
    writeFilter("format", [["pix_fmts", format.name]]),
    writeFilter("setsar", [["sar", 1]]),
    writeFilter("settb", [["expr", "1/25"]]),
    writeFilter("setpts", [["expr", "N"]]),
  ];
}

/** Keeps an output picture of the wrong size, so that `concat` refuses it. */
const OWN_SIZE = sizeOptions("iw", "ih");

function sizeOptions(width: string | number, height: string | number): NamedOption[] {
  return [
    ["w", String(width)],
    ["h", String(height)],
  ];
}

/** `frames` pictures from number `skip` on. */
function some(skip: number, frames: number): FilterText {
  return writeFilter("trim", [
    ["start_frame", skip],
    ["end_frame", skip + frames],
  ]);
}

function inFormat({ name }: RawFormat): FilterText[] {
  return [writeFilter("format", [["pix_fmts", name]])];
}

function rangeSaid(range: string): FilterText {
  return writeFilter("setparams", [["range", range]]);
}

function layoutOf({ width, height }: ComparedForm): StripLayout {
  return stripLayout(width, height);
}

/** Every picture of a source, from its beginning to its end; `task` is that of one run over everything. */
export function wholeSourceArgs(path: string, task: SegmentTask, shown: ComparedForm, matrix: string | null): string[] {
  const input = { input: fileUrl(path), inputKind: "file", threads: null } as const;
  const chain = [
    ...labelled(shown),
    ...asStated(task),
    ...cutChain(task, renderedChain(task.request)),
    ...asEncoded(task, shown),
    ...asAsked(task, shown),
    ...common(shown, sizeOptions(shown.width, shown.height), matrixFor(task, shown, matrix)),
  ];
  return [
    ...decodeArgs(task, input, decoderFor(task.video, task.request.video.encoder)),
    ...rawOutput(writeGraph([{ from: [`0:${task.streamIndex}`], filters: chain, to: ["v"] }]), layoutOf(shown)),
  ];
}

/** Every picture of an output. */
export function wholeOutputArgs(file: OutputFile, shown: ComparedForm): string[] {
  const input = [...inputGuards({ formats: file.formats, kind: "file" }), ...decoderArgs(file)];
  const filters = [...statedRange(file), ...common(shown, OWN_SIZE, [])];
  return [
    ...QUIET,
    ...input,
    "-i",
    fileUrl(file.path),
    ...rawOutput(writeGraph([{ from: ["0:V:0"], filters, to: ["v"] }]), layoutOf(shown)),
  ];
}

function askedSpace({ request }: SegmentTask): string | null {
  const { space } = request.video.colour;
  return space === null ? null : probeWord("space", space);
}

/** The words for `scale` that say which matrix a source of RGB is to be given. */
function matrixFor(task: SegmentTask, { asked }: ComparedForm, matrix: string | null): NamedOption[] {
  if (!isRgb(task.video.pixelFormat) || matrix === null || !MATRICES.has(matrix)) return [];
  return asked === "said" && askedSpace(task) !== null ? [] : [["out_color_matrix", matrix]];
}

/**
 * What -color_range and -colorspace make of the pictures. Where they are converted, so are these. Where it is only said, samples of any range get the tag, behind the conversion to
 * the encoder's format.
 */
function asAsked(task: SegmentTask, { asked, format }: ComparedForm): FilterText[] {
  const { video, request } = task;
  const range = askedRange(request);
  if (asked === "converted") {
    const space = askedSpace(task);
    const words: NamedOption[] = [
      ...(space !== null && space !== video.colour.space && MATRICES.has(space)
        ? [["out_color_matrix", space] as const]
        : []),
      // On the way there and back samples are rounded twice.
      ...(range === "pc" && isLumaAndChroma(video.pixelFormat) && !isFullRange(video)
        ? [["out_range", "pc"] as const]
        : []),
    ];
    return words.length > 0 && !isRgb(video.pixelFormat) ? [writeFilter("scale", words)] : [];
  }
  const isOther = range !== null && (!isLumaAndChroma(video.pixelFormat) || (range === "pc") !== isFullRange(video));
  return isOther && format.planes[0]?.name === "Y" ? [...inFormat(format), rangeSaid(range)] : [];
}

/**
 * Limited range that a filter makes of yuvj420p and its kin comes out in the encoder's format: until 6.0 a conversion to
 * it in a second step takes the levels for full again.
 */
function asEncoded({ video, request }: SegmentTask, { format }: ComparedForm): FilterText[] {
  // Before 7.1 such filters do not hand on what the decoder said of the range.
  if (isFullForgotten(video, request)) return [rangeSaid("full")];
  const isMade = video.pixelFormat.startsWith("yuvj") && namedRange(request.filters) === "tv";
  return isMade && format.planes[0]?.name === "Y" ? inFormat(format) : [];
}

/**
 * What stands before the request's filters: some see other levels in another range (`eq`), and in front of one that does
 * not take yuvj420p, ffmpeg until 6.0 squeezes the picture by itself.
 */
function asStated({ video, request }: SegmentTask): readonly FilterText[] {
  const calls = filterChain(request);
  return calls.length === 0 ? [] : stateRange(video, request, calls).before;
}

/** Behind the decoder, before everything else. */
function labelled({ sourceRange }: ComparedForm): FilterText[] {
  return sourceRange === undefined ? [] : [rangeSaid(sourceRange)];
}

function statedRange({ isFullRange }: OutputFile): FilterText[] {
  return isFullRange === true ? [rangeSaid("full")] : [];
}

function decoderArgs({ decoder }: OutputFile): string[] {
  return decoder === null ? [] : ["-c:v", decoder];
}

/** `matrix`: what the output says of its colours, for sources that are RGB; null: it does not say. */
export function sourceArgs(
  path: string,
  samples: readonly SourceSample[],
  shown: ComparedForm,
  matrix: string | null,
): string[] {
  const branches = samples.map(({ task, skip, frames }) => {
    const { head, tail } = cutParts(task, renderedChain(task.request));
    const isLong = task.seekPts === null;
    return {
      input: decodeArgs(
        task,
        // A graph of several inputs that is set up anew, where pictures change their size, never ends in 7.1.
        { input: fileUrl(path), inputKind: "file", threads: isLong ? null : 1, keepsGraph: true },
        decoderFor(task.video, task.request.video.encoder),
      ),
      stream: String(task.streamIndex),
      head: [...labelled(shown), ...shapeFilters(task.picture), ...asStated(task), ...head],
      tail: [
        ...tail,
        ...asEncoded(task, shown),
        some(skip, frames),
        ...asAsked(task, shown),
        ...common(shown, sizeOptions(shown.width, shown.height), matrixFor(task, shown, matrix)),
      ],
    };
  });
  return branchedArgs(branches, layoutOf(shown));
}

/**
 * ffmpeg asks a demuxer for 3/23 s before the time wanted where pictures are reordered, which from Matroska is the key
 * frame before; any time up to the next key frame finds the same one (segment-task.ts has the source of this).
 */
const HEURISTIC = { num: 3, den: 23 };

/** The time to seek to for a key frame of the output, in its ticks; `next`: the key frame behind it. */
export function outputSeek(formatName: string, timeBase: Rational, key: Pts, next: Pts | null): Pts {
  if (!isMatroska(formatName)) return key;
  const later = key + rescale(1, HEURISTIC, timeBase) + 1;
  return next === null ? key : Math.min(later, next - 1);
}

export function outputArgs(
  file: OutputFile & { readonly timeBase: Rational },
  samples: readonly OutputSample[],
  shown: ComparedForm,
): string[] {
  const branches = samples.map(({ seekPts, startPts, skip, frames }) => ({
    input: [
      ...(seekPts === null
        ? []
        : [
            ...["-seek_timestamp", "1", "-noaccurate_seek"],
            ...["-ss", formatMicroseconds(rescale(seekPts, file.timeBase, MICROSECONDS))],
          ]),
      ...inputGuards({ formats: file.formats, kind: "file" }),
      ...decoderArgs(file),
      ...(seekPts === null ? [] : ["-threads", "1"]),
      ...["-i", fileUrl(file.path)],
    ],
    stream: "V:0",
    head: [],
    tail: [
      writeFilter("trim", [["start_pts", startPts]]),
      some(skip, frames),
      ...statedRange(file),
      ...common(shown, OWN_SIZE, []),
    ],
  }));
  return [...QUIET, "-copyts", ...branchedArgs(branches, layoutOf(shown))];
}
