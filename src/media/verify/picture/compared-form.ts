// The filters that bring both sides of the comparison to one pixel format in limited range, whatever the source, the request
// and the encoder make of levels and matrices. Pure.
import { isFullRange, isLumaAndChroma } from "../../colour/pixel-kind.ts";
import { askedRange, isFullForgotten, LIMIT, namedRange, stateRange } from "../../colour/range-path.ts";
import { isH264Encoder } from "../../ffmpeg/codecs.ts";
import { type FilterText, writeFilter } from "../../ffmpeg/filter-graph.ts";
import type { NamedOption } from "../../model/encode-request.ts";
import type { SegmentTask } from "../../model/segment.ts";
import { encodedFormat, plainName } from "../../request/args/encoded-format.ts";
import { filterChain } from "../../request/args/video-args.ts";
import { probeWord } from "../../request/values/colour-words.ts";
import { isRgb, type RawFormat } from "./measure/raw-format.ts";

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

const LIMITED: NamedOption = ["out_range", "tv"];
/** Matrices by ffprobe's names, as the filter `scale` takes them. */
export const MATRICES = new Set(["bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"]);

/**
 * Converts to the common format and size; times no longer matter, and the pictures of all samples must have one shape.
 */
export function common(
  { format }: ComparedForm,
  size: readonly NamedOption[],
  extra: readonly NamedOption[],
): FilterText[] {
  return [
    writeFilter("scale", [...size, ...(format.planes[0]?.name === "Y" ? [LIMITED, ...extra] : [])]),
    writeFilter("format", [["pix_fmts", format.name]]),
    writeFilter("setsar", [["sar", 1]]),
    writeFilter("settb", [["expr", "1/25"]]),
    writeFilter("setpts", [["expr", "N"]]),
  ];
}

/** Keeps an output picture of the wrong size, so that `concat` refuses it. */
export const OWN_SIZE = sizeOptions("iw", "ih");

export function sizeOptions(width: string | number, height: string | number): NamedOption[] {
  return [
    ["w", String(width)],
    ["h", String(height)],
  ];
}

function inFormat({ name }: RawFormat): FilterText[] {
  return [writeFilter("format", [["pix_fmts", name]])];
}

export function rangeSaid(range: string): FilterText {
  return writeFilter("setparams", [["range", range]]);
}

function askedSpace({ request }: SegmentTask): string | null {
  const { space } = request.video.colour;
  return space === null ? null : probeWord("space", space);
}

/** The words for `scale` that say which matrix a source of RGB is to be given. */
export function matrixFor(task: SegmentTask, { asked }: ComparedForm, matrix: string | null): NamedOption[] {
  if (!isRgb(task.video.pixelFormat) || matrix === null || !MATRICES.has(matrix)) return [];
  return asked === "said" && askedSpace(task) !== null ? [] : [["out_color_matrix", matrix]];
}

/**
 * Monochrome H.264 is decoded as yuv420p of grey, whose luma has the samples of the source's grey. Both are read as from 0
 * to 255, whatever is said of them: until 6.0 ffmpeg goes by the tag of grey, since 7.0 grey is of full range.
 */
export function isGreyAsLuma({ pixelFormat }: SegmentTask["video"], request: SegmentTask["request"]): boolean {
  const isGrey = (name: string) => name.startsWith("gray");
  return isH264Encoder(request.video.encoder) && isGrey(pixelFormat) && isGrey(encodedFormat({ pixelFormat }, request));
}

/**
 * What -color_range and -colorspace make of the pictures. Where they are converted, so are these. Where it is only said, samples of any range get the tag, behind the conversion to
 * the encoder's format.
 */
export function asAsked(task: SegmentTask, { asked, format }: ComparedForm): FilterText[] {
  const { video, request } = task;
  if (isGreyAsLuma(video, request)) return [];
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
    // In one step with the conversion to the encoder's format, as in the encode: in two, samples are rounded twice.
    return words.length > 0 && !isRgb(video.pixelFormat) ? [writeFilter("scale", words), ...inFormat(format)] : [];
  }
  const isOther = range !== null && (!isLumaAndChroma(video.pixelFormat) || (range === "pc") !== isFullRange(video));
  return isOther && format.planes[0]?.name === "Y" ? [...inFormat(format), rangeSaid(range)] : [];
}

/**
 * Limited range that a filter makes of yuvj420p and its kin comes out in the encoder's format: until 6.0 a conversion to
 * it in a second step takes the levels for full again.
 */
export function asEncoded({ video, request }: SegmentTask, { format }: ComparedForm): FilterText[] {
  // Before 7.1 such filters do not hand on what the decoder said of the range.
  if (isFullForgotten(video, request) || isGreyAsLuma(video, request)) return [rangeSaid("full")];
  const isMade = video.pixelFormat.startsWith("yuvj") && namedRange(request.filters) === "tv";
  return isMade && format.planes[0]?.name === "Y" ? inFormat(format) : [];
}

/**
 * What stands before the request's filters: some see other levels in another range (`eq`), and in front of one that does
 * not take yuvj420p, ffmpeg until 6.0 squeezes the picture by itself.
 */
export function asStated({ video, request }: SegmentTask): readonly FilterText[] {
  const calls = filterChain(request);
  if (calls.length === 0) return [];
  const { before } = stateRange(video, request, calls);
  // Without it the filters get yuvj444p, whose name says full range: until 6.0 the next conversion then undoes the limit.
  const isMadeLimited = before.includes(LIMIT) && video.pixelFormat.startsWith("yuvj");
  return isMadeLimited ? [...before, writeFilter("format", [["pix_fmts", plainName(video.pixelFormat)]])] : before;
}

/** Behind the decoder, before everything else. */
export function labelled({ sourceRange }: ComparedForm): FilterText[] {
  return sourceRange === undefined ? [] : [rangeSaid(sourceRange)];
}
