// The third step of a job's end: checks the output against the plan and the source.
import { stat } from "node:fs/promises";
import { sha256OfFile } from "../../../base/digest.ts";
import { checkDecodedSound } from "../../../media/audio/audio-length.ts";
import { decoderOfOutput } from "../../../media/ffmpeg/codecs.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { ProofCheck } from "../../../media/model/proof.ts";
import { outputExpectation, type SourceEvidence } from "../../../media/recipe/output-recipe.ts";
import { checkBitrate, sizeCheck } from "../../../media/verify/check-bitrate.ts";
import { checkOutput, type OutputCheck } from "../../../media/verify/check-output.ts";
import { checkDecodedFrames } from "../../../media/verify/frames/check-decoded-frames.ts";
import { OUTPUT_DEMUXERS } from "../../../media/verify/output-packets.ts";
import { requestedBitrate } from "../job/bitrate-task-of.ts";
import { comparedPictures } from "./compared-pictures.ts";
import type { GatheredOutput } from "./gather-output.ts";
import { plannedPts } from "./planned-times.ts";

export interface CheckedOutput {
  readonly frames: number;
  /** The filters make the frame times, so no index can plan them. */
  readonly timesByFilters: boolean;
  readonly bytes: number;
  readonly sha256: string;
  readonly outputCheck: OutputCheck;
  readonly bitrateChecks: readonly ProofCheck[];
}

/** `--verify full`: decodes every picture and all sound. */
async function decodeAll(tools: Tools, gathered: GatheredOutput, frames: number): Promise<ProofCheck[]> {
  const { work, job, segments, recipe } = gathered;
  const { info, plan, sourcePath, outputPath } = recipe;
  const decoded = await checkDecodedFrames(tools, {
    segmentPaths: segments.map(({ path }) => path),
    outputPath,
    frames,
    decoder: decoderOfOutput(info.video, job.encoder),
    onProgress: (done) =>
      work.setActivity(`checking every picture, ${Math.floor((100 * done) / Math.max(1, frames))} %`),
    signal: work.signal,
  });
  const files = {
    plan,
    source: { path: sourcePath, formats: info.formatName },
    output: { path: outputPath, formats: OUTPUT_DEMUXERS },
  };
  return [decoded, ...(await checkDecodedSound(tools, files, work.signal))];
}

export async function checkFinished(
  tools: Tools,
  gathered: GatheredOutput,
  evidence: SourceEvidence,
): Promise<CheckedOutput> {
  const { work, job, segments, recipe } = gathered;
  const { index, request, outputPath } = recipe;
  const framePts = await plannedPts(tools, work, job, index, segments);
  const pictures = await comparedPictures(work, job, index, segments);
  const expected = outputExpectation(recipe, evidence, framePts, pictures);
  const { frames } = expected;
  const [check, { size }, sha256, bitrateChecks, decoded] = await Promise.all([
    checkOutput(tools, expected),
    stat(outputPath),
    sha256OfFile(outputPath, 0, undefined, work.signal),
    checkBitrate(tools, outputPath, requestedBitrate(job, request), work.signal),
    work.record.verify === "full" ? decodeAll(tools, gathered, frames) : [],
  ]);
  const outputCheck = { ...check, checks: [...check.checks, ...decoded] };
  const { outputBytes } = work.record;
  return {
    frames,
    timesByFilters: framePts === null,
    bytes: size,
    sha256,
    outputCheck,
    bitrateChecks: [...bitrateChecks, ...(outputBytes === undefined ? [] : [sizeCheck(outputBytes, size)])],
  };
}
