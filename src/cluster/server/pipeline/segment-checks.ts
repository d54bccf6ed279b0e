// The server's checks of an uploaded segment: it demuxes the segment and compares it with the plan; on the last rung of the
// ladder it compares it with its own decode of the range.
import { rm } from "node:fs/promises";
import { AppError } from "../../../base/errors.ts";
import { exists } from "../../../base/files.ts";
import { withFrameClock } from "../../../media/bitrate/frame-clock.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { requiredHdr10 } from "../../../media/hdr10/insert-hdr10.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { LeadIn, SegmentFacts, SegmentTask } from "../../../media/model/segment.ts";
import type { SourceInfo } from "../../../media/model/source.ts";
import { plannedFrames } from "../../../media/plan/planned-frames.ts";
import { countsFrames, fixesKeyFrames, inOneRun, numbersFrames } from "../../../media/request/args/split-mode.ts";
import { planSegment } from "../../../media/segment/segment-task.ts";
import { type SegmentExpectation, verifySegment } from "../../../media/segment/verify-segment.ts";
import { filteredTimes } from "../../../media/verify/frames/filtered-times.ts";
import type { ReferenceRange } from "../../../media/verify/frames/reference-decode.ts";
import type { OutputPackets } from "../../../media/verify/output-packets.ts";
import type { Input } from "../../scheduler/model/input.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { LandedResult, Segment } from "../../scheduler/model/segment.ts";
import { bitrateTaskOf } from "../job/bitrate-task-of.ts";
import type { JobFolders } from "../job/job-folders.ts";
import { gridOf } from "../job/job-grid.ts";
import { requestOf } from "../job/job-request.ts";
import { mostFrames } from "../job/result-bounds.ts";
import type { JobWork } from "./job-work.ts";
import { lostFrames } from "./lost-frames.ts";
import { formatOf, otherSize, readFormat, unplannedFormat } from "./segment-formats.ts";
import { isUnproven, readSegment, wrongPictures } from "./segment-pictures.ts";

export interface CheckParts {
  readonly tools: Tools;
  readonly folders: JobFolders;
}

export interface TaskFacts {
  /** Of the file that the video is read from. */
  readonly info: SourceInfo;
  readonly index: FrameIndex;
  readonly leadIn: LeadIn;
  /** Where it is not the job's. */
  readonly encoder?: string | undefined;
}

/** The task that a segment is offered with and checked against. */
export function taskOf(
  work: JobWork,
  job: Job,
  segment: Segment,
  { info, index, leadIn, encoder = job.encoder }: TaskFacts,
): SegmentTask {
  const range =
    job.split.mode === "whole"
      ? { startPts: null, endPts: null }
      : { startPts: segment.startPts, endPts: segment.endPts };
  const grid = gridOf(index, job)?.tick ?? null;
  const asked = requestOf(work.record, encoder);
  const request = job.split.mode === "whole" ? inOneRun(asked) : asked;
  const rate = bitrateTaskOf(job, segment, request);
  const task = planSegment({ info, index, grid }, request, range, leadIn);
  const picture = job.split.mode === "whole" ? undefined : work.pictures.stated;
  const stated = picture === undefined ? task : { ...task, picture };
  const hasTrouble = leadIn !== 0 || segment.failures > 0;
  const rated = rate === null ? stated : withFrameClock({ ...stated, rate }, index, info);
  return { ...rated, ...(hasTrouble ? { softwareDecode: true as const } : {}) };
}

function expectationOf(
  { work, job, segment }: Subject,
  task: SegmentTask,
  { startMicroseconds }: SourceInfo,
  pts: readonly number[] | null,
): SegmentExpectation {
  const timing = work.frameTimingFor(job);
  return {
    pts: timing === null ? null : pts,
    timeBase: timing?.timeBase ?? task.timeBase,
    encoderTimeBase: task.encoderTimeBase,
    hdr10: requiredHdr10(task.video, task.request),
    mostFrames: mostFrames(job, segment, startMicroseconds),
  };
}

interface Subject {
  readonly work: JobWork;
  readonly job: Job;
  readonly segment: Segment;
  readonly landed: LandedResult;
}

