// The end of a job on the server: stitch, final check and proof.
// A proof that does not hold is thrown as E_NOT_EXACT and fails the job.
import { stat } from "node:fs/promises";
import { sha256OfFile } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { freeBytes, writeFileDurably } from "../../../base/files.ts";
import { formatRational, MICROSECONDS, type Rational, rescale } from "../../../base/rational.ts";
import { checkDecodedSound } from "../../../media/audio-length.ts";
import { checkOutput } from "../../../media/check-output.ts";
import { decoderOfOutput } from "../../../media/codecs.ts";
import { restartsClock } from "../../../media/formats.ts";
import type { FrameGrid } from "../../../media/frame-grid.ts";
import type { FrameIndex } from "../../../media/frame-index.ts";
import { checkDecodedFrames } from "../../../media/full-check.ts";
import { OUTPUT_DEMUXERS } from "../../../media/output-packets.ts";
import { lastFrameTicks, plannedFrames } from "../../../media/planned-frames.ts";
import { ACCEPTED_CHECKS, buildProof } from "../../../media/proof.ts";
import { checkRate, RATE_CHECKS } from "../../../media/rate/check-rate.ts";
import { inexactFilter } from "../../../media/request/split-mode.ts";
import { sourceMicroseconds } from "../../../media/source-clock.ts";
import { stitch } from "../../../media/stitch.ts";
import type { StreamPlan } from "../../../media/stream-plan.ts";
import type { Tools } from "../../../media/tools.ts";
import type { ProofCheck, ProofSegment, SegmentFacts, SourceInfo } from "../../../media/types.ts";
import { absolutePts, readSegmentPackets } from "../../../media/verify-segment.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { LandedResult, Segment } from "../../scheduler/model/segment.ts";
import { isReferenced } from "../../scheduler/rules/segment-rules.ts";
import type { JobFolders } from "../job/job-folders.ts";
import { clockOf, gridOf } from "../job/job-grid.ts";
import { leftOut, requestOf } from "../job/job-request.ts";
import { rateAsked, rateNotes } from "../job/rate-task-of.ts";
import type { JobWork } from "./job-work.ts";

export interface FinishParts {
  readonly tools: Tools;
  readonly folders: JobFolders;
}

interface FinishedSegment {
  readonly segment: Segment;
  readonly landed: LandedResult;
  readonly facts: SegmentFacts;
  readonly path: string;
}

function finishedSegments(folders: JobFolders, job: Job): FinishedSegment[] {
  return job.segments.map((segment) => {
    const { phase } = segment;
    if (phase.kind !== "verified") throw new Error(`segment ${segment.index} of ${job.id} is ${phase.kind}`);
    const path = folders.segmentFile(job.id, segment.index, phase.landed.attemptId);
    return { segment, landed: phase.landed, facts: phase.facts, path };
  });
}

/** A segment is believed only as the file it was when it was checked. */
async function requireIntact(segments: readonly FinishedSegment[], signal: AbortSignal): Promise<void> {
  for (const { segment, facts, path } of segments) {
    const digest = await sha256OfFile(path, 0, undefined, signal).catch(() => null);
    if (digest === facts.sha256) continue;
    const hint = "Something else writes to the work directory, or its disk fails. Submit the source again.";
    throw new AppError("E_STITCH", `segment ${segment.index} is not the file that was checked`, hint);
  }
}

/**
 * Sorted PTS of every output frame on the job's clock, encoder ticks: the index's; for segments whose packets are not their frames, those
 * that the reference decode confirmed. Null when filters make the times.
 */
async function plannedPts(
  tools: Tools,
  work: JobWork,
  job: Job,
  index: FrameIndex,
  segments: readonly FinishedSegment[],
): Promise<number[] | null> {
  const { info } = work.record;
  const encoderTimeBase = clockOf(work.record, index, job);
  const plan = work.outputPlan;
  if (plan === null) return null;
  const planned: number[] = [];
  for (const { segment, facts, path } of segments) {
    const isFirst = segment.index === 0;
    const isLast = segment.index === job.segments.length - 1;
    const range = { startPts: isFirst ? null : segment.startPts, endPts: isLast ? null : segment.endPts };
    const indexed = plannedFrames(plan, index, info, range);
    if (indexed.length === facts.frames && index.uncounted.withoutPts === 0) {
      for (const pts of indexed) planned.push(rescale(pts, plan.timeBase, encoderTimeBase));
      continue;
    }
    const packets = await readSegmentPackets(tools, path, work.signal);
    if (typeof packets === "string") throw new AppError("E_STITCH", packets, "Submit the source again.");
    planned.push(...absolutePts(packets, encoderTimeBase));
  }
  return planned;
}

function proofSegment({ segment, landed, facts }: FinishedSegment): ProofSegment {
  const damage = landed.report.decodeErrors.map((line) => `the decoder said: ${line}`);
  return {
    index: segment.index,
    start_pts: segment.startPts,
    end_pts: segment.endPts,
    frames: facts.frames,
    sha256: facts.sha256,
    client: landed.clientName,
    encoder: landed.report.encoder,
    attempts: segment.attempts,
    seconds: Math.round(landed.report.seconds * 1000) / 1000,
    notes: [...segment.notes, ...damage],
  };
}

