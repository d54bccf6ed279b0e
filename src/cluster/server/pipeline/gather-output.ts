// The first step of a job's end: collects what the stitch and the checks need, once all segments are verified.
import { AppError } from "../../../base/errors.ts";
import type { OutputRecipe } from "../../../media/recipe/output-recipe.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { JobFolders } from "../job/job-folders.ts";
import { clockOf, gridOf } from "../job/job-grid.ts";
import { requestOf } from "../job/job-request.ts";
import { type FinishedSegment, finishedSegments, requireRoom } from "./finished-segments.ts";
import type { JobWork } from "./job-work.ts";

export interface GatheredOutput {
  readonly work: JobWork;
  readonly job: Job;
  readonly segments: readonly FinishedSegment[];
  readonly recipe: OutputRecipe;
  /** Why the video was remuxed first; null: it was not. */
  readonly remuxed: string | null;
}

/** Errors: E_STITCH where there is no segment, E_NO_SPACE, E_SOURCE_CHANGED. */
export async function gatherOutput(folders: JobFolders, work: JobWork, job: Job): Promise<GatheredOutput> {
  const { record, signal } = work;
  const { info, container } = record;
  const request = requestOf(record, job.encoder);
  const plan = await work.source.plan(request);
  const index = await work.index.full();
  const { remuxed } = await work.video();
  await work.requireUnchanged();
  const segments = finishedSegments(folders, job);
  if (segments.length === 0) throw new AppError("E_STITCH", "there is no segment", "The source may have no frames.");
  const audioPaths = await work.source.audio();
  await requireRoom(folders.of(job.id).root, segments);
  const recipe: OutputRecipe = {
    info,
    index,
    grid: gridOf(index, job),
    plan,
    asked: record.request,
    request,
    timing: work.frameTimingFor(job),
    encoderTimeBase: clockOf(record, index, job),
    segments,
    sourcePath: await work.sourcePath(),
    audioPaths,
    outputPath: folders.outputFile(job.id, container),
    signal,
  };
  return { work, job, segments, recipe, remuxed };
}