/** One run over the whole video begins with the stream's first picture; other segments must begin with a picture like it. */
async function otherPictures({ work, job, landed }: Subject, task: SegmentTask): Promise<string | null> {
  return job.split.mode === "whole" ? null : await work.pictures.otherThanFirst(task, landed.report);
}

interface ReadSegment {
  readonly path: string;
  readonly facts: SegmentFacts;
  /** Where its pictures are compared; null: they are not. */
  readonly output: OutputPackets | null;
}

/** The facts with the pixel format, or why it is another one than planned. */
async function withFormat(tools: Tools, { work, job, landed }: Subject, { path, facts, output }: ReadSegment) {
  const ask = async () => (output === null ? await readFormat(tools, path, work.signal) : formatOf(output));
  const found = await work.formats.of(path, landed, facts, ask);
  const { pixelFormat } = found;
  const asked = requestOf(work.record, job.encoder);
  const other = unplannedFormat(job, asked, landed, found) ?? otherSize(work.record, job, facts.size);
  return other ?? (pixelFormat === null ? facts : { ...facts, pixelFormat });
}

/** Compares the segment's packets with the index; where the index can't say, the server decodes the range. */
export async function checkSegment(parts: CheckParts, subject: Subject): Promise<Input> {
  const { work, job, segment, landed } = subject;
  const where = { attemptId: landed.attemptId, jobId: job.id, segmentIndex: segment.index };
  const path = parts.folders.segmentFile(job.id, segment.index, landed.attemptId);
  if (!(await exists(path))) return { type: "segment-mismatched", ...where, reason: "the segment's file is gone" };
  const index = await work.index.for(job, segment);
  if (work.record.exactly && (index.uncounted.withoutPts > 0 || index.falseTimes !== null))
    return await checkUncounted(parts, subject);
  const { info } = await work.video();
  const task = taskOf(work, job, segment, { info, index, leadIn: segment.leadIn });
  const damage = lostFrames(subject, task, index);
  if (damage !== null) return { type: "segment-mismatched", ...where, reason: damage };
  const other = await otherPictures(subject, task);
  if (other !== null) return { type: "segment-mismatched", ...where, reason: other, isOfSource: true };
  const timing = work.frameTimingFor(job);
  const isPlanned = timing !== null && index.uncounted.withoutPts === 0 && index.falseTimes === null;
  const planned = isPlanned ? plannedFrames(timing, index, info, task) : null;
  const expected = expectationOf(subject, task, info, planned);
  const outcome = await verifySegment(parts.tools, path, expected, work.signal);
  if (outcome.ok) {
    const output = isUnproven(subject) ? await readSegment(parts.tools, path, work.signal) : null;
    const facts = await withFormat(parts.tools, subject, { path, facts: outcome.facts, output });
    if (typeof facts === "string") return { type: "segment-mismatched", ...where, reason: facts };
    const found = { ...subject, ...expected, path, facts, index };
    const wrong = output === null ? null : await wrongPictures(parts.tools, found, output);
    if (wrong === null) work.ahead.add(parts.tools, found);
    return wrong === null
      ? { type: "segment-verified", ...where, facts }
      : { type: "segment-mismatched", ...where, reason: wrong };
  }
  const { stated } = work.pictures;
  if (job.split.mode !== "whole") await work.pictures.lookForChange(task);
  const isOfSource = work.pictures.stated !== stated ? { isOfSource: true as const } : {};
  return { type: "segment-mismatched", ...where, reason: outcome.reason, ...isOfSource };
}

/** Packets without times, or with false ones, leave nothing to verify first: the reference decode is the check. */
async function checkUncounted(parts: CheckParts, subject: Subject): Promise<Input> {
  const decided = await checkByReference(parts, subject);
  if (decided.type !== "reference-decided") return decided;
  const { attemptId, jobId, segmentIndex, facts, reason } = decided;
  return facts === null
    ? { type: "segment-mismatched", attemptId, jobId, segmentIndex, reason }
    : { type: "segment-verified", attemptId, jobId, segmentIndex, facts };
}

/**
 * The frames that the source itself gives for a task. One run over the whole video has no seams. Filters that are set up
 * again where the pictures change lose the frames that they hold, so even those that keep all times give fewer frames.
 */
