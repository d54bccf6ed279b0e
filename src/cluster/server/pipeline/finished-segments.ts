// The verified segments of a job, ready for the stitch: they are still the files that were checked, and there is space.
import { sha256OfFile } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { freeBytes } from "../../../base/files.ts";
import type { SegmentFacts } from "../../../media/model/segment.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { LandedResult, Segment } from "../../scheduler/model/segment.ts";
import type { JobFolders } from "../job/job-folders.ts";

export interface FinishedSegment {
  readonly segment: Segment;
  readonly landed: LandedResult;
  readonly facts: SegmentFacts;
  readonly path: string;
}

export function finishedSegments(folders: JobFolders, job: Job): FinishedSegment[] {
  return job.segments.map((segment) => {
    const { phase } = segment;
    if (phase.kind !== "verified") throw new Error(`segment ${segment.index} of ${job.id} is ${phase.kind}`);
    const path = folders.segmentFile(job.id, segment.index, phase.landed.attemptId);
    return { segment, landed: phase.landed, facts: phase.facts, path };
  });
}

/** A segment counts only while it is the file that was checked. Errors: E_STITCH. */
export async function requireIntact(segments: readonly FinishedSegment[], signal: AbortSignal): Promise<void> {
  for (const { segment, facts, path } of segments) {
    const digest = await sha256OfFile(path, 0, undefined, signal).catch(() => null);
    if (digest === facts.sha256) continue;
    const hint =
      "Something else writes to the work directory, or its disk fails. `ffcluster jobs retry` encodes it again.";
    throw new AppError("E_STITCH", `segment ${segment.index} is not the file that was checked`, hint);
  }
}

/** The output is about as large as all segments together. Errors: E_NO_SPACE, before anything is written. */
export async function requireRoom(folder: string, segments: readonly FinishedSegment[]): Promise<void> {
  const needed = segments.reduce((sum, { facts }) => sum + facts.bytes, 0);
  const free = await freeBytes(folder);
  if (free >= needed) return;
  const mib = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  throw new AppError(
    "E_NO_SPACE",
    `the server's work directory has ${mib(free)} free, the output needs ${mib(needed)}`,
    "Free some space there, then `ffcluster jobs retry` continues at the stitch.",
  );
}
