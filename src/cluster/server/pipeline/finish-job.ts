// The end of a job on the server: stitch, final check and proof.
// A proof that does not hold is thrown as E_NOT_EXACT and fails the job.
import { stat } from "node:fs/promises";
import { sha256OfFile } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { writeFileDurably } from "../../../base/files.ts";
import { MICROSECONDS, rescale } from "../../../base/rational.ts";
import { checkDecodedSound } from "../../../media/audio/audio-length.ts";
import { decoderOfOutput } from "../../../media/ffmpeg/codecs.ts";
import { restartsClock } from "../../../media/ffmpeg/formats.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { ProofCheck } from "../../../media/model/proof.ts";
import type { StreamPlan } from "../../../media/plan/stream-plan.ts";
import { keyDistanceAsked } from "../../../media/request/args/key-distance.ts";
import { inexactFilter } from "../../../media/request/args/split-mode.ts";
import { sourceMicroseconds } from "../../../media/source/source-clock.ts";
import { stitch } from "../../../media/stitch/stitch.ts";
import { BITRATE_CHECKS, checkBitrate } from "../../../media/verify/check-bitrate.ts";
import { checkOutput } from "../../../media/verify/check-output.ts";
import { checkDecodedFrames } from "../../../media/verify/frames/check-decoded-frames.ts";
import { OUTPUT_DEMUXERS } from "../../../media/verify/output-packets.ts";
import { ACCEPTED_CHECKS, buildProof } from "../../../media/verify/proof.ts";
import type { Job } from "../../scheduler/model/job.ts";
import { bitrateNotes, requestedBitrate } from "../job/bitrate-task-of.ts";
import type { JobFolders } from "../job/job-folders.ts";
import { clockOf, gridOf } from "../job/job-grid.ts";
import { leftOut, requestOf } from "../job/job-request.ts";
import { comparedPictures } from "./compared-pictures.ts";
import { type FinishedSegment, finishedSegments, requireIntact, requireRoom } from "./finished-segments.ts";
import type { JobWork } from "./job-work.ts";
import { lastDuration, plannedPts, timesAre } from "./planned-times.ts";
import { compareSeams, notesOf, proofSegment } from "./proof-words.ts";

export interface FinishParts {
  readonly tools: Tools;
  readonly folders: JobFolders;
}

/** `--verify full`. */
async function decodeAll(
  tools: Tools,
  work: JobWork,
  segments: readonly FinishedSegment[],
  outputPath: string,
  frames: number,
  plan: StreamPlan,
  encoder: string,
): Promise<ProofCheck[]> {
  const decoded = await checkDecodedFrames(tools, {
    segmentPaths: segments.map(({ path }) => path),
    outputPath,
    frames,
    decoder: decoderOfOutput(work.record.info.video, encoder),
    onProgress: (done) => work.tell(`checking every picture, ${Math.floor((100 * done) / Math.max(1, frames))} %`),
    signal: work.signal,
  });
  const { source, info } = work.record;
  const sound = await checkDecodedSound(
    tools,
    {
      plan,
      source: { path: source.path, formats: info.formatName },
      output: { path: outputPath, formats: OUTPUT_DEMUXERS },
    },
    work.signal,
  );
  return [decoded, ...sound];
}

