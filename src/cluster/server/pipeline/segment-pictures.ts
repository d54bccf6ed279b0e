// Compares pictures of an uploaded segment with the source's before the segment counts, so that another client can encode
// it again. Done for the first result of each client in a job; the finished output is checked as a whole.
import { type Pts, type Rational, rescale } from "../../../base/rational.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import type { SegmentFacts } from "../../../media/model/segment.ts";
import { SEGMENT_DEMUXERS } from "../../../media/segment/verify-segment.ts";
import { type OutputPackets, readOutputPackets } from "../../../media/verify/output-packets.ts";
import { checkPictures } from "../../../media/verify/picture/check-pictures.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { LandedResult, Segment } from "../../scheduler/model/segment.ts";
import { hasDelivered } from "../../scheduler/rules/quarantine.ts";
import { comparedPictures } from "./compared-pictures.ts";
import type { JobWork } from "./job-work.ts";

export interface LandedSegment {
  readonly work: JobWork;
  readonly job: Job;
  readonly segment: Segment;
  readonly landed: LandedResult;
  readonly path: string;
  readonly facts: SegmentFacts;
  readonly index: FrameIndex;
  readonly encoderTimeBase: Rational;
  /** Sorted PTS of its frames on the job's clock, in `timeBase`; null: the filters make the times. */
  readonly pts: readonly Pts[] | null;
  readonly timeBase: Rational;
}

/** Whether this client has no verified segment in this job yet. */
export function isUnproven({ job, landed }: Pick<LandedSegment, "job" | "landed">): boolean {
  return !hasDelivered(job, (clientId) => clientId === landed.clientId);
}

/** A segment's file as the check of its pictures needs it. Errors: E_STITCH. */
export async function readSegment(tools: Tools, path: string, signal: AbortSignal): Promise<OutputPackets> {
  return await readOutputPackets(tools, path, signal, SEGMENT_DEMUXERS);
}

/** What is wrong with the pictures; null: no visible difference. `output`: from `readSegment`. Errors: E_INTERRUPTED. */
export async function wrongPictures(
  tools: Tools,
  landedSegment: LandedSegment,
  output: OutputPackets,
): Promise<string | null> {
  const { work, job, index, path, pts, timeBase, encoderTimeBase } = landedSegment;
  const { signal } = work;
  const compared = await comparedPictures(work, job, index, [landedSegment]);
  const check = await checkPictures(tools, {
    ...compared,
    outputPath: path,
    container: null,
    output,
    encoderTimeBase,
    signal,
    framePts: pts === null ? null : pts.map((each) => rescale(each, timeBase, encoderTimeBase)),
  });
  return check.ok ? null : `its pictures are not the source's: ${check.detail ?? ""}`;
}