async function framesOfSource(
  tools: Tools,
  work: JobWork,
  job: Job,
  task: SegmentTask,
  index: FrameIndex,
): Promise<ReferenceRange> {
  const timing = work.frameTimingFor(job);
  const isWhole = job.split.mode === "whole" && timing !== null;
  const restartsFilters = isWhole && task.cut !== null && (await work.pictures.whyWhole(task)) !== null;
  if (isWhole && (restartsFilters || !timing.keepsTimes)) {
    const { path } = await work.video();
    const pts = await filteredTimes(tools, path, task, { runsAll: restartsFilters, signal: work.signal });
    return { pts, seams: { start: null, afterEnd: null, decoded: null } };
  }
  const reference = await work.referenceDecode(task.request.video.encoder);
  return await reference.range(timing, task, index.lastDuration);
}

/** Accepts the segment when it holds exactly what the server's own decode of the range gives. */
export async function checkByReference(parts: CheckParts, subject: Subject): Promise<Input> {
  const { work, job, segment, landed } = subject;
  const where = { attemptId: landed.attemptId, jobId: job.id, segmentIndex: segment.index };
  const { tools, folders } = parts;
  const { info } = await work.video();
  const path = folders.segmentFile(job.id, segment.index, landed.attemptId);
  const index = await work.index.for(job, segment);
  const task = taskOf(work, job, segment, { info, index, leadIn: segment.leadIn });
  const whole = job.split.mode === "whole" ? null : await work.pictures.whyWhole(task);
  if (whole !== null) return { type: "reference-decided", ...where, facts: null, reason: whole };
  await work.requireUnchanged();
  const { pts, seams } = await framesOfSource(parts.tools, work, job, task, index);
  const reference = await work.referenceDecode(task.request.video.encoder);
  const lost = lostFrames(subject, task, index, await reference.counted(task)) ?? (await otherPictures(subject, task));
  if (lost !== null) return { type: "reference-decided", ...where, facts: null, reason: lost };
  if (job.split.mode !== "whole" && countsFrames(task.request) && pts.length !== task.expectedFrames) {
    const reason = `${whyCounted(task.request)}, and decoding gives ${pts.length} of them where ${task.expectedFrames} were counted`;
    return { type: "reference-decided", ...where, facts: null, reason };
  }
  const expected = expectationOf(subject, task, info, pts);
  const outcome = await verifySegment(tools, path, expected, work.signal);
  if (!outcome.ok) return { type: "reference-decided", ...where, facts: null, reason: outcome.reason };
  const output = await readSegment(tools, path, work.signal);
  const facts = await withFormat(tools, subject, { path, facts: outcome.facts, output });
  if (typeof facts === "string") return { type: "reference-decided", ...where, facts: null, reason: facts };
  const wrong = await wrongPictures(tools, { ...subject, ...expected, path, facts, index }, output);
  if (wrong !== null) return { type: "reference-decided", ...where, facts: null, reason: wrong };
  const { seamStart, seamAfterEnd } = landed.report;
  const different = [
    ...(differ(seamStart, seams.start) ? ["the first picture"] : []),
    ...(differ(seamAfterEnd, seams.afterEnd) ? ["the picture after the last"] : []),
  ];
  if (different.length > 0) {
    const reason = `${different.join(" and ")} differs from what decoding in sequence gives`;
    return { type: "reference-decided", ...where, facts: null, reason };
  }
  const counted = `decoding in sequence gives ${pts.length} frames, and so does the segment`;
  return { type: "reference-decided", ...where, facts, reason: counted };
}

function whyCounted(request: EncodeRequest): string {
  if (numbersFrames(request)) return "the frames are numbered";
  return fixesKeyFrames(request) ? "key frames stand at fixed distances" : "-r was planned from every frame";
}

function differ(seen: string | null, decoded: string | null): boolean {
  return seen !== null && decoded !== null && seen !== decoded;
}

export async function dropSegmentFile(
  folders: JobFolders,
  where: { jobId: string; segmentIndex: number; attemptId: string },
) {
  await rm(folders.segmentFile(where.jobId, where.segmentIndex, where.attemptId), { force: true });
}

/** The uploaded result of a segment whose phase has one. */
export function landedOf(segment: Segment): LandedResult {
  if (!("landed" in segment.phase)) {
    throw new AppError("E_INTERNAL", `segment ${segment.index} has no result`, "This is a bug in ffcluster.");
  }
  return segment.phase.landed;
}