/** Stitches, checks, proves. Errors: E_STITCH, E_NOT_EXACT, E_SOURCE_CHANGED. */
export async function finishJob(parts: FinishParts, work: JobWork, job: Job) {
  const { tools, folders } = parts;
  const { info, container, source, outputName } = work.record;
  const request = requestOf(work.record, job.encoder);
  const plan = await work.source.plan(request);
  const index = await work.fullIndex();
  const video = await work.video();
  await work.requireUnchanged();
  const grid = gridOf(index, job);
  const encoderTimeBase = clockOf(work.record, index, job);
  const segments = finishedSegments(folders, job);
  const [first] = segments;
  if (first === undefined) throw new AppError("E_STITCH", "there is no segment", "The source may hold no frame.");
  const audioPaths = await work.source.audio();
  const outputPath = folders.outputFile(job.id, container);
  await requireRoom(folders.of(job.id).root, segments);
  const { signal } = work;
  work.tell("joining the segments");
  const begins = sourceMicroseconds(first.facts.firstPts, encoderTimeBase, info);
  const onGrid = grid === null || index.firstPts === null ? null : index.firstPts;
  const trueUs = onGrid === null ? begins : rescale(onGrid, info.video.timeBase, MICROSECONDS);
  const sound = { info, plan, sourcePath: source.path, encoderTimeBase, firstFrameUs: trueUs, signal };
  const clock = await work.source.clock();
  const [sourceSound, sourceTracks, sourceExtras, lengths] = await Promise.all([
    work.source.sound(),
    work.source.tracks(),
    work.source.extras(),
    work.source.lengths(),
    work.ahead.settled(),
    requireIntact(segments, signal),
    stitch(tools, {
      info,
      request,
      plan,
      segments: segments.map(({ facts, path }) => ({ path, ...facts })),
      encoderTimeBase,
      firstFrameUs: grid === null || onGrid === null ? begins : grid.beginsUs(onGrid),
      lastDuration: lastDuration(work, job, index, encoderTimeBase),
      sourcePath: source.path,
      audioPaths,
      clock,
      outputPath,
      signal,
    }),
  ]);
  const framePts = await plannedPts(tools, work, job, index, segments);
  const frames = framePts?.length ?? segments.reduce((sum, { facts }) => sum + facts.frames, 0);
  work.tell("checking the output");
  const [outputCheck, { size }, sha256, rateChecks, decoded] = await Promise.all([
    checkOutput(tools, {
      ...sound,
      outputPath,
      framePts,
      keyDistance: keyDistanceAsked(work.record.request, request),
      timesAre: timesAre(grid, info),
      frames,
      sourceSound,
      sourceTracks,
      sourceExtras,
      soundLengths: lengths,
      pictures: await comparedPictures(work, job, index, segments),
      withoutTimes: index.hasTimeJump && restartsClock(info.formatName) ? "the source's clock starts anew" : null,
    }),
    stat(outputPath),
    sha256OfFile(outputPath, 0, undefined, signal),
    checkBitrate(tools, outputPath, requestedBitrate(job, request), signal),
    work.record.verify === "full" ? decodeAll(tools, work, segments, outputPath, frames, plan, job.encoder) : [],
  ]);
  work.tell(null);
  const output = { name: outputName, bytes: size, sha256 };
  const proof = buildProof({
    jobId: job.id,
    info,
    plan,
    framesExpected: frames,
    segments: segments.map(proofSegment),
    facts: segments.map(({ facts }) => facts),
    seams: compareSeams(segments),
    output,
    outputCheck: { ...outputCheck, checks: [...outputCheck.checks, ...decoded] },
    encoder: {
      name: request.video.encoder,
      family: job.family,
      versions: [...new Set(segments.map(({ landed }) => landed.report.ffmpegVersion))].sort(),
    },
    // Wall time may have been set back meanwhile.
    wallSeconds: Math.max(0, Date.now() - Date.parse(job.createdAt)) / 1000,
    notes: [
      ...(work.record.corrected === undefined ? [] : [work.record.corrected]),
      ...(video.remuxed === null ? [] : [`remuxed first: ${video.remuxed}`]),
      ...notesOf(job, index, segments, framePts === null),
      ...(await work.source.uncopied()).notes,
      ...bitrateNotes(job),
      ...leftOut(work.record, job.encoder),
    ],
    isUncounted: index.uncounted.withoutPts > 0 && !work.record.exactly,
    inexactFilter: inexactFilter(request, job.split),
    bitrateChecks: rateChecks,
  });
  await writeFileDurably(folders.of(job.id).proof, `${JSON.stringify(proof, null, 2)}\n`);
  // What was asked for with --exactly=false completes; its proof still says that it is not exact. A missed rate is told.
  const isAdvice = (name: string) => ACCEPTED_CHECKS.has(name) || BITRATE_CHECKS.has(name);
  const broken = proof.checks.filter((check) => !check.ok && !isAdvice(check.name));
  if (broken.length > 0) {
    const failed = broken.map((check) => `${check.name}: ${check.detail ?? "no"}`);
    throw new AppError(
      "E_NOT_EXACT",
      `the output does not hold its proof (${failed.join("; ")})`,
      "`ffcluster jobs proof` shows every check; the segments are kept.",
    );
  }
  return output;
}
