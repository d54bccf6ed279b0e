// Decodes the source's side of the check `picture` before the output exists, for segments that have arrived; their key
// frames determine the samples in the middle.
import type { Tools } from "../../ffmpeg/tools.ts";
import { burnInPaths } from "../../subtitles/burn-in-files.ts";
import { chooseSamples, type PictureSample, type SamplingInput } from "./choose-samples.ts";
import type { Strips } from "./measure/strips.ts";
import { streamPictures } from "./read-pictures.ts";
import { sourceArgs } from "./sample-args.ts";
import type { SourcePictures } from "./source-pictures.ts";

/** One run of ffmpeg has inputs for this many (compare-samples.ts), with two samples each. */
export const MOST_SEGMENTS_AHEAD = 6;

export interface DecodeAheadInput extends SamplingInput {
  /** The file that the video is read from. */
  readonly sourcePath: string;
  readonly kept: SourcePictures;
  readonly signal: AbortSignal;
}

/**
 * Keeps the decoded pictures; failed ones are decoded again with the output. Does nothing until the form of the
 * comparison is known, nor for samples that can't be sought. Errors: E_INTERRUPTED.
 */
export async function decodeSourceAhead(tools: Tools, input: DecodeAheadInput): Promise<void> {
  const { sourcePath, kept, signal } = input;
  const { form } = kept;
  if (form === null || kept.isFull) return;
  const { shown, matrix } = form;
  const argsOf = (sample: PictureSample) => sourceArgs(sourcePath, [sample], shown, matrix);
  const isNear = ({ task, segment }: PictureSample) =>
    task.seekPts !== null || input.segments[segment]?.startPts === null;
  const samples = chooseSamples(input).filter((sample) => isNear(sample) && kept.get(argsOf(sample)) === undefined);
  if (samples.length === 0) return;
  const pictures: Strips[] = [];
  const take = (picture: Strips) => void pictures.push(picture);
  const run = { args: sourceArgs(sourcePath, samples, shown, matrix), sideFiles: burnInPaths(input.request) };
  await streamPictures(tools, run, shown, take, signal);
  if (pictures.length !== samples.reduce((sum, { frames }) => sum + frames, 0)) return;
  for (const sample of samples) kept.keep(argsOf(sample), pictures.splice(0, sample.frames));
}
