// The command lines that decode raw pictures of a source and of an output for the comparison. Each sample is sought,
// filtered and cut; samples that start decoding at the same picture share the decode. Both sides end in one pixel
// format in limited range, so that a wrong range tag shows as wrong levels. Pure.
import { formatMicroseconds, MICROSECONDS, type Pts, type Rational, rescale } from "../../../base/rational.ts";
import { decoderFor } from "../../ffmpeg/codecs.ts";
import { type FilterText, writeFilter, writeGraph } from "../../ffmpeg/filter-graph.ts";
import { isMatroska } from "../../ffmpeg/formats.ts";
import { fileUrl, inputGuards, QUIET } from "../../ffmpeg/tool-args.ts";
import type { SegmentTask } from "../../model/segment.ts";
import { renderedChain } from "../../request/args/video-args.ts";
import { cutChain, cutParts, statedPicture } from "../../segment/cut-range.ts";
import { decodeArgs } from "../../segment/decode-args.ts";
import {
  asAsked,
  asEncoded,
  asStated,
  type ComparedForm,
  common,
  labelled,
  matrixFor,
  OWN_SIZE,
  rangeSaid,
  sizeOptions,
} from "./compared-form.ts";
import { type StripLayout, stripLayout } from "./measure/strips.ts";
import { type Branch, branchedArgs, rawOutput } from "./shared-decode.ts";
import type { SourceForm } from "./source-pictures.ts";

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

/** `timeBase`: of its video stream. */
export type TimedOutput = OutputFile & { readonly timeBase: Rational };

export interface OutputSample {
  /** A key frame at or before the first picture, in ticks of the stream; null: from the beginning. */
  readonly seekPts: Pts | null;
  readonly startPts: Pts;
  /** Number of unwanted pictures with that time. */
  readonly skip: number;
  readonly frames: number;
}

/** `frames` pictures from number `skip` on. */
function some(skip: number, frames: number): FilterText {
  return writeFilter("trim", [
    ["start_frame", skip],
    ["end_frame", skip + frames],
  ]);
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

function statedRange({ isFullRange }: OutputFile): FilterText[] {
  return isFullRange === true ? [rangeSaid("full")] : [];
}

function decoderArgs({ decoder }: OutputFile): string[] {
  return decoder === null ? [] : ["-c:v", decoder];
}

/** One sample of the source. `threads`: of its decoder; null: ffmpeg's own choice. */
export function sourceBranch(
  path: string,
  { task, skip, frames }: SourceSample,
  { shown, matrix }: SourceForm,
  threads: number | null,
): Branch {
  const filters = renderedChain(task.request);
  const { head, tail } = cutParts(task, filters);
  return {
    input: decodeArgs(
      task,
      // A graph of several inputs that is set up anew, where pictures change their size, never ends in 7.1.
      { input: fileUrl(path), inputKind: "file", threads, keepsGraph: true },
      decoderFor(task.video, task.request.video.encoder),
    ),
    stream: String(task.streamIndex),
    head: [...labelled(shown), ...statedPicture(task, filters.length > 0), ...asStated(task), ...head],
    tail: [
      ...tail,
      ...asEncoded(task, shown),
      some(skip, frames),
      ...asAsked(task, shown),
      ...common(shown, sizeOptions(shown.width, shown.height), matrixFor(task, shown, matrix)),
    ],
  };
}

/** `matrix`: what the output says of its colours, for sources that are RGB; null: it does not say. */
export function sourceArgs(
  path: string,
  samples: readonly SourceSample[],
  shown: ComparedForm,
  matrix: string | null,
): string[] {
  const branches = samples.map((sample) =>
    sourceBranch(path, sample, { shown, matrix }, sample.task.seekPts === null ? null : 1),
  );
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

/** One sample of an output. `threads`: as in `sourceBranch`. */
export function outputBranch(
  file: TimedOutput,
  { seekPts, startPts, skip, frames }: OutputSample,
  shown: ComparedForm,
  threads: number | null,
): Branch {
  return {
    input: [
      ...(seekPts === null
        ? []
        : [
            ...["-seek_timestamp", "1", "-noaccurate_seek"],
            ...["-ss", formatMicroseconds(rescale(seekPts, file.timeBase, MICROSECONDS))],
          ]),
      ...inputGuards({ formats: file.formats, kind: "file" }),
      ...decoderArgs(file),
      ...(threads === null ? [] : ["-threads", String(threads)]),
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
  };
}

export function outputArgs(file: TimedOutput, samples: readonly OutputSample[], shown: ComparedForm): string[] {
  const branches = samples.map((sample) => outputBranch(file, sample, shown, sample.seekPts === null ? null : 1));
  return [...QUIET, "-copyts", ...branchedArgs(branches, layoutOf(shown))];
}
