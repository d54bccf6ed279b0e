// How pictures of an output are compared: in which format and size, and whether they can be at all.
import type { Rational } from "../../../base/rational.ts";
import { rangeHolder } from "../../colour/range-holder.ts";
import { outputRange } from "../../colour/range-path.ts";
import { ASKED_COLOURS, isSince } from "../../ffmpeg/builds/differences.ts";
import { decoderOfOutput, isH264Encoder } from "../../ffmpeg/codecs.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { Container } from "../../model/source.ts";
import { SEGMENT_DEMUXERS } from "../../segment/verify-segment.ts";
import { OUTPUT_DEMUXERS, type OutputPackets } from "../output-packets.ts";
import type { SamplingInput } from "./choose-samples.ts";
import { type ComparedForm, isGreyAsLuma } from "./compared-form.ts";
import { comparedFormat } from "./measure/raw-format.ts";
import { expectedQuality } from "./measure/thresholds.ts";
import type { PictureScores } from "./picture-scores.ts";
import type { OutputFile } from "./sample-args.ts";
import type { SourcePictures } from "./source-pictures.ts";

export interface PicturesInput extends Omit<SamplingInput, "keys"> {
  /** The file that the video is read from. */
  readonly sourcePath: string;
  readonly outputPath: string;
  /** Null: the file of a segment, which is read from its beginning. */
  readonly container: Container | null;
  /** Describes where the source's pictures change their size or format; null: nowhere. Called only after a failure. */
  readonly findChange?: (() => Promise<string | null>) | undefined;
  /** Source pictures decoded earlier; also keeps those decoded now. */
  readonly kept?: SourcePictures | undefined;
  /** Takes how well each picture that is looked at is met. */
  readonly scores?: PictureScores | undefined;
  /** From `readOutputPackets`. */
  readonly output: OutputPackets;
  readonly signal?: AbortSignal | undefined;
}

export interface Comparison {
  readonly shown: ComparedForm;
  /** Of the output's stream. */
  readonly timeBase: Rational;
  /** The encode is lossless, and nothing converts the samples. */
  readonly mustBeEqual: boolean;
  /** But for strays: what x264 makes of single samples in its lossless mode. */
  readonly mayStray: boolean;
}

export function outputFile({ outputPath, container, info, request }: PicturesInput): OutputFile {
  const formats = container === null ? SEGMENT_DEMUXERS : OUTPUT_DEMUXERS;
  const decoder = decoderOfOutput(info.video, request.video.encoder);
  // Segments and all containers but Matroska can't state the range of a codec that does not state it itself.
  const lacksRange = container !== "mkv" && rangeHolder(request.video.encoder) !== "stream";
  const isFullRange = (lacksRange && outputRange(info.video, request) === "pc") || isGreyAsLuma(info.video, request);
  return { path: outputPath, formats, decoder, isFullRange };
}

/** The matrix that the output states; null: none. */
export function matrixOf({ picture }: Pick<OutputPackets, "picture">): string | null {
  return picture?.color_space ?? null;
}

/** Why comparison is impossible; null: it is possible. */
function whyNot({ request, output, framePts, segments }: PicturesInput): string | null {
  const { picture, videoPts } = output;
  if (picture?.width === undefined || picture.height === undefined) return "the output has no picture";
  if (comparedFormat(picture.pix_fmt ?? "") === null) return `the pixel format ${picture.pix_fmt ?? "is unknown"}`;
  if (request.video.frameRate !== null && request.video.cadence === undefined)
    return "ffmpeg itself makes the rate, in one run over everything";
  const frames = segments.reduce((sum, segment) => sum + segment.frames, 0);
  if (videoPts.length !== frames || (framePts !== null && framePts.length !== frames))
    return "the output and its segments differ in their number of pictures";
  return null;
}

function isUntouched({ request, info }: PicturesInput, shown: ComparedForm): boolean {
  const { video, filters } = request;
  if (filters.length > 0 || video.size !== null || expectedQuality(request) !== "lossless") return false;
  return comparedFormat(info.video.pixelFormat)?.name === shown.format.name;
}

/** The comparison, or why there is none. */
export function comparisonOf(tools: Tools, input: PicturesInput): Comparison | string {
  const { picture, streams } = input.output;
  const reason = whyNot(input);
  const format = comparedFormat(picture?.pix_fmt ?? "");
  const stream = streams.find(({ index }) => index === picture?.index);
  if (reason !== null || format === null || stream === undefined) return reason ?? "the output has no picture";
  const asked = isSince(tools, ASKED_COLOURS) ? ("converted" as const) : ("said" as const);
  const shown = { format, width: picture?.width ?? 0, height: picture?.height ?? 0, asked };
  const { encoder } = input.request.video;
  return { shown, timeBase: stream.timeBase, mustBeEqual: isUntouched(input, shown), mayStray: isH264Encoder(encoder) };
}