/** Neighbours decoded the picture at their boundary once from before it and once by seeking to it; both must agree. */
export function compareSeams(segments: readonly Pick<FinishedSegment, "segment" | "landed">[]) {
  const problems: string[] = [];
  let compared = 0;
  for (const [position, { segment, landed }] of segments.entries()) {
    const next = segments[position + 1];
    const before = landed.report.seamAfterEnd;
    const after = next?.landed.report.seamStart ?? null;
    if (next === undefined || before === null || after === null) continue;
    if (isReferenced(segment) && isReferenced(next.segment)) continue;
    compared += 1;
    if (before === after) continue;
    problems.push(
      `segments ${segment.index} and ${next.segment.index} decoded different pictures at PTS ${segment.endPts}`,
    );
  }
  return { problems, compared };
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

/** How long the last frame is shown, in ticks of the encoder; one frame of the grid where the rate is constant. */
function lastDuration(work: JobWork, index: FrameIndex, encoderTimeBase: Rational): number {
  const plan = work.outputPlan;
  if (plan === null) return 1;
  return Math.max(1, rescale(lastFrameTicks(plan, index), plan.timeBase, encoderTimeBase));
}

/** The output holds the segments once more. Errors: E_NO_SPACE, before anything is written. */
async function requireRoom(folder: string, segments: readonly FinishedSegment[]): Promise<void> {
  const needed = segments.reduce((sum, { facts }) => sum + facts.bytes, 0);
  const free = await freeBytes(folder);
  if (free >= needed) return;
  const mib = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  throw new AppError(
    "E_NO_SPACE",
    `the server's work directory has ${mib(free)} free, the output needs ${mib(needed)}`,
    "Free some space there, then `ffcluster jobs retry` goes on at the stitch.",
  );
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
    requireIntact(segments, signal),
    stitch(tools, {
      info,
      request,
      plan,
      segments: segments.map(({ facts, path }) => ({ path, ...facts })),
      encoderTimeBase,
      firstFrameUs: grid === null || onGrid === null ? begins : grid.beginsUs(onGrid),
      lastDuration: lastDuration(work, index, encoderTimeBase),
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
      timesAre: timesAre(grid, info),
      frames,
      sourceSound,
      sourceTracks,
      sourceExtras,
      soundLengths: lengths,
      withoutTimes: index.hasTimeJump && restartsClock(info.formatName) ? "the source's clock starts anew" : null,
    }),
    stat(outputPath),
    sha256OfFile(outputPath, 0, undefined, signal),
    checkRate(tools, outputPath, rateAsked(job, request), signal),
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
      ...(video.remuxed === null ? [] : [`remuxed first: ${video.remuxed}`]),
      ...notesOf(job, index, segments, framePts === null),
      ...(await work.source.uncopied()).notes,
      ...rateNotes(job),
      ...leftOut(work.record, job.encoder),
    ],
    isUncounted: index.uncounted.withoutPts > 0 && !work.record.exactly,
    inexactFilter: inexactFilter(request, job.split),
    rateChecks,
  });
  await writeFileDurably(folders.of(job.id).proof, `${JSON.stringify(proof, null, 2)}\n`);
  // What was asked for with --exactly=false completes; its proof still says that it is not exact. A missed rate is told.
  const isAdvice = (name: string) => ACCEPTED_CHECKS.has(name) || RATE_CHECKS.has(name);
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

/** What the planned times are, for the check's words. */
function timesAre(grid: FrameGrid | null, info: SourceInfo): string {
  if (grid === null) return "the source's times";
  const source = formatRational(info.video.timeBase);
  return `the exact times of ${formatRational(grid.rate)} frames a second, which the source rounds to ${source} s`;
}

function notesOf(job: Job, index: FrameIndex, segments: readonly FinishedSegment[], timesByFilters: boolean): string[] {
  const notes: string[] = [];
  if (job.split.mode === "whole") notes.push(`not split: ${job.split.reason}`);
  if (job.split.mode === "keyframes" && job.split.offGrid !== undefined)
    notes.push(`the source's own times are kept, its declared rate is not constant: ${job.split.offGrid}`);
  if (timesByFilters) notes.push("the filters make the frame times: the expected count is what they gave");
  const { leading, discarded, samePts, withoutPts } = index.uncounted;
  if (leading > 0) notes.push(`${leading} packets before the first key frame can't be decoded and were not counted`);
  if (discarded > 0) notes.push(`${discarded} packets are hidden by the source's edit list`);
  if (samePts > 0)
    notes.push(
      `${samePts} packets share another's timestamp (hidden pictures, second fields, or pictures at one time, then set a tick apart)`,
    );
  if (withoutPts > 0) notes.push(`${withoutPts} packets have no timestamp`);
  const damaged = segments.filter(({ landed }) => landed.report.decodeErrors.length > 0).length;
  if (damaged > 0 && segments.length > 1) {
    notes.push(
      `the decoder complained in ${damaged} segments, which were decoded from the beginning of the source as one run does`,
    );
  }
  return notes;
}
